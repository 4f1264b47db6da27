"""python -m dev.postgres run -- python -m benchmarks.scripts    job scripts: how fast they are made, and listed

Made through the API, with provenance, files and findings stored, beside loops that only render the same template: a
compiled one over and over, and one that does what a program of one's own would do for each script: load the template,
render it, write the file. Listed among a thousand and among a million.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import jinja2

from benchmarks.database import PEOPLE, STAFF, prepared
from benchmarks.load import FRESH, Request, measure
from benchmarks.rendering import FOLDER, TEMPLATE, bare, default_answers, read_folder
from benchmarks.serving import serving
from benchmarks.timing import heading, line, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, SECONDS, LOOP = 5, 2.0, 2000
POINTS = 1000
FEW, MANY = 1000, 1_000_000
SHARE, SAME = 0.25, 1.5


def main() -> None:
    from django.db import connection

    with serving() as port:
        made(port)
        listed(port)
    connection.close()


# --- made -----------------------------------------------------------------------------------------------------------


def made(port: int) -> None:
    files = read_folder()
    answers, template = default_answers(files), bare(files)
    hot = a_second(lambda: template.render(answers))
    with tempfile.TemporaryDirectory() as place:
        own = a_second(lambda: as_a_program_of_ones_own(Path(place), answers))
    one = measure_all(post("/api/job-scripts/", {"application": "motorbike", "answers": answers}), port)
    seconds, scripts = sweep(port, answers)
    heading("Scripts made a second", ["", "a second", "of own", "of hot", "wanted"])
    line(["hot: a loop of bare Jinja2", f"{hot:.0f}", "", "", ""])
    line(["own: load, render, write a file", f"{own:.0f}", "", f"{own / hot:.3f}", ""])
    for name, rate in (("one a request, 8 connections", one), (f"{POINTS} points of a sweep a request", scripts)):
        line([name, f"{rate:.0f}", f"{rate / own:.2f}", f"{rate / hot:.3f}", f"{SHARE} {verdict(rate / own >= SHARE)}"])
    print(f"\nA sweep of {POINTS} points: {seconds:.2f} s.")


def a_second(once: Callable[[], object]) -> float:
    rates = []
    for _ in range(ROUNDS):
        start = perf_counter()
        for _ in range(LOOP):
            once()
        rates.append(LOOP / (perf_counter() - start))
    return median(rates)


def as_a_program_of_ones_own(place: Path, answers: dict[str, Any]) -> None:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), keep_trailing_newline=True)
    (place / "job.sh").write_text(environment.get_template(TEMPLATE).render(answers))


def post(path: str, body: dict[str, Any]) -> Request:
    return Request(path, token(PEOPLE[0]), json.dumps(body), {"Idempotency-Key": FRESH})


def token(name: str) -> str:
    from django.contrib.auth.models import User
    from rest_framework_simplejwt.tokens import AccessToken

    return str(AccessToken.for_user(User.objects.get(username=name)))


def measure_all(request: Request, port: int) -> float:
    measure([request], port, 1.0)
    return median(measure([request], port, SECONDS).rate for _ in range(ROUNDS))


def sweep(port: int, answers: dict[str, Any]) -> tuple[float, float]:
    """Seconds of one request with a thousand points, and scripts a second with two such requests at a time."""
    varied = next(name for name, value in answers.items() if isinstance(value, str))
    common = {name: value for name, value in answers.items() if name != varied}
    values = [{"answers": {varied: f"{answers[varied]}-{number}"}} for number in range(POINTS)]
    request = post("/api/sweeps/", {"application": "motorbike", "answers": common, "points": values})
    alone = median(measure([request], port, 10.0, connections=1).median for _ in range(2)) / 1000
    return alone, measure([request], port, 15.0, connections=2).rate * POINTS


# --- listed ---------------------------------------------------------------------------------------------------------


def listed(port: int) -> None:
    cases = {
        "one's own": Request("/api/job-scripts/", token(PEOPLE[1])),
        "one's own, by name": Request("/api/job-scripts/?ordering=name", token(PEOPLE[1])),
        "shared with one": Request("/api/job-scripts/?shared=true", token(PEOPLE[2])),
        "all, for staff": Request("/api/job-scripts/", token(STAFF)),
    }
    times = []
    for size in (FEW, MANY):
        fill(size)
        times.append({name: milliseconds(request, port) for name, request in cases.items()})
    heading(
        f"50 of so many job scripts, ms (one connection, {ROUNDS} rounds)",
        ["", f"{FEW:,}", f"{MANY:,}", "times", "wanted"],
    )
    for name in cases:
        few, many = times[0][name], times[1][name]
        line([name, f"{few:.1f}", f"{many:.1f}", f"{many / few:.2f}", f"<= {SAME} {verdict(many / few <= SAME)}"])


def milliseconds(request: Request, port: int) -> float:
    measure([request], port, 1.0, connections=1)
    return median(measure([request], port, SECONDS, connections=1).median for _ in range(ROUNDS))


def fill(size: int) -> None:
    """So many scripts in all, each eighth of one person, every thousandth shared with one of them."""
    from django.contrib.auth.models import User
    from django.db import connection

    from jobscripts.models import JobScript, JobScriptShare

    people = list(User.objects.filter(username__in=PEOPLE).order_by("pk").values_list("pk", flat=True))
    pattern = JobScript.objects.alone().order_by("pk").first()
    missing = size - JobScript.objects.alone().count()
    if pattern is None or missing <= 0:
        return
    owned = {"owner_id": "(%s)[1 + g %% 8]", "name": "'motorbike ' || g", "search_text": "'motorbike ' || g"}
    names = [field.column for field in JobScript._meta.concrete_fields if field.column != "id"]
    chosen = ", ".join(owned.get(name, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO jobscripts_jobscript ({', '.join(names)}) SELECT {chosen}"
            " FROM jobscripts_jobscript, generate_series(1, %s) g WHERE id = %s",
            [people, missing, pattern.pk],
        )
    shared = JobScript.objects.filter(owner=people[0]).values_list("pk", flat=True)[:: max(1, size // 1000)]
    JobScriptShare.objects.bulk_create(
        [JobScriptShare(script_id=pk, user_id=people[2]) for pk in shared], ignore_conflicts=True
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    with prepared():
        main()
