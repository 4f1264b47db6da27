"""python -m dev.postgres run -- python -m dev.slurm run -- python -m benchmarks.agent    the agent, on a real Slurm

As root: an agent that submits as an ordinary user, beside a bare loop of sbatch as that user; how long it takes from a
request to the job in the queue; and what a round costs with 10,000 jobs, of which one in a hundred has changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.database import set_up
from benchmarks.load import Request
from benchmarks.scripts import milliseconds
from benchmarks.serving import serving
from benchmarks.timing import heading, line, verdict
from cli.slurm import Slurm
from dev.machine import ensure_user, temporary_directory
from dev.processes import as_user, end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.contrib.auth.models import User

    from jobscripts.models import JobScript
    from submissions.clusters import Cluster

LOGIN = "jg-alice"
JOBS, ROUNDS, REQUESTS = 1000, 3, 40
LIVE, CHANGED = 10_000, 100
FEW, MANY, SAME = 1000, 1_000_000, 1.5
SHARE, PICKED_UP = 0.7, 1.5
SCRIPT = b"#!/bin/sh\nsleep 3600\n"


def main(place: Path) -> None:
    from django.contrib.auth.models import User

    from jobscripts.models import JobScript
    from submissions.clusters import Cluster

    ensure_user(LOGIN)
    cluster, password = Cluster.create(Slurm(os.environ).cluster_name())
    owner = User.objects.create_user(LOGIN)
    script = JobScript.upload(owner, {"job.sh": SCRIPT}, "job.sh", "sleep")
    with serving() as port:
        with agent(place, port, cluster.name, password):
            submitted(place, owner, script)
            picked_up(owner, script)
        rounds(place, port, cluster, password, script)
        unfinished(port, cluster, script)


@contextmanager
def agent(place: Path, port: int, name: str, password: str) -> Iterator[None]:
    environment = {
        **os.environ,
        "JOBBERGATE_SERVER": f"http://127.0.0.1:{port}",
        "JOBBERGATE_USERNAME": f"agent-{name}",
        "JOBBERGATE_PASSWORD": password,
        "JOBBERGATE_CONFIG_DIR": str(place / "config"),
    }
    with subprocess.Popen([sys.executable, "-m", "cli.main", "agent"], env=environment) as process:
        try:
            yield
        finally:
            end([process.pid], grace=10)


# --- submissions a second --------------------------------------------------------------------------------------------


def submitted(place: Path, owner: User, script: JobScript) -> None:
    pairs = [(through_the_agent(place, owner, script), by_hand(place)) for _ in range(ROUNDS)]
    ours, bare = (JOBS / median(pair[number] for pair in pairs) for number in (0, 1))
    heading("Submissions a second", ["", "ours/s", "limit/s", "ratio", "wanted"])
    good = f"{SHARE} {verdict(ours / bare >= SHARE)}"
    line([f"{JOBS} that wait for the agent", f"{ours:.0f}", f"{bare:.0f}", f"{ours / bare:.2f}", good])


def through_the_agent(place: Path, owner: User, script: JobScript) -> float:
    from submissions.models import JobSubmission

    start = time.perf_counter()
    made = [
        JobSubmission.prepared(owner, script, execution_directory=f"{place}/agent/{number}") for number in range(JOBS)
    ]
    JobSubmission.objects.bulk_create(made)
    while let_go() < JOBS:
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    empty_queue()
    return seconds


def let_go() -> int:
    """Jobs in the queue that nothing holds back but Slurm itself."""
    command = ["squeue", "-h", f"--user={LOGIN}", "-o", "%r"]
    reasons = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    return sum(reason not in ("", "JobHeldUser") for reason in reasons)


def by_hand(place: Path) -> float:
    (place / "job.sh").write_bytes(SCRIPT)
    loop = f"for number in $(seq {JOBS}); do sbatch --parsable job.sh > /dev/null; done"
    start = time.perf_counter()
    subprocess.run(["sh", "-c", loop], **as_user(LOGIN), cwd=place, check=True)
    seconds = time.perf_counter() - start
    empty_queue()
    return seconds


def empty_queue() -> None:
    subprocess.run(["scancel", f"--user={LOGIN}"], check=True)
    while subprocess.run(["squeue", "-h"], capture_output=True, check=True).stdout:
        time.sleep(0.2)
    time.sleep(3)


# --- from a request to the queue -------------------------------------------------------------------------------------


def picked_up(owner: User, script: JobScript) -> None:
    from submissions.models import JobSubmission

    times = []
    for _ in range(REQUESTS):
        start = time.perf_counter()
        submission = JobSubmission.create(owner, script)
        while (
            submission.tag
            not in subprocess.run(["squeue", "-h", "-o", "%k"], capture_output=True, text=True, check=True).stdout
        ):
            time.sleep(0.02)
        times.append(time.perf_counter() - start)
    empty_queue()
    heading("From a request to the queue", ["", "median, s", "longest", "wanted"])
    good = f"{PICKED_UP} {verdict(median(times) < PICKED_UP)}"
    line([f"{REQUESTS} submissions", f"{median(times):.2f}", f"{max(times):.2f}", good])


# --- a round ----------------------------------------------------------------------------------------------------------


def rounds(place: Path, port: int, cluster: Cluster, password: str, script: JobScript) -> None:
    from cli.agent.identity import Accounts
    from cli.agent.looking import look
    from cli.agent.watching import Watch
    from cli.client import Client, at
    from cli.config import Credentials, TokenFile

    rows = live(place, cluster, script)
    server = f"http://127.0.0.1:{port}"
    name = f"agent-{cluster.name}"
    client = Client(server, TokenFile(place, server), username=name, credentials=Credentials(name, password))
    slurm, watch, accounts = Counting(os.environ), Watch(), Accounts()
    lines = []

    def begin() -> None:
        for row in client.pages("/api/job-submissions/", unfinished=True, cluster=cluster.name, ordering="id"):
            watch.add(row)

    def go_round() -> int:
        found = look(slurm, watch.due(), lambda row: accounts.of(row["owner"]).uid, everybody=True)
        reports = watch.changes(slurm, found, watch.due(), lambda row: accounts.of(row["owner"]).uid)
        told = {"holder": "a/1/1", "reports": reports}
        client.post(at("clusters", cluster.name, "sync"), told)
        for report in reports:
            watch.said(report)
        return len(json.dumps(told))

    def measured(what: str, step: Callable[[], int | None]) -> None:
        slurm.calls = 0
        start = time.perf_counter()
        size = step() or 0
        seconds = time.perf_counter() - start
        lines.append([what, f"{seconds:.2f}", f"{size:,}" if size else "", f"{slurm.calls}"])

    measured("what it does first: read all rows", begin)
    measured("the first round, all of them told", go_round)
    measured("a round in which nothing has changed", go_round)
    subprocess.run(["scontrol", "release", ",".join(map(str, rows[:CHANGED]))], check=True)
    time.sleep(1)
    measured(f"a round in which {CHANGED} have changed", go_round)
    empty_queue()
    heading(f"An agent with {LIVE:,} live jobs", ["", "s", "bytes", "Slurm"])
    for cells in lines:
        line(cells)


# --- unfinished ones among many ---------------------------------------------------------------------------------------


def unfinished(port: int, cluster: Cluster, script: JobScript) -> None:
    """Pages of 50 of a thousand that have not ended, among ever more that have."""
    from rest_framework_simplejwt.tokens import AccessToken

    from submissions.models import JobSubmission

    JobSubmission.objects.all().delete()
    waiting = [JobSubmission.prepared(script.owner, script, cluster=cluster) for _ in range(FEW)]
    pattern = JobSubmission.objects.bulk_create(waiting)[0]
    people = {"one's own": script.owner, "a cluster's, by its agent": cluster.agent}
    path = "/api/job-submissions/?unfinished=true&limit=50"
    cases = {name: Request(path, str(AccessToken.for_user(person))) for name, person in people.items() if person}
    times = []
    for size in (FEW, MANY):
        add_ended(pattern.pk, size)
        times.append({name: milliseconds(request, port) for name, request in cases.items()})
    heading("50 unfinished among so many, ms", ["", f"{FEW:,}", f"{MANY:,}", "times", "wanted"])
    for name in cases:
        few, many = times[0][name], times[1][name]
        line([name, f"{few:.1f}", f"{many:.1f}", f"{many / few:.2f}", f"<= {SAME} {verdict(many / few <= SAME)}"])


def add_ended(pattern: int, size: int) -> None:
    from django.db import connection

    from submissions.models import JobSubmission

    missing = size - JobSubmission.objects.finished().count()
    changed = {"status": "'completed'", "slurm_job_id": "g", "tag": "md5(g::text)", "idempotency_key": "NULL"}
    names = [field.column for field in JobSubmission._meta.concrete_fields if field.column != "id"]
    chosen = ", ".join(changed.get(name, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO submissions_jobsubmission ({', '.join(names)}) SELECT {chosen}"
            f" FROM submissions_jobsubmission, generate_series({size - missing + 1}, {size}) g WHERE id = %s",
            [pattern],
        )
        cursor.execute("VACUUM ANALYZE")


class Counting(Slurm):
    calls = 0

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        self.calls += 1
        return super()._run(command)


def live(place: Path, cluster: Cluster, script: JobScript) -> list[int]:
    """Ids of jobs that wait, held, each of a submission."""
    from submissions.models import JobSubmission

    made = [JobSubmission.prepared(script.owner, script, cluster=cluster) for _ in range(LIVE)]
    (place / "comments").write_text("".join(f"{one.comment}\n" for one in made))
    loop = "while read -r comment; do sbatch --parsable --hold --comment=$comment job.sh; done < comments"
    done = subprocess.run(["sh", "-c", loop], **as_user(LOGIN), cwd=place, check=True, capture_output=True, text=True)
    jobs = [int(text) for text in done.stdout.split()]
    for one, job in zip(made, jobs, strict=True):
        one.status, one.slurm_job_id, one.slurm_cluster, one.released = "pending", job, cluster.name, True
    JobSubmission.objects.bulk_create(made)
    return jobs


if __name__ == "__main__":
    with set_up(), temporary_directory("jg-bench") as directory:
        directory.chmod(0o777)
        main(directory)
