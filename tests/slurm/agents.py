"""A real agent beside the tests' server and Slurm: root's, or somebody's own."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_django.live_server_helper import LiveServer

from cli.slurm_text import cluster_name
from dev.processes import SYSTEM_PATH, as_user
from dev.slurm_cluster import SlurmCluster
from submissions.clusters import Cluster
from tests.slurm.conftest import interpreter

# Fast, so that tests are: what is not so is shown by waiting.
PACE = ["--floor", "0.5", "--poll", "0.1"]


@dataclass
class Agents:
    """Starts agents of one cluster, and ends what is left of them."""

    place: Path
    environment: dict[str, str]
    installation: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def mapped(self) -> list[str]:
        return ["--map", str(self.place / "map")]

    def start(
        self, *words: str, program: str = "", before: Sequence[str] = (), user: str = "root", **more: str
    ) -> "subprocess.Popen[str]":
        way = [program, *before] if program else ["-m", "cli.main"]
        command = [interpreter(), *way, "agent", *PACE, *words]
        log = (self.place / f"agent-{len(self.processes)}.log").open("w")
        process = subprocess.Popen(
            command,
            **as_user(user),
            env={**self.environment, **more},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def said(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.place.glob("agent-*.log")))

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()


def known_cluster(slurm: SlurmCluster) -> tuple[Cluster, str]:
    """With its agent's password."""
    name = cluster_name(slurm.client("scontrol", "show", "config").stdout)
    assert name
    return Cluster.create(name)


@contextmanager
def agents(
    place: Path,
    installation: Path,
    server: LiveServer,
    slurm: SlurmCluster,
    accounts: Mapping[str, str],
    **more: str,
) -> Iterator[Agents]:
    """For root: with a map of the tests' names to this machine's accounts."""
    cluster, password = known_cluster(slurm)
    people = place / "map"
    people.write_text("".join(f"{name}: {account}\n" for name, account in accounts.items()))
    environment: dict[str, Any] = {
        "PATH": SYSTEM_PATH,
        "HOME": str(place),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(installation),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JOBBERGATE_CONFIG_DIR": str(place / "config"),
        "JOBBERGATE_SERVER": server.url,
        "JOBBERGATE_USERNAME": f"agent-{cluster.name}",
        "JOBBERGATE_PASSWORD": password,
        "AGENT_SECRET": "never to be seen in a job",
        **slurm.environment(),
        **more,
    }
    made = Agents(place, environment, installation)
    try:
        yield made
    finally:
        made.end()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
