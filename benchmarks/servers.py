"""python -m dev.postgres run -- python -m benchmarks.servers    which production server, with how many threads

The same project behind gunicorn (its threaded worker, the one that keeps connections alive) and behind granian. All
candidates run; one at a time is asked, in short rounds in turn; the medians of the rounds are printed.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.api import cases
from benchmarks.database import prepared
from benchmarks.load import measure
from benchmarks.serving import serving
from benchmarks.timing import heading, line

if TYPE_CHECKING:
    from benchmarks.serving import Command

ROUNDS, SECONDS, WARM_UP = 7, 1.0, 1.0
ASKED = ("list 50 of", "get an", "create a")
WORKERS = os.cpu_count() or 1
APPLICATION = "jobbergate.wsgi:application"


def gunicorn(threads: int) -> Command:
    return lambda port: [
        sys.executable, "-m", "gunicorn", APPLICATION, "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", str(WORKERS), "--threads", str(threads), "--keep-alive", "75", "--log-level", "warning",
    ]  # fmt: skip


def granian(threads: int) -> Command:
    return lambda port: [
        sys.executable, "-m", "granian", APPLICATION, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(threads), "--log-level", "warning",
    ]  # fmt: skip


CANDIDATES = {
    f"{server.__name__}, {WORKERS} workers of {threads} threads": server(threads)
    for threads in (1, 2, 4)
    for server in (gunicorn, granian)
}


def main() -> None:
    from django.db import connection

    asked = [case for case in cases() if case.name.startswith(ASKED)]
    connection.close()
    heading("Answers a second, 8 connections", ["", *(case.name.split()[0] for case in asked)])
    seen: dict[tuple[str, str], list[float]] = defaultdict(list)
    with ExitStack() as running:
        ports = {name: running.enter_context(serving(command)) for name, command in CANDIDATES.items()}
        for case in asked:
            for port in ports.values():
                measure(case.ours, port, WARM_UP)
            for _ in range(ROUNDS):
                for name, port in ports.items():
                    seen[name, case.name].append(measure(case.ours, port, SECONDS).rate)
    for name in CANDIDATES:
        line([name, *(f"{median(seen[name, case.name]):.0f}" for case in asked)])


if __name__ == "__main__":
    with prepared():
        main()
