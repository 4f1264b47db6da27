"""One look at Slurm: one squeue for everybody, one sacct for what has left the queue or ended.

It takes as long as Slurm takes, so it has a thread of its own. It is given the rows as they were when it began, and
says when that was: what was done since is not judged by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.cluster_facts import counts, facts
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
    # About the cluster; empty where nobody wanted them.
    facts: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""


def look(
    slurm: Slurm, watched: Sequence[Submission], user_of: UserOf, *, everybody: bool, with_facts: bool = False
) -> Look:
    began = time.monotonic()
    try:
        rows = slurm.squeue(everybody=everybody)
        queue = Queue(rows)
        asked = [one for one in watched if wants_record(one, queue.of(one, user_of(one)))]
        found = books(slurm, asked, queue, user_of=user_of, patience=0.0)
        known = facts(slurm, counts(rows)) if with_facts else {}
    except CliError as problem:
        return Look(began, time.monotonic() - began, text=str(problem))
    return Look(began, time.monotonic() - began, queue, found, known)
