"""How often somebody is asked, and how long one waits for somebody who does not answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cli.errors import Unreachable
from cli.slurm import SlurmSilent

T = TypeVar("T")

# At least so many times the time that the last query took is left to Slurm for other things.
REST = 5
SLOWER = 1.5


@dataclass
class Pace:
    """Of questions to Slurm: fast while things change, ever slower while they do not. All in seconds."""

    floor: float
    ceiling: float
    pause: float = 0.0

    def after(self, duration: float, *, changed: bool) -> float:
        """The pause after a question that took so long."""
        least = max(self.floor, REST * duration)
        slower = min(self.pause * SLOWER, self.ceiling)
        self.pause = max(least, 0.0 if changed else slower)
        return self.pause

    @property
    def most_a_minute(self) -> float:
        return 60 / self.floor


@dataclass
class BackOff:
    """Between attempts that fail: doubling, with jitter, so that many agents do not come back at the same moment."""

    shortest: float
    longest: float
    attempts: int = 0

    def failed(self) -> float:
        bound: float = min(self.shortest * 2.0**self.attempts, self.longest)
        self.attempts = min(self.attempts + 1, 30)
        return bound * random.uniform(0.5, 1.0)  # noqa: S311  (no secret)

    def worked(self) -> None:
        self.attempts = 0


def patiently(attempt: Callable[[], T], pause: BackOff, talk: Callable[[str], None]) -> T:
    """Until it works: an agent begins before its server and its Slurm do, after a power cut for one."""
    while True:
        try:
            found = attempt()
        except (Unreachable, SlurmSilent) as problem:
            talk(f"It is tried again: {problem}")
            time.sleep(pause.failed())
        else:
            pause.worked()
            return found
