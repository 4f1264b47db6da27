"""python -m dev.postgres run -- python -m benchmarks.api [PART OF A NAME]    the API beside its limits, over HTTP

The production server, eight connections, 100,000 applications and as many submissions. Ours and the limit are measured
in short rounds, in turn; the medians of the rounds are printed.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.database import PEOPLE, RARE, ROWS, STAFF, prepared
from benchmarks.load import FRESH, Request, measure
from benchmarks.rendering import default_answers, read_folder
from benchmarks.serving import serving
from benchmarks.timing import heading, line, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS, SECONDS, WARM_UP = 5, 2.0, 1.0
READ, RENDER, CREATE = 0.5, 0.25, 0.0
MAX_QUERIES_OF_A_LIST = 3
# Made anew by every request, so it is left out when answers are compared.
OWN = ("id", "created_at", "updated_at", "tag", "comment")


@dataclass(frozen=True)
class Case:
    """What is asked of us and of the limit, and the wanted: answers a second, and share of the limit."""

    name: str
    ours: list[Request]
    limit: list[Request]
    rate: int
    share: float = READ


def cases() -> list[Case]:
    from django.contrib.auth.models import User
    from rest_framework_simplejwt.tokens import AccessToken

    from applications.models import Application
    from jobscripts.models import JobScript

    alice, carol = User.objects.get(username=PEOPLE[0]), User.objects.get(username=STAFF)
    token, staff = str(AccessToken.for_user(alice)), str(AccessToken.for_user(carol))
    seen = list(Application.objects.visible_to(alice).values_list("pk", flat=True))
    some = random.Random(1).sample(seen, 500)
    recipe, script = Application.objects.get(identifier="motorbike").pk, JobScript.objects.filter(owner=alice).first()
    rendered = {"application": recipe, "version": 1, "name": "motorbike", "answers": default_answers(read_folder())}
    submitted = {"job_script": script.pk if script else 0}
    user = f"user={alice.pk}"

    def read(name: str, rate: int, path: str, limit: str, token: str = token) -> Case:
        return Case(name, [Request(path, token)], [Request(limit)], rate)

    def write(name: str, rate: int, share: float, path: str, limit: str, body: Any) -> Case:
        text, once = json.dumps(body), {"Idempotency-Key": FRESH}
        return Case(name, [Request(path, token, text, once)], [Request(limit, body=text)], rate, share)

    return [
        read("list 50 of 100,000 applications", 270, "/api/applications/", f"/limits/applications/?{user}"),
        Case(
            "get an application",
            [Request(f"/api/applications/{pk}/", token) for pk in some],
            [Request(f"/limits/applications/{pk}/") for pk in some],
            630,
        ),
        read("50 newest of 100,000 submissions", 80, "/api/job-submissions/", "/limits/job-submissions/", staff),
        read("50 newest of one's own of these", 80, "/api/job-submissions/", f"/limits/job-submissions/?{user}"),
        *(
            read(
                f"search applications: {label}",
                40,
                f"/api/applications/?search={words}",
                f"/limits/applications/?{user}&search={words}",
            )
            for label, words in (("common words", "openfoam%20wing"), ("a rare word", RARE), ("no such word", "zebra"))
        ),
        write(
            "render 2 KB with 20 variables, and store",
            180, RENDER, "/api/job-scripts/", f"/limits/job-scripts/new/?{user}", rendered,
        ),
        *(
            write(
                f"create a submission, {label}",
                580, CREATE, "/api/job-submissions/", "/limits/job-submissions/new/", {**submitted, "via": via},
            )
            for label, via in (("on a login node", "login_node"), ("for the agent", "agent"))
        ),
    ]  # fmt: skip


# --- in this process: is it the same answer, and what does it cost the database? ------------------------------------


def asked(request: Request) -> tuple[Any, int]:
    """The answer, and how many queries it took."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    headers = {**request.headers, **({"Authorization": f"Bearer {request.token}"} if request.token else {})}
    headers = {name: value.replace(FRESH, str(random.random())) for name, value in headers.items()}
    client = Client(SERVER_NAME="127.0.0.1")
    with CaptureQueriesContext(connection) as queries:
        answer = client.generic(
            request.method, request.path, request.body, "application/json" if request.body else "", headers=headers
        )
    if answer.status_code >= 300:
        raise SystemExit(f"{request.path}: {answer.status_code} {answer.content!r}")
    return answer.json(), len(queries)


def compared(case: Case) -> int:
    """The queries of ours, once it is sure that both answer the same."""
    asked(case.ours[0])  # the first one compiles the template
    (ours, queries), (limit, _) = asked(case.ours[0]), asked(case.limit[0])
    if case.ours[0].body:
        ours, limit = ({key: value for key, value in row.items() if key not in OWN} for row in (ours, limit))
    if ours != limit:
        raise SystemExit(f"{case.name}: the limit answers something else.\n{ours!s:.2000}\n{limit!s:.2000}")
    return queries


# --- over HTTP ------------------------------------------------------------------------------------------------------


def measured(case: Case, port: int) -> list[str]:
    queries = compared(case)
    for requests in (case.ours, case.limit):
        measure(requests, port, WARM_UP)
    rounds = [(measure(case.ours, port, SECONDS), measure(case.limit, port, SECONDS)) for _ in range(ROUNDS)]
    ours, limit = median(mine.rate for mine, _ in rounds), median(theirs.rate for _, theirs in rounds)
    share = ours / limit
    good = ours >= case.rate and share >= case.share and (queries <= MAX_QUERIES_OF_A_LIST or case.share != READ)
    wanted = f">= {case.rate}/s" + (f", {case.share}" if case.share else "")
    times = [f"{median(mine.median for mine, _ in rounds):.1f}", f"{median(mine.slow for mine, _ in rounds):.1f}"]
    return [case.name, f"{ours:.0f}", f"{limit:.0f}", f"{share:.2f}", str(queries), *times, wanted, verdict(good)]


def main(wanted: Sequence[str] = ()) -> None:
    from django.db import connection

    columns = ["ours/s", "limit/s", "ratio", "queries", "median, ms", "95 %, ms", "wanted", ""]
    heading(f"Over HTTP, {ROWS:,} rows each, 8 connections", ["", *columns])
    with serving() as port:
        for case in cases():
            if not wanted or any(word in case.name for word in wanted):
                line(measured(case, port))
    connection.close()


if __name__ == "__main__":
    with prepared():
        main(sys.argv[1:])
