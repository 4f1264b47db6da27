"""Installs the missing Debian packages of the named sets, where we may.

    python3 -m dev.packages slurm postgresql

Without root or without apt it says on standard error what is left out, and ends well: whoever needs a package looks
for its binaries himself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

SETS = {
    "venv": ("python3-venv",),
    "postgresql": ("postgresql",),
    "slurm": ("slurmctld", "slurmd", "slurm-client", "munge"),
    # The core packages have the database's programs without a database of the system's own.
    "accounting": ("slurmdbd", "slurm-wlm-mysql-plugin", "mariadb-server-core", "mariadb-client-core"),
    "chromium": ("chromium",),
}
LOCK_PATIENCE = 300
APT = ("apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={LOCK_PATIENCE}")
# Read while packages are set up, and taken away afterwards: no service starts, PostgreSQL makes no cluster of its own.
DURING_INSTALLATION = {
    Path("/usr/sbin/policy-rc.d"): ("#!/bin/sh\nexit 101\n", 0o755),
    Path("/etc/postgresql-common/createcluster.d/jobbergate.conf"): ("create_main_cluster = false\n", 0o644),
}


class InstallationError(Exception):
    """apt-get could not install what it was asked for."""


def packages_of(sets: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(package for name in sets for package in SETS[name]))


def missing(sets: Iterable[str]) -> list[str]:
    """The packages of these sets that are not installed, in the order given."""
    wanted = packages_of(sets)
    there = installed(wanted)
    return [package for package in wanted if package not in there]


def installed(packages: list[str]) -> set[str]:
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages]
    # It exits 1 when one of them is unknown, and lists the others.
    return names_of_installed(subprocess.run(query, capture_output=True, text=True, check=False).stdout)


def names_of_installed(listing: str) -> set[str]:
    """From lines of `name status`; a removed package that left its configuration behind is not installed."""
    rows = (line.split() for line in listing.splitlines())
    return {row[0] for row in rows if row[1:] == ["installed"]}


def known_to_apt(package: str) -> bool:
    query = ["apt-cache", "--quiet=0", "--no-all-versions", "show", package]
    return subprocess.run(query, capture_output=True, check=False).returncode == 0


def install(packages: list[str]) -> list[str]:
    """Installs what this distribution has of them; returns the others."""
    apt("update", must=False)
    available = [package for package in packages if known_to_apt(package)]
    if available:
        with ExitStack() as stack:
            for path, (text, mode) in DURING_INSTALLATION.items():
                stack.enter_context(file_for_now(path, text, mode))
            apt("install", "--yes", "--no-install-recommends", *available)
    return [package for package in packages if package not in available]


def apt(*arguments: str, must: bool = True) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*APT, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if must and done.returncode:
        raise InstallationError("\n".join(["apt-get failed:", *done.stdout.splitlines()[-15:]]))


@contextmanager
def file_for_now(path: Path, text: str, mode: int) -> Iterator[None]:
    """A file that exists inside the block; one that was there before stays as it is."""
    if path.exists():
        yield
        return
    new_directories = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        for directory in new_directories:
            if not any(directory.iterdir()):
                directory.rmdir()


def why_not(packages: list[str], *, has_apt: bool, is_root: bool) -> str | None:
    """The sentence for what cannot be installed; None where we may go on."""
    if not has_apt:
        return f"No apt-get here, so not looked for: {', '.join(packages)}."
    return None if is_root else f"Not root, so not installed: {', '.join(packages)}."


def provide(sets: list[str]) -> str | None:
    """Installs what is missing; or says what is left out, and why."""
    has_apt = bool(shutil.which("apt-get"))
    packages = missing(sets) if has_apt else packages_of(sets)
    if not packages:
        return None
    if reason := why_not(packages, has_apt=has_apt, is_root=os.geteuid() == 0):
        return reason
    say(f"Installing {', '.join(packages)}")
    unknown = install(packages)
    return f"This distribution has no package {', '.join(unknown)}: left out." if unknown else None


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main(sets: list[str]) -> int:
    if not sets or set(sets) - SETS.keys():
        say(f"Give one or more of: {', '.join(SETS)}.")
        return 2
    try:
        if sentence := provide(sets):
            say(sentence)
    except InstallationError as failure:
        say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
