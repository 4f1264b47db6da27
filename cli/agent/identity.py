"""As whom a submission runs: its owner's account on this machine, and never root's or a system's.

`start_as` is the only place where this program becomes somebody else.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CliError, UsageProblem

MIN_UID = 1000
REMEMBERED = 60.0
# `nobody` of Linux, and what uids that cannot be shown turn into.
NOBODYS = (65534, 65535, 2**32 - 2, 2**32 - 1)
PATH = "/usr/local/bin:/usr/bin:/bin"


class NoAccount(CliError):
    """Nobody here that the owner's jobs could run as; the text says why, to the owner."""


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str
    shell: str

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """What a job begins with: as after a login, and of the agent's own only where its Slurm is."""
        plain = {
            "HOME": self.home,
            "USER": self.name,
            "LOGNAME": self.name,
            "SHELL": self.shell,
            "PATH": path_to_slurm(ours),
            "LANG": "C.UTF-8",
        }
        # Slurm's own commands find their cluster by it, where it is not in /etc/slurm.
        return plain | ({"SLURM_CONF": ours["SLURM_CONF"]} if ours.get("SLURM_CONF") else {})


# For what is submitted as nobody at all.
NOBODY = Account("nobody", NOBODYS[0], NOBODYS[0], (), "/", "/bin/false")


def path_to_slurm(ours: Mapping[str, str]) -> str:
    """The plain path, and where the agent finds Slurm if that is elsewhere."""
    sbatch = shutil.which("sbatch", path=ours.get("PATH"))
    place = str(Path(sbatch).parent) if sbatch else ""
    return PATH if not place or place in PATH.split(":") else f"{place}:{PATH}"


class Accounts:
    """Whose account whose submissions run as: of the same name, or as a file maps them."""

    def __init__(self, names: Mapping[str, str] | None = None, min_uid: int = MIN_UID) -> None:
        self._names = names
        self._min_uid = min_uid
        self._known: dict[str, tuple[float, Account]] = {}

    def of(self, owner: str) -> Account:
        """Raises NoAccount. What the system said is remembered for a minute: it may have to ask a directory for it."""
        asked_at, known = self._known.get(owner, (0.0, None))
        if known is None or time.monotonic() - asked_at > REMEMBERED:
            known = self._of(owner)
            self._known[owner] = time.monotonic(), known
        return known

    def _of(self, owner: str) -> Account:
        name = owner if self._names is None else self._names.get(owner)
        if name is None:
            raise NoAccount(f"{owner} is not in the map of this cluster's accounts; ask its operators.")
        account = account_of(name)
        if account.uid < max(self._min_uid, 1) or account.uid in NOBODYS or account.gid == 0:
            raise NoAccount(f"{name} is a system account of this cluster, as which no job is submitted.")
        return account


class OnlyMe(Accounts):
    """For `jobbergate agent --mine`: everything runs as whoever runs the agent, and nobody becomes anybody."""

    def _of(self, owner: str) -> Account:
        account = account_of(pwd.getpwuid(os.getuid()).pw_name)
        if account.uid == 0:
            raise NoAccount("No job is submitted as root.")
        return account


def account_of(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    except (KeyError, ValueError, UnicodeError):
        raise NoAccount(f"There is no account {name!r} on this cluster.") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, tuple(groups), entry.pw_dir, entry.pw_shell)


def read_map(path: Path) -> dict[str, str]:
    """Name at the server → account, from lines `alice@example.org: alice`; `#` begins a comment."""
    with path.open(encoding="utf-8") as file:
        refuse_writable(path, os.fstat(file.fileno()))
        lines = file.read().splitlines()
    names: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        owner, colon, account = (piece.strip() for piece in text.rpartition(":"))
        if not (owner and colon and account) or owner in names:
            raise UsageProblem(f"{path}, line {number}: give `name at the server: account`, each name once.")
        names[owner] = account
    return names


def refuse_writable(path: Path, found: os.stat_result) -> None:
    """Whoever can write the map can run jobs as anybody. Asked of the open file, in whose place nobody puts another."""
    if found.st_uid not in (0, os.getuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UsageProblem(f"{path} can be written by others; it has to be root's (or yours) and theirs to read only.")


def start_as(account: Account, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process with the uid, the gid and the groups of an account, and no way back.

    It gets this environment and no other, no descriptor of ours but the pipes, and a session of its own, so that a
    Ctrl-C that is meant for us leaves it what it is at. Root is refused here too, whatever the caller has checked.
    """
    if account.uid == 0 or account.gid == 0:
        raise NoAccount("Nothing is done as root on somebody's behalf.")
    own = os.getuid() == account.uid
    return subprocess.Popen(
        list(command),
        # Groups are set before the gid, and the gid before the uid, real, effective and saved.
        user=None if own else account.uid,
        group=None if own else account.gid,
        extra_groups=None if own else account.groups,
        env=dict(environment),
        cwd="/",
        umask=0o022,
        close_fds=True,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
