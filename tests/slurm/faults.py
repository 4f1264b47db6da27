"""What may go wrong around an agent, done to it on purpose: a server that is hard to reach, and everything that dies."""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from dev.slurm_cluster import SlurmCluster
from tests.slurm.agents import Agents

# Of a hundred requests so many never arrive, have their answer lost, or take long.
LOST, UNANSWERED, SLOW = 6, 8, 6
HOP = {"connection", "transfer-encoding", "content-length"}


class Unreliable(ThreadingHTTPServer):
    """Stands between an agent and the server, and loses what goes through it."""

    daemon_threads = True

    def __init__(self, server: str, dice: random.Random) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.to = urlsplit(server).netloc
        self.dice = dice
        self.is_down = False
        self.done: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """An agent that was killed does not take its answer."""


class Handler(BaseHTTPRequestHandler):
    server: Unreliable

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chance = self.server.dice.random() * 100
        if self.server.is_down or chance < LOST:
            self.server.done["requests lost"] += 1
            return
        if LOST + UNANSWERED < chance < LOST + UNANSWERED + SLOW:
            self.server.done["answers late"] += 1
            time.sleep(self.server.dice.uniform(0.2, 1.5))
        status, headers, content = self.forwarded(body)
        if LOST < chance < LOST + UNANSWERED:
            self.server.done["answers lost"] += 1
            return
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST  # noqa: N815  (as the library calls them)

    def forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.server.to, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def unreliable(server: str, dice: random.Random) -> Iterator[Unreliable]:
    proxy = Unreliable(server, dice)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


@dataclass
class Chaos:
    """Does harm, a piece at a time, and counts it."""

    agents: Agents
    cluster: SlurmCluster
    proxy: Unreliable
    dice: random.Random
    # A small file system that submissions are staged into, where one could be mounted.
    disk: Path | None = None
    done: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        self.agents.start(*self.agents.mapped(), JOBBERGATE_SERVER=self.proxy.url)

    def living(self) -> list[subprocess.Popen[str]]:
        return [process for process in self.agents.processes if process.poll() is None]

    def piece(self) -> None:
        harms: list[tuple[int, Callable[[], None]]] = [
            (8, self.kill_agent),
            (4, self.kill_worker),
            (2, self.stop_agent),
            (2, self.down_server),
            (1, self.hang_slurm),
            (1, self.stop_slurm),
            (2, self.fill_disk),
        ]
        weights, choices = zip(*harms, strict=True)
        self.dice.choices(choices, weights)[0]()

    def kill_agent(self) -> None:
        self.done["agents killed"] += 1
        agent = self.dice.choice(self.living())
        agent.kill()
        agent.wait()
        self.start()

    def kill_worker(self) -> None:
        found = subprocess.run(["pgrep", "-f", "cli[.]agent[.]worker"], capture_output=True, text=True, check=False)
        for pid in found.stdout.split():
            self.done["workers killed"] += 1
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop_agent(self) -> None:
        self.done["agents stopped for a while"] += 1
        agent = self.dice.choice(self.living())
        agent.send_signal(signal.SIGSTOP)
        time.sleep(2)
        agent.send_signal(signal.SIGCONT)

    def down_server(self) -> None:
        self.done["outages of the server"] += 1
        self.proxy.is_down = True
        time.sleep(1.5)
        self.proxy.is_down = False

    def hang_slurm(self) -> None:
        """Longer than sbatch waits: what it was asked is done when it wakes up."""
        self.done["hangs of slurmctld"] += 1
        self.cluster.pause("slurmctld")
        time.sleep(12)
        self.cluster.resume("slurmctld")

    def stop_slurm(self) -> None:
        self.done["stops of slurmctld"] += 1
        self.cluster.down("slurmctld")
        time.sleep(1)
        self.cluster.up()

    def fill_disk(self) -> None:
        if self.disk is None:
            return
        self.done["full disks"] += 1
        filler = self.disk / "filler"
        with filler.open("wb", buffering=0) as stream:
            try:
                while stream.write(b"\0" * 4096):
                    continue
            except OSError:
                time.sleep(3)
        filler.unlink()

    def told(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted((self.done + self.proxy.done).items()))


@contextmanager
def small_disk(place: Path) -> Iterator[Path | None]:
    """None where nothing may be mounted."""
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=1777", "tmpfs", str(place)], check=False)
    try:
        yield place if mounted.returncode == 0 else None
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(place)], check=True)
