"""The terminal of the person who called, and a question to them that is answered with yes or no."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from cli.errors import CliError

TERMINAL = Path("/dev/tty")
YES, NO = ("y", "yes"), ("", "n", "no")


@contextmanager
def terminal(*, instead: str) -> Iterator[TextIO]:
    """Standard error, or, where that goes to a file, the terminal all the same: a question has to be seen."""
    if sys.stderr.isatty():
        yield sys.stderr
        return
    try:
        stream = TERMINAL.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError:
        raise CliError(f"There is no terminal to ask on; use {instead}.") from None
    with stream:
        yield stream


def confirmed(question: str, stream: TextIO) -> bool:
    """Ctrl-D is click.Abort. Unlike click's own, this writes nothing to standard output, which is for data."""
    while True:
        stream.write(f"{question} [y/N]: ")
        stream.flush()
        line = sys.stdin.readline()
        if not line:
            raise click.Abort
        if (word := line.strip().lower()) in YES + NO:
            return word in YES
