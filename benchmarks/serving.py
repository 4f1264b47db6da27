"""The production server, started as an operator starts it, for as long as a measurement takes."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

from dev.machine import free_port, listening
from dev.processes import end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    # Port → the command that serves there.
    Command = Callable[[int], list[str]]

TOP = Path(__file__).resolve().parent.parent


def as_operators_do(port: int) -> list[str]:
    return [sys.executable, "manage.py", "serve", "--port", str(port)]


class Server(NamedTuple):
    port: int
    pid: int


@contextmanager
def serving(command: Command = as_operators_do) -> Iterator[int]:
    """The port, once somebody answers there."""
    with started(command) as server:
        yield server.port


@contextmanager
def started(command: Command, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    port = free_port()
    with subprocess.Popen(command(port), cwd=TOP, stderr=subprocess.DEVNULL, env=environment) as server:
        try:
            wait_for(port, server)
            yield Server(port, server.pid)
        finally:
            end([server.pid], grace=10)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not listening(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The server did not start: {server.args!r}")
        time.sleep(0.05)
    urlopen(f"http://127.0.0.1:{port}/healthz/", timeout=30).close()
