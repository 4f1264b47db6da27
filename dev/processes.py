"""Daemons of our own: started into a session of their own, found again by their pid file, stopped by their pid.

A pid file holds the pid and the process's start time, since pids come back: a file that outlived a reboot must never
lead to somebody else's process.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, TypedDict

SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Daemons do not inherit ours, which may hold secrets.
ENVIRONMENT = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8"}
# Processes that outlive us on purpose; Python would warn when it forgot one that still runs.
_children: list[subprocess.Popen[bytes]] = []


class UnavailableError(Exception):
    """Something cannot be started here, and why."""


class DaemonError(Exception):
    """A daemon died or was not ready in time; the message ends with the end of its log."""


def started_at(pid: int) -> str | None:
    """When a living process began, in the system's own words; None when there is none, or only its zombie."""
    if not Path("/proc/self/stat").exists():
        return _started_at_by_ps(pid)
    try:
        # Behind the name in parentheses, which may hold anything: state is the first field, start time the twentieth.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _started_at_by_ps(pid: int) -> str | None:
    """The same where there is no /proc (macOS)."""
    done = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, start = done.stdout.strip().partition(" ")
    return start.strip() if start and not state.startswith("Z") else None


class Account(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def as_user(name: str) -> Account:
    """What a subprocess needs to run as somebody else; nothing for no name. Only root may."""
    if not name:
        return {}
    account = pwd.getpwnam(name)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@dataclass(frozen=True)
class Daemon:
    """One process with `NAME.pid` and `NAME.log` in a directory."""

    name: str
    directory: Path

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"

    def pid(self) -> int | None:
        """The pid while it runs, else None."""
        try:
            pid, _, start = self.pid_file.read_text().strip().partition(" ")
        except FileNotFoundError:
            return None
        return int(pid) if start and started_at(int(pid)) == start else None

    def start(
        self, command: Sequence[str | Path], *, user: str = "", environment: Mapping[str, str], cwd: str | Path = "/"
    ) -> bool:
        """False when it runs already. `user` is for root, who may start it as somebody else."""
        if self.pid():
            return False
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=cwd,
                env=dict(environment),
                **as_user(user),
            )
        _children.append(process)
        self.pid_file.write_text(f"{process.pid} {started_at(process.pid) or ''}\n")
        return True

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.pid():
                raise DaemonError(f"{self.name} died. {self._end_of_log()}")
            if time.monotonic() > deadline:
                raise DaemonError(f"{self.name} was not ready after {seconds:g} s. {self._end_of_log()}")
            time.sleep(0.02)

    def stop(self, grace: float = 20, first: signal.Signals = signal.SIGTERM) -> bool:
        """Asks with the first signal, kills after `grace` seconds. False when it did not run."""
        pid = self.pid()
        if pid:
            end([pid], grace, first)
        # One that we started ourselves is a zombie until somebody asks how it ended.
        _children[:] = [child for child in _children if child.poll() is None]
        self.pid_file.unlink(missing_ok=True)
        return bool(pid)

    def pause(self) -> None:
        """Stops it in its tracks: it holds its sockets and answers nobody."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        pid = self.pid()
        if not pid:
            raise DaemonError(f"{self.name} does not run.")
        os.kill(pid, number)

    def _end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:] if self.log.exists() else []
        return "\n".join([f"{self.log} ends:", *lines])


def end(pids: Iterable[int], grace: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Asks these processes to end, paused ones too; kills those that still run after `grace` seconds."""
    living = {pid: start for pid in pids if (start := started_at(pid))}
    for number, patience in ((first, grace), (signal.SIGKILL, 5.0)):
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
                os.kill(pid, signal.SIGCONT)
        deadline = time.monotonic() + patience
        while living and time.monotonic() < deadline:
            living = {pid: start for pid, start in living.items() if started_at(pid) == start}
            time.sleep(0.01)


Command = tuple[Sequence[str], Mapping[str, str]]


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs a command in the foreground, for its exit code; a signal to us is passed on, and we wait for its end."""
    codes, _ = side_by_side([(command, environment)])
    return codes[0]


def run_together(commands: Sequence[Command]) -> list[int]:
    """Runs commands side by side, each with its environment, for their exit codes.

    A signal to us ends all of them, and then us. The first one is seen to work; what another one says is kept, and
    shown when those before it have ended.
    """
    codes, received = side_by_side(commands)
    if received:
        signal.raise_signal(received[0])
    return codes


def side_by_side(commands: Sequence[Command]) -> tuple[list[int], list[int]]:
    """Their exit codes, and the signals that were passed on to them."""
    children: list[subprocess.Popen[bytes]] = []
    received: list[int] = []
    early: list[int] = []
    all_there = False

    def pass_on(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if all_there:
            tell(children, number)
        else:
            early.append(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with ExitStack() as kept:
            said = [kept.enter_context(tempfile.TemporaryFile()) for _ in commands[1:]]
            for (command, environment), file in zip(commands, [None, *said], strict=True):
                error = subprocess.STDOUT if file else None
                children.append(subprocess.Popen(command, env=dict(environment), stdout=file, stderr=error))
            all_there = True
            for number in early:
                tell(children, number)
            codes = [children[0].wait()]
            codes += [show_until_end(child, file) for child, file in zip(children[1:], said, strict=True)]
    except BaseException:
        tell(children, signal.SIGTERM)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    # As a shell says it: 128 and the number of the signal.
    return [128 - code if code < 0 else code for code in codes], received


def tell(children: Iterable[subprocess.Popen[bytes]], number: int) -> None:
    # A terminal has already sent its Ctrl-C to the children as well.
    if number != signal.SIGINT or not sys.stdin.isatty():
        for child in children:
            child.send_signal(number)


def show_until_end(child: subprocess.Popen[bytes], file: IO[bytes]) -> int:
    """Its exit code. The file is where the child writes, so it is read without moving that place."""
    shown, code = 0, None
    while code is None:
        code = child.poll()
        while text := os.pread(file.fileno(), 65536, shown):
            shown += len(text)
            sys.stdout.buffer.write(text)
            sys.stdout.flush()
        if code is None:
            time.sleep(0.05)
    return code


def end_in_order() -> None:
    """From here on other signals to end unwind the stack as Ctrl-C does, so that what was started is stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))
