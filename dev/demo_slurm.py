"""The demo's Slurm: the one that works here already, else one of our own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from dev.processes import UnavailableError
from dev.slurm import configured, directory
from dev.slurm_cluster import SlurmCluster


def find_or_start(say: Callable[[str], None]) -> Mapping[str, str]:
    """What Slurm's commands need in their environment to find it."""
    earlier = SlurmCluster.saved(directory())
    if answers({}):
        say("\nThe Slurm of this machine runs the job.")
        return {}
    if earlier and answers(earlier.environment()):
        say(f"\nThe demo's own Slurm still runs.\n  $ export SLURM_CONF={earlier.environment()['SLURM_CONF']}")
        return earlier.environment()
    if os.geteuid():
        raise UnavailableError("there is no Slurm here, and only root can start one (`sudo make demo` does)")
    say("\nA Slurm with one node, installed if it is missing, listening on this machine only:")
    say("  $ python -m dev.packages slurm && python -m dev.slurm up")
    if subprocess.run([sys.executable, "-m", "dev.packages", "slurm"], check=False).returncode:
        raise UnavailableError("Slurm could not be installed")
    cluster = configured()
    cluster.up()
    say(f"  $ export SLURM_CONF={cluster.environment()['SLURM_CONF']}")
    return cluster.environment()


def answers(environment: Mapping[str, str]) -> bool:
    try:
        done = scontrol("ping", environment=environment)
    except FileNotFoundError:
        return False
    return not done.returncode and " UP" in done.stdout


def output_of(job: int, environment: Mapping[str, str]) -> Path:
    """The file that Slurm wrote the job's output to; it knows while it remembers the job."""
    told = scontrol("show", "job", str(job), environment=environment).stdout
    found = re.search(r"^\s*StdOut=(.+)$", told, re.MULTILINE)
    if not found:
        raise UnavailableError(f"Slurm has forgotten job {job}")
    return Path(found[1])


def scontrol(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = ("scontrol", *arguments)
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def ours() -> SlurmCluster | None:
    """The one that we could stop: only root has started one."""
    return SlurmCluster.saved(directory()) if os.geteuid() == 0 else None


def running() -> list[str]:
    cluster = ours()
    names = cluster.running() if cluster else []
    return [f"Slurm ({', '.join(names)} in {directory()})"] if names else []


def stop() -> None:
    if running() and (cluster := ours()):
        cluster.down()


def remove() -> None:
    if cluster := ours():
        cluster.purge()
