"""The program with a person at its terminal."""

import os
import pty
import select
import subprocess
import sys
import time

SECONDS = 60


def take_terminal() -> None:
    """The first terminal that a session's leader opens is its own: /dev/tty."""
    os.setsid()
    os.close(os.open(os.ttyname(0), os.O_RDWR))


def at_a_terminal(
    words: list[str], dialogue: list[tuple[str, str]], *, stdout: int | None = None, stderr: int | None = None
) -> tuple[str, int]:
    """What the terminal shows, and the exit code. The dialogue: what is typed when a text is shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *words],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs if stderr is None else stderr,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    shown, deadline, left = "", time.monotonic() + SECONDS, list(dialogue)
    while time.monotonic() < deadline:
        if left and left[0][0] in shown:
            os.write(ours, left.pop(0)[1].encode())
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            shown += os.read(ours, 4096).decode()
        except OSError:
            # The other side of the terminal is closed: the program has ended.
            break
    os.close(ours)
    return shown, process.wait(timeout=SECONDS)
