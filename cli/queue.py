"""The rows of one squeue, found by job and by tag, and whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cli.slurm_text import Row, User

# As the server shows it in full.
Submission = dict[str, Any]


class Queue:
    """What squeue showed, once.

    Where it showed everybody's jobs, ask for one person's: a comment can be read and copied, and a job that a stranger
    gave our tag is none of ours.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._by_job: dict[int, list[Row]] = defaultdict(list)
        self._by_tag: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self._by_job[row.job].append(row)
            if row.tag:
                self._by_tag[row.tag].append(row)

    def of(self, submission: Submission, user: User = None) -> list[Row]:
        """The rows of the submission's recorded job."""
        rows = self._by_job.get(submission["slurm_job_id"], [])
        return [row for row in rows if row.is_of(user) and is_ours(row, submission)]

    def tagged(self, tag: str, user: User = None) -> list[int]:
        """Ids of the jobs that carry a tag: those not over first, then the lowest."""
        jobs = {row.job: row.is_over for row in self._by_tag.get(tag, []) if row.is_of(user)}
        return sorted(jobs, key=lambda job: (jobs[job], job))

    def tags(self) -> Mapping[str, list[Row]]:
        return self._by_tag

    def is_held(self, job: int) -> bool:
        return any(row.is_held for row in self._by_job.get(job, []))


def is_ours(row: Row, submission: Submission) -> bool:
    """Whether a job in the queue is the submission's. Slurm uses ids again: after a reset, or past MaxJobId."""
    at = row.submitted_at
    # A person named this job by its id: only what was there before it is surely another one.
    if not submission["tag"]:
        return at is None or at >= (seconds(submission["submitted_at"]) or 0)
    # The comment may have been changed by hand; the same id of the same second is the same job.
    return row.tag == submission["tag"] or at in known_times(submission)


def known_times(submission: Submission) -> set[float]:
    """When Slurm took the job in, the first time and the last."""
    return {at for name in ("submitted_at", "queued_at") if (at := seconds(submission[name])) is not None}


def seconds(text: str | None) -> float | None:
    """Epoch seconds of the server's ISO 8601."""
    return datetime.fromisoformat(text).timestamp() if text else None
