"""Large uploads and downloads: how far the memory of the production server grows, beside the size of what is sent.

python -m benchmarks.uploads                                             on SQLite
python -m dev.postgres run -- python -m benchmarks.uploads               on PostgreSQL
"""

from __future__ import annotations

import io
import os
import random
import sys
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.serving import TOP, started
from benchmarks.timing import heading, line, seconds_of, verdict
from dev.machine import temporary_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MIB = 2**20
WANTED, ROUNDS = 3.0, 3
BOUNDARY = "a-line-that-no-archive-has-7f3c1b"
YAML = b"jobbergate_config: {default_template: job.sh.j2}\nquestions: []\n"
FOLDER = {"jobbergate.yaml": YAML, "templates/job.sh.j2": b"#!/bin/bash\n"}
PIECE, URL = 64 * 1024, "/api/applications/"


def folder(count: int, size: int) -> dict[str, bytes]:
    """An application with so many files of noise, which nothing compresses, and its two own within the limits."""
    draw = random.Random(count)
    files = {f"data/{number:04}": draw.randbytes(size) for number in range(count - len(FOLDER))}
    return FOLDER | files


def largest_of_many() -> dict[str, bytes]:
    """50 MiB in 1,000 files."""
    return folder(1000, 50 * MIB // 1000)


def largest_of_few() -> dict[str, bytes]:
    """50 MiB, most of it in five files that are as large as a file may be."""
    files = folder(6, 10 * MIB)
    room = 50 * MIB - sum(map(len, files.values()))
    return files | {"data/rest": random.Random(1).randbytes(room)}


CASES = {"50 MiB in 1,000 files": largest_of_many, "50 MiB, files of 10 MiB": largest_of_few}


# --- the server's memory ------------------------------------------------------------------------------------------


def family(pid: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from family(int(child))


def memory(pid: int, name: str) -> int:
    """`VmRSS`, what a process has in memory now, or `VmHWM`, the most that it ever had; in bytes."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith(f"{name}:"):
            return int(row.split()[1]) * 1024
    raise ValueError(f"Process {pid} has no {name}.")


class Growth:
    """By how much the processes of a server grew, at their largest, since this was made."""

    def __init__(self, pid: int) -> None:
        self.before = {}
        for process in family(pid):
            # The most that it ever had is from now on counted anew.
            Path(f"/proc/{process}/clear_refs").write_text("5")
            self.before[process] = memory(process, "VmRSS")

    def __call__(self) -> int:
        return sum(memory(process, "VmHWM") - before for process, before in self.before.items())


# --- requests -----------------------------------------------------------------------------------------------------


def form(archive: bytes, fields: Mapping[str, str]) -> bytes:
    """A body of multipart/form-data."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    last = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="archive"; filename="a.tar.gz"\r\n\r\n'
    return "".join([*parts, last]).encode() + archive + f"\r\n--{BOUNDARY}--\r\n".encode()


def post(port: int, path: str, token: str, body: bytes) -> tuple[int, bytes]:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    with asked(port, "POST", path, token, body, kind) as answer:
        return answer.status, answer.read()


def get(port: int, path: str, token: str) -> tuple[int, int]:
    """The status, and how long the answer was, which is not kept."""
    with asked(port, "GET", path, token) as answer:
        return answer.status, sum(map(len, iter(lambda: answer.read(PIECE), b"")))


@contextmanager
def asked(
    port: int, method: str, path: str, token: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Iterator[HTTPResponse]:
    told = {"Authorization": f"Bearer {token}", "Content-Length": str(len(body)), **(headers or {})}
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request(method, path, io.BytesIO(body), told)
        yield connection.getresponse()


# --- the measurement ----------------------------------------------------------------------------------------------


@contextmanager
def site() -> Iterator[str]:
    """A database with one person, and their token; SQLite, where no PostgreSQL is named."""
    with temporary_directory("jobbergate-uploads") as directory:
        os.environ["JOBBERGATE_DATA_DIR"] = str(directory)
        os.environ["DJANGO_SETTINGS_MODULE"] = "jobbergate.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from django.contrib.auth.models import User
        from django.db import connection
        from rest_framework_simplejwt.tokens import RefreshToken

        token = str(RefreshToken.for_user(User.objects.create_user("alice")).access_token)
        connection.close()
        yield token


def one_worker(port: int) -> list[str]:
    return [sys.executable, str(TOP / "manage.py"), "serve", "--port", str(port), "--workers", "1"]


def main() -> None:
    from applications.archive import pack

    with site() as token:
        heading("Memory of the server, since before the first", ["", "MiB", "grew by", "times", "s", "< 3 times"])
        for name, make in CASES.items():
            files = make()
            size, body = sum(map(len, files.values())), form(pack(files), {"name": "Large"})
            del files
            measure(name, size, body, token)


def measure(name: str, size: int, body: bytes, token: str) -> None:
    from applications.archive import pack
    from applications.models import Application

    with started(one_worker) as server:
        # What the first request imports is not the upload's.
        post(server.port, URL, token, form(pack(FOLDER), {"name": "Small"}))
        grown = Growth(server.pid)
        for number in range(ROUNDS):
            taken = seconds_of(lambda: check(*post(server.port, URL, token, body)))
            row(f"{name}, upload {number + 1}", size, grown(), taken)
        path = f"{URL}{Application.objects.latest('id').pk}/versions/1/archive/"
        for number in range(ROUNDS):
            taken = seconds_of(lambda: check(*get(server.port, path, token)))
            row(f"{name}, download {number + 1}", size, grown(), taken)
    Application.objects.all().delete()


def check(status: int, answer: object) -> None:
    if status not in (200, 201):
        raise SystemExit(f"The server answered {status}: {answer!r}")


def row(name: str, size: int, grown: int, taken: float) -> None:
    times = grown / size
    line([name, f"{size / MIB:.0f}", f"{grown / MIB:.0f}", f"{times:.2f}", f"{taken:.1f}", verdict(times < WANTED)])


if __name__ == "__main__":
    main()
