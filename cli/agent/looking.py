"""One look at Slurm: one squeue for everybody, one sacct for what has left the queue or ended.

It takes as long as Slurm takes, so it has a thread of its own. It is given the rows as they were when it began, and
says when that was: what was done since is not judged by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli.errors import CliError
from cli.facts import wants_record
from cli.observation import Books, books
from cli.queue import Queue, Submission

if TYPE_CHECKING:
    from cli.slurm import Slurm

UserOf = Callable[[Submission], int]


@dataclass(frozen=True)
class Look:
    """`queue` is None where Slurm was silent, and `text` says how."""

    began: float
    seconds: float
    queue: Queue | None = None
    books: Books = field(default_factory=Books)
    text: str = ""


def look(slurm: Slurm, watched: Sequence[Submission], user_of: UserOf, *, everybody: bool) -> Look:
    began = time.monotonic()
    try:
        queue = Queue(slurm.squeue(everybody=everybody))
        asked = [one for one in watched if wants_record(one, queue.of(one, user_of(one)))]
        found = books(slurm, asked, queue, user_of=user_of, patience=0.0)
    except CliError as problem:
        return Look(began, time.monotonic() - began, text=str(problem))
    return Look(began, time.monotonic() - began, queue, found)
