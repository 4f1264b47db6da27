"""The load: a few keep-alive connections that each send their next request as soon as they have the last one's answer.

A process of its own, one thread and raw sockets, so that it takes little of the processors that it shares with the
server. Reads a plan from standard input as JSON, writes what it saw to standard output as JSON.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import count, cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONNECTIONS = 8
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
# Stands for a number that is different in every request.
FRESH = "00000000000000000000000000000fresh"


@dataclass(frozen=True)
class Request:
    """One HTTP request. FRESH in a header is replaced each time that it is sent."""

    path: str
    token: str = ""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return "POST" if self.body else "GET"

    def raw(self, port: int) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: */*"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body.encode())}"]
        return "\r\n".join([*lines, "", self.body]).encode()


@dataclass(frozen=True)
class Seen:
    """One round: answers a second, and the milliseconds that half and nineteen of twenty of them took at most."""

    rate: float
    median: float
    slow: float


class LoadError(Exception):
    """An answer was not a success; the message is the answer."""


def measure(requests: Iterable[Request], port: int, seconds: float, connections: int = CONNECTIONS) -> Seen:
    """One round, in a process of its own."""
    plan = {"port": port, "seconds": seconds, "connections": connections, "requests": [asdict(r) for r in requests]}
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(done.stderr)
    return Seen(**json.loads(done.stdout))


class Connection:
    """A socket with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer, self.expected, self.sent_at = b"", 0, 0.0

    def send(self, request: bytes) -> None:
        self.answer, self.expected, self.sent_at = b"", 0, time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Whether the answer is complete now."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise LoadError("The server closed the connection.")
        self.answer += chunk
        if not self.expected:
            end = self.answer.find(b"\r\n\r\n")
            if end < 0:
                return False
            if self.answer[9:10] != b"2":
                raise LoadError(self.answer.decode(errors="replace"))
            length = LENGTH.search(self.answer, 0, end)
            if length is None:
                raise LoadError("The answer has no Content-Length.")
            self.expected = end + 4 + int(length[1])
        return len(self.answer) >= self.expected


def run(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> list[float]:
    """The seconds that each answer took."""
    taken: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            connection = Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(requests))
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for key, _ in selector.select(timeout=30):
                connection = key.data
                if connection.read():
                    taken.append(time.perf_counter() - connection.sent_at)
                    connection.send(next(requests))
    return taken


def fresh(requests: list[bytes]) -> Iterator[bytes]:
    """All of them in turn, for ever."""
    start, numbers, mark = time.time_ns() << 40, count(), FRESH.encode()
    for request in cycle(requests):
        yield request.replace(mark, b"%034x" % (start + next(numbers))) if mark in request else request


def main() -> None:
    plan = json.load(sys.stdin)
    raw = [Request(**request).raw(plan["port"]) for request in plan["requests"]]
    taken = sorted(run(plan["port"], fresh(raw), plan["seconds"], plan["connections"]))
    seen = Seen(len(taken) / plan["seconds"], taken[len(taken) // 2] * 1000, taken[len(taken) * 19 // 20] * 1000)
    print(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main()
