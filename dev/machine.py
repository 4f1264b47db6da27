"""This machine: its name and address, free ports, users, a directory that daemons reach."""

from __future__ import annotations

import atexit
import os
import pwd
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

from dev.processes import UnavailableError

LOOPBACK = "127.0.0.1"
ATTEMPTS = 25


def host_name() -> str:
    return socket.gethostname().partition(".")[0]


def own_address() -> str:
    """The address of the host's own name, which Slurm's daemons listen on; a name without one gets it in /etc/hosts."""
    try:
        found = socket.gethostbyname(host_name())
    except OSError:
        with Path("/etc/hosts").open("a") as hosts:
            hosts.write(f"{LOOPBACK} {host_name()}\n")
        return LOOPBACK
    return found


def own_hosts() -> str:
    """/etc/hosts as we need it: the host's name is a loopback address, all other names stay."""
    lines = Path("/etc/hosts").read_text().splitlines(keepends=True)
    return "".join([f"{LOOPBACK} {host_name()}\n", *(line for line in lines if host_name() not in line.split())])


def in_own_hosts(hosts: Path, command: Sequence[str]) -> list[str]:
    """The command with another /etc/hosts, which nothing but it and its children see. For root."""
    mount = 'mount --bind "$0" /etc/hosts && exec "$@"'
    return ["unshare", "--mount", "--propagation=slave", "sh", "-c", mount, str(hosts), *command]


@cache
def may_have_own_hosts() -> bool:
    """Not so in most containers."""
    trial = in_own_hosts(Path("/etc/hosts"), ["true"])
    return not subprocess.run(trial, capture_output=True, check=False).returncode


def address() -> str:
    """Where our Slurm's daemons listen."""
    found = own_address()
    if found == LOOPBACK or may_have_own_hosts():
        return LOOPBACK
    with socket.socket() as probe:
        try:
            probe.bind((found, 0))
        except OSError:
            advice = f"put '{LOOPBACK} {host_name()}' first in /etc/hosts"
            raise UnavailableError(f"{host_name()} is {found}, which is not this machine; {advice}") from None
    return found


def free_ports(count: int) -> int:
    """The first of so many free ports in a row, below those that the system gives to clients.

    Nobody else is given them by this function while we live.
    """
    while True:
        first = random.randrange(20000, 30000)
        ports = range(first, first + count)
        if reserve(ports) and not any(listening(port, address()) for port in ports):
            return first


def reserve(ports: Iterable[int]) -> bool:
    """By their twins of UDP, which nothing of ours uses, and which are free again when this process ends."""
    with ExitStack() as taken:
        for port in ports:
            twin = taken.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                twin.bind((LOOPBACK, port))
            except OSError:
                return False
        atexit.register(taken.pop_all().close)
    return True


def ensure_user(name: str) -> None:
    """An ordinary user with a home directory, for tests and examples that need somebody to own a job."""
    command = ["useradd", "--create-home", "--user-group", "--shell", "/bin/bash", name]
    for _ in range(ATTEMPTS):
        try:
            pwd.getpwnam(name)
        except KeyError:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            # Another useradd has the files of users, or was there first.
            if done.returncode in (1, 9, 10):
                time.sleep(0.2)
            elif done.returncode:
                raise UnavailableError(f"The user {name} cannot be made: {done.stderr.strip()}") from None
        else:
            return
    raise UnavailableError(f"The user {name} cannot be made: {done.stderr.strip()}")


def listening(port: int, address: str = LOOPBACK) -> bool:
    with suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def temporary_directory(name: str) -> Iterator[Path]:
    """A directory that also a daemon's own user can reach: root's TMPDIR may be closed to others."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir="/tmp" if os.geteuid() == 0 else None) as directory:
        yield Path(directory)
