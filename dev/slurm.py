"""A real Slurm of our own on this one machine: loopback only, no systemd, everything in one directory. Needs root.

    python3 -m dev.slurm up                   start what does not run; safe to repeat
    python3 -m dev.slurm status               a line for each daemon; exits 3 unless all run
    eval "$(python3 -m dev.slurm env)"        what sbatch, squeue and the others need
    python3 -m dev.slurm down [DAEMON...]     cancel the jobs and stop; or an outage of one daemon, until the next `up`
    python3 -m dev.slurm down --purge         and remove the directory
    python3 -m dev.slurm run -- COMMAND...    a new cluster on free ports, for one command
    python3 -m dev.slurm check                can it run here? says why not

Read when it starts: JOBBERGATE_SLURM_DIR (/var/lib/jobbergate-slurm), JOBBERGATE_SLURM_PORT (16917, and the ports after
it), JOBBERGATE_SLURM_NODES (1), JOBBERGATE_SLURM_ACCOUNTING (0; 1 adds slurmdbd and MariaDB) and
JOBBERGATE_SLURM_MIN_JOB_AGE (300 seconds that an ended job is remembered).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dev.machine import free_ports, temporary_directory
from dev.processes import DaemonError, UnavailableError, end_in_order, run
from dev.slurm_cluster import SlurmCluster, check


def directory() -> Path:
    # Not below the repository: the users munge and slurm must reach it, and paths of sockets are short.
    return Path(os.environ.get("JOBBERGATE_SLURM_DIR") or "/var/lib/jobbergate-slurm").absolute()


def setting(name: str, default: int) -> int:
    text = os.environ.get(f"JOBBERGATE_SLURM_{name}") or str(default)
    if not text.isdecimal():
        raise UnavailableError(f"JOBBERGATE_SLURM_{name}: {text!r} is not accepted; give a number")
    return int(text)


def new(place: Path, port: int) -> SlurmCluster:
    """As the environment wants it."""
    return SlurmCluster(
        place,
        port,
        nodes=setting("NODES", 1),
        accounting=bool(setting("ACCOUNTING", 0)),
        min_job_age=setting("MIN_JOB_AGE", 300),
    )


def configured() -> SlurmCluster:
    """The cluster that runs in the directory, with the settings that it was started with; else a new one."""
    saved = SlurmCluster.saved(directory())
    return saved if saved and saved.running() else new(directory(), setting("PORT", 16917))


def up() -> int:
    cluster = configured()
    cluster.up()
    print(
        f"Slurm runs in {cluster.directory}: {len(cluster.settings.node_names)} node(s), port {cluster.settings.port}."
    )
    return 0


def down(daemons: list[str]) -> int:
    cluster = SlurmCluster.saved(directory())
    if not cluster:
        print(f"There is no Slurm in {directory()}.")
        return 0
    purge = "--purge" in daemons
    cluster.down(*(name for name in daemons if name != "--purge"))
    if purge:
        cluster.purge()
    return 0


def status() -> int:
    cluster = SlurmCluster.saved(directory())
    if not cluster:
        print(f"There is no Slurm in {directory()}.")
        return 3
    pids = {name: daemon.pid() for name, daemon in cluster.daemons().items()}
    for name, pid in pids.items():
        print(f"{name:12}{f'pid {pid}' if pid else 'stopped'}")
    return 0 if all(pids.values()) else 3


def show_environment() -> int:
    for name, value in configured().environment().items():
        print(f"export {name}='{value}'")
    return 0


def run_with(command: list[str]) -> int:
    end_in_order()
    with temporary_directory("jg-slurm") as place:
        cluster = new(place, free_ports(2 + setting("NODES", 1)))
        try:
            cluster.up()
            return run(command, {**os.environ, **cluster.environment()})
        finally:
            cluster.down()


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["env"]:
                return show_environment()
            case ["status"]:
                return status()
        check(bool(setting("ACCOUNTING", 0)))
        match arguments:
            case ["check"]:
                return 0
            case ["up"]:
                return up()
            case ["down", *daemons]:
                return down(daemons)
            case ["run", "--", _, *_]:
                return run_with(arguments[2:])
    except (UnavailableError, DaemonError) as problem:
        print(f"{problem}.", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
