"""`manage.py serve`: the production server, with what it needs said in one place."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

# glibc's: large blocks go back to the system when they are freed, and threads share what small ones leave behind.
# Else every thread keeps for ever what the largest upload that it ever took needed.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(256 * 1024), "MALLOC_ARENA_MAX": "1"}


class Command(BaseCommand):
    help = "Serve the API, the admin and the documentation. Stops on SIGTERM after the requests under way."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on (default: %(default)s)")
        parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: one a CPU)")
        # More than two take turns at Python's lock more often than they wait for the database (benchmarks/servers.py).
        parser.add_argument("--threads", type=int, default=2, help="threads of each process (default: %(default)s)")

    def handle(self, *args: Any, host: str, port: int, workers: int, threads: int, **options: Any) -> None:
        if not 0 < port < 65536 or workers < 1 or threads < 1:
            raise CommandError("Give a port from 1 to 65535, and at least one worker and thread.")
        if settings.ENVIRONMENT.problems:
            raise CommandError("The settings are wrong; `manage.py check` says where.")
        self.stderr.write(f"Serving http://{host}:{port}/ with {workers} workers of {threads} threads.")
        command = [
            sys.executable, "-m", "granian", "jobbergate.wsgi:application", "--interface", "wsgi", "--host", host,
            "--port", str(port), "--workers", str(workers), "--blocking-threads", str(threads),
            "--respawn-failed-workers", "--log-level", "warning",
        ]  # fmt: skip
        os.chdir(settings.BASE_DIR)
        # In place of this process, so that its signals and its id are the server's.
        os.execve(sys.executable, command, {**MALLOC, **os.environ})  # noqa: S606
