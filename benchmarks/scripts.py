"""python -m dev.postgres run -- python -m benchmarks.scripts    job scripts: rendered, in sweeps, by the million

Rendering through the API stands beside two loops of bare Jinja2 over the same template: one that renders a compiled
template and throws the text away, and one that does what a script of one's own would do for each job: load the template
from its file, compile it, render it, and write the file.
"""

from __future__ import annotations

import json
from http.client import HTTPConnection
from statistics import median
from typing import TYPE_CHECKING, Any

import jinja2

from benchmarks.api import asked
from benchmarks.database import PEOPLE, STAFF, prepared
from benchmarks.load import CONNECTIONS, FRESH, Request, measure
from benchmarks.rendering import FOLDER, TEMPLATE, bare, default_answers, read_folder
from benchmarks.serving import serving
from benchmarks.timing import heading, line, seconds_of, verdict
from dev.machine import temporary_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS, SECONDS, WARM_UP, A_LOOP = 5, 2.0, 1.0, 200
SHARE, TIMES, POINTS, SWEEP_SECONDS = 0.25, 1.5, 1_000, 10.0
FEW, MANY = 1_000, 1_000_000
LISTED = {
    "one's own, newest first": (PEOPLE[0], "/api/job-scripts/"),
    "everybody's, as staff": (STAFF, "/api/job-scripts/"),
    "one's own, by name": (PEOPLE[0], "/api/job-scripts/?ordering=name"),
}


def token_of(username: str) -> str:
    from django.contrib.auth.models import User
    from rest_framework_simplejwt.tokens import AccessToken

    return str(AccessToken.for_user(User.objects.get(username=username)))


def wanted() -> dict[str, Any]:
    from applications.models import Application

    recipe = Application.objects.get(identifier="motorbike").pk
    return {"application": str(recipe), "version": 1, "answers": default_answers(read_folder())}


# --- rendered -------------------------------------------------------------------------------------------------------


def kept_template(answers: dict[str, Any]) -> Callable[[], object]:
    template = bare(read_folder())
    return lambda: template.render(answers)


def script_of_ones_own(answers: dict[str, Any], directory: Path) -> Callable[[], object]:
    def render() -> None:
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), keep_trailing_newline=True)
        (directory / "job.sh").write_text(environment.get_template(TEMPLATE).render(answers))

    return render


def a_second(function: Callable[[], object]) -> float:
    return A_LOOP / seconds_of(lambda: [function() for _ in range(A_LOOP)])


def rendered(port: int) -> None:
    answers = default_answers(read_folder())
    request = Request("/api/job-scripts/", token_of(PEOPLE[0]), json.dumps(wanted()), {"Idempotency-Key": FRESH})
    measure([request], port, WARM_UP)
    with temporary_directory("jobbergate-benchmarks") as directory:
        loops = {
            "in a loop: load, compile, render, write": script_of_ones_own(answers, directory),
            "in a loop: a compiled template, no file": kept_template(answers),
        }
        rounds = [
            [measure([request], port, SECONDS).rate, *(a_second(loop) for loop in loops.values())]
            for _ in range(ROUNDS)
        ]
    ours, *limits = (median(rates) for rates in zip(*rounds, strict=True))
    heading(
        f"Rendering and storing over HTTP, {CONNECTIONS} connections, beside bare Jinja2",
        ["", "ours/s", "limit/s", "ratio", "wanted"],
    )
    for name, limit in zip(loops, limits, strict=True):
        share = ours / limit
        line([name, f"{ours:.0f}", f"{limit:.0f}", f"{share:.2f}", f"{SHARE} {verdict(share >= SHARE)}"])


# --- a sweep --------------------------------------------------------------------------------------------------------


def swept(port: int) -> None:
    body = wanted()
    # Of a question that takes any text, so that each point is another script.
    points = [{"answers": {"job_name": f"motorbike-{number}"}} for number in range(POINTS)]
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Authorization": f"Bearer {token_of(PEOPLE[0])}", "Content-Type": "application/json"}

    def ask() -> tuple[int, bytes]:
        connection.request("POST", "/api/sweeps/", json.dumps({**body, "points": points}), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    heading(f"A sweep of {POINTS:,} points, in one request", ["", "s", "points/s", "", "wanted"])
    status, answer = ask()
    if status == 404:
        line(["there is no /api/sweeps/ here"])
        return
    if status != 201:
        raise SystemExit(f"/api/sweeps/: {status} {answer[:1000]!r}")
    taken = median(seconds_of(ask) for _ in range(ROUNDS))
    line(["rendered and stored", f"{taken:.1f}", f"{POINTS / taken:.0f}", "", f"< {SWEEP_SECONDS:.0f} s "
          f"{verdict(taken < SWEEP_SECONDS)}"])  # fmt: skip


# --- listed ---------------------------------------------------------------------------------------------------------


def fill(rows: int) -> None:
    """As many job scripts as that, without files: a list shows none."""
    from django.contrib.auth.models import User
    from django.db import connection

    from jobscripts.models import JobScript

    pattern = JobScript.objects.earliest("id")
    made = {
        "name": "'script ' || number",
        "owner_id": "(%s::int[])[1 + number %% %s]",
        "created_at": "now() - number * interval '1 second'",
        "updated_at": "now() - number * interval '1 second'",
        "idempotency_key": "NULL",
    }
    columns = [field.column for field in JobScript._meta.concrete_fields if not field.primary_key]
    values = ", ".join(made.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table, people = JobScript._meta.db_table, list(User.objects.filter(is_staff=False).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(%s, %s) AS number "
            "WHERE id = %s",
            [people, len(people), JobScript.objects.count() + 1, rows, pattern.pk],
        )
        cursor.execute("VACUUM ANALYZE")


def empty() -> None:
    from jobscripts.models import JobScript, JobScriptFile
    from submissions.models import JobSubmission

    kept = JobScript.objects.filter(pk__in=JobSubmission.objects.values("job_script"))
    JobScriptFile.objects.exclude(script__in=kept)._raw_delete("default")
    JobScript.objects.exclude(pk__in=kept)._raw_delete("default")


def listed(port: int) -> None:
    empty()
    seen: dict[str, list[tuple[float, int]]] = {name: [] for name in LISTED}
    for rows in (FEW, MANY):
        fill(rows)
        for name, (username, path) in LISTED.items():
            request = Request(path, token_of(username))
            asked(request)
            _, queries = asked(request)
            measure([request], port, WARM_UP, connections=1)
            times = [measure([request], port, SECONDS / 2, connections=1).median for _ in range(ROUNDS)]
            seen[name].append((median(times), queries))
    heading(
        f"50 of {MANY:,} job scripts, beside 50 of {FEW:,}; one connection",
        ["", "ours, ms", "limit, ms", "times", "queries", "", "wanted"],
    )
    for name, ((few, before), (many, after)) in seen.items():
        ratio = many / few
        good = ratio <= TIMES and before == after
        line([name, f"{many:.1f}", f"{few:.1f}", f"{ratio:.2f}", f"{after}, {before}", "", f"{TIMES} {verdict(good)}"])


def main() -> None:
    from django.db import connection

    with serving() as port:
        rendered(port)
        swept(port)
        listed(port)
    connection.close()


if __name__ == "__main__":
    with prepared():
        main()
