"""python -m dev.postgres run -- python -m dev.slurm run -- python -m benchmarks.agent    the agent, on a real Slurm

As root: an agent that submits as an ordinary user, beside a bare loop of sbatch as that user; and how long it takes
from a request to the job in the queue.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.database import set_up
from benchmarks.serving import serving
from benchmarks.timing import heading, line, verdict
from dev.machine import ensure_user, temporary_directory
from dev.processes import as_user, end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User

    from jobscripts.models import JobScript

LOGIN = "jg-alice"
JOBS, ROUNDS, REQUESTS = 500, 3, 40
SHARE, PICKED_UP = 0.7, 1.5
SCRIPT = b"#!/bin/sh\nsleep 3600\n"


def main(place: Path) -> None:
    from django.contrib.auth.models import User

    from cli.slurm import Slurm
    from jobscripts.models import JobScript
    from submissions.clusters import Cluster

    ensure_user(LOGIN)
    cluster, password = Cluster.create(Slurm(os.environ).cluster_name())
    owner = User.objects.create_user(LOGIN)
    script = JobScript.upload(owner, {"job.sh": SCRIPT}, "job.sh", "sleep")
    with serving() as port, agent(place, port, cluster.name, password):
        submitted(place, owner, script)
        picked_up(owner, script)


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


if __name__ == "__main__":
    with set_up(), temporary_directory("jg-bench") as directory:
        directory.chmod(0o777)
        main(directory)
