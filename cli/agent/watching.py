"""The jobs that Slurm has for submissions, and what of them the server has not been told yet.

Of ten thousand jobs most are as they were at the last look. Those cost a comparison, and nothing is sent of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cli.agent.looking import Look, UserOf
from cli.facts import Parts
from cli.observation import Books, parts_of, reports
from cli.queue import Queue, Submission
from cli.slurm_text import Row

if TYPE_CHECKING:
    from cli.slurm import Slurm

Report = dict[str, Any]
# A job that nobody knows is looked for again, and accounting need not hear of it every few seconds.
UNKNOWN_SECONDS = 60.0


class Watch:
    def __init__(self) -> None:
        self.rows: dict[int, Submission] = {}
        # By submission: what the queue showed, and what was said of it, the last time that something was.
        self._seen: dict[int, list[Row]] = {}
        self._said: dict[int, Report] = {}
        self._asked_at: dict[int, float] = {}

    def add(self, row: Submission) -> None:
        self.rows[row["id"]] = row

    def released(self, number: int) -> None:
        if number in self.rows:
            self.rows[number] = {**self.rows[number], "released": True}

    def drop(self, number: int) -> None:
        for known in (self.rows, self._seen, self._said, self._asked_at):
            known.pop(number, None)

    def due(self) -> list[Submission]:
        """Those that a look has to answer for now."""
        at = time.monotonic() - UNKNOWN_SECONDS
        return [row for number, row in self.rows.items() if self._asked_at.get(number, at) <= at]

    def changes(self, slurm: Slurm, found: Look, asked: list[Submission], user_of: UserOf) -> list[Report]:
        """Reports on what is not as it was said to be."""
        if found.queue is None:
            return []
        known = [(row, self._parts(row, found.queue.of(row, user_of(row)), found.books, user_of(row))) for row in asked]
        told = reports(slurm, ((row, parts) for row, parts in known if row["id"] in self.rows))
        at = time.monotonic()
        self._asked_at |= {one["id"]: at for one in told if one["state"] is None}
        return [one for one in told if one != self._said.get(one["id"])]

    def _parts(self, row: Submission, queued: list[Row], books: Books, user: int) -> Parts | None:
        number = row["id"]
        if queued and queued == self._seen.get(number) and not any(one.is_over for one in queued):
            return None
        self._seen[number] = queued
        return parts_of(row, queued, books, user)

    def said(self, report: Report) -> None:
        """The server has it."""
        number = report["id"]
        if number in self.rows:
            self._said[number] = report
            tasks = max(len(report.get("tasks") or ()), sum(self.rows[number]["tasks"].values()))
            row = {**self.rows[number], "tasks": {"known": tasks} if tasks else {}}
            self.rows[number] = row | ({"released": True} if report.get("released") else {})

    def forget_said(self, number: int) -> None:
        """It is told again."""
        self._seen.pop(number, None)
        self._said.pop(number, None)


def twins(row: Submission, queue: Queue, user: int) -> list[int]:
    """Held jobs with its tag that are not the recorded one: one too many each."""
    return [job for job in queue.tagged(row["tag"], user) if job != row["slurm_job_id"] and queue.is_held(job)]


def is_held_by_us(row: Submission, queued: list[Row]) -> bool:
    return any(one.is_held for one in queued) and not (row["released"] or row["hold"] or row["cancel_requested"])
