"""The submissions on their way into Slurm, each with the step that it is at.

| step | is | then |
|---|---|---|
| look | somebody has tried before, so its job may be in the queue | made, or submit |
| submit | its worker stages it and calls sbatch | made, doubt, silent, later, or rejected |
| doubt | sbatch refused it, and may be wrong: an id can be kept from us | made, or rejected |
| silent | nobody knows whether sbatch came through | made, or submit after a while |
| later | it cannot be staged for now | submit after a while |
| made | Slurm has a held job for it, which the server has not recorded yet | recorded, and released |
| rejected | it will not be submitted, which the server has not been told yet | over |

Of what is a stray, only its job is known, by the tag that it carries: it is looked for, and never submitted.

What the queue says counts only if it was asked after the step began.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from cli.agent.identity import Account
from cli.agent.pace import BackOff
from cli.queue import Submission

# A controller that hung may still find an sbatch of before in its mail when it answers squeue again.
MAIL_SECONDS = 20.0
FRESH_SECONDS = 30.0
# What takes longer does not keep others waiting.
SLOW_SECONDS = 30.0
CANCELLED = "Cancelled before it reached Slurm."
ASKING = ("look", "doubt", "silent")


@dataclass
class Handing:
    row: Submission
    account: Account
    step: str
    since: float = field(default_factory=time.monotonic)
    job: int | None = None
    directory: str = ""
    text: str = ""
    pause: BackOff = field(default_factory=lambda: BackOff(2.0, 60.0))
    due: float = 0.0
    is_stray: bool = False
    taken_at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> int:
        number: int = self.row["id"]
        return number

    def at(self, step: str, text: str = "") -> None:
        self.step, self.text, self.since = step, text, time.monotonic()

    def made(self, job: int, directory: str = "") -> None:
        self.at("made")
        self.job, self.directory = job, directory or self.directory

    def refused(self, text: str) -> None:
        self.at("rejected", text or "sbatch refused it and said nothing.")

    def wants_look(self) -> bool:
        return self.step in ASKING

    def looked(self, jobs: list[int], asked_at: float) -> None:
        """What the queue says of its tag, in answer to a question of that time."""
        if not self.wants_look() or asked_at <= self.since:
            return
        if jobs:
            self.made(jobs[0])
        elif self.is_stray:
            self.at("over")
        elif self.row["cancel_requested"]:
            self.refused(CANCELLED)
        elif self.step == "doubt":
            self.refused(self.text)
        elif self.step == "look" or asked_at - self.since > MAIL_SECONDS:
            self.at("submit")

    def put_off(self, text: str) -> None:
        self.at("later", text)
        self.due = self.since + self.pause.failed()

    @property
    def is_slow(self) -> bool:
        return self.step == "later" or time.monotonic() - self.taken_at > SLOW_SECONDS

    def is_due(self) -> bool:
        return self.step == "later" and (time.monotonic() >= self.due or self.row["cancel_requested"])

    def is_stale(self) -> bool:
        """To be submitted with words about other jobs that may not hold any more; the server gives it anew."""
        depends = self.row["after_ok"] or self.row["after_any"]
        return self.step == "submit" and bool(depends) and time.monotonic() - self.taken_at > FRESH_SECONDS

    def told(self) -> dict[str, Any]:
        """As the server records it."""
        place = {"execution_directory": self.directory} if self.directory else {}
        return {"id": self.id, "slurm_job_id": self.job, **place}
