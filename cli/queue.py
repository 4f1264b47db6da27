"""The rows of one squeue, found by job and by tag, and whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cli.slurm_text import Row

# As the server shows it in full.
Submission = dict[str, Any]

CLOCKS_DIFFER = 300


class Queue:
    """What squeue showed, once.

    Where it shows everybody's jobs, `user` says whose account the submission's would be: comments are there for all to
    read, and to copy into jobs of their own.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._by_job: dict[int, list[Row]] = defaultdict(list)
        self._by_tag: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self._by_job[row.job].append(row)
            if row.tag:
                self._by_tag[row.tag].append(row)

    def of(self, submission: Submission, user: str | None = None) -> list[Row]:
        """The rows of the submission's recorded job."""
        rows = self._by_job.get(submission["slurm_job_id"], [])
        return [row for row in rows if user in (None, row.user) and is_ours(row, submission)]

    def tagged(self, tag: str, user: str | None = None) -> list[int]:
        """Ids of the jobs that carry a tag: those not over first, then the lowest."""
        jobs = {row.job: row.is_over for row in self._by_tag.get(tag, []) if user in (None, row.user)}
        return sorted(jobs, key=lambda job: (jobs[job], job))

    def tags(self) -> Mapping[str, list[Row]]:
        return self._by_tag

    def is_held(self, job: int) -> bool:
        return any(row.is_held for row in self._by_job.get(job, []))


def is_ours(row: Row, submission: Submission) -> bool:
    """Whether a job in the queue is the submission's. Slurm uses ids again: after a reset, or past MaxJobId."""
    # A person named this job by its id, which is all that there is to go by.
    if not submission["tag"]:
        return True
    # The comment may have been changed by hand; the same id of the same second is the same job.
    return row.tag == submission["tag"] or row.submitted_at == seconds(submission["submitted_at"])


def is_our_record(row: Row, submission: Submission) -> bool:
    """The same for accounting, which need not keep comments: a job older than the submission is another one."""
    if not submission["tag"] or row.submitted_at is None:
        return True
    return row.submitted_at >= (seconds(submission["created_at"]) or 0) - CLOCKS_DIFFER


def seconds(text: str | None) -> float | None:
    """Epoch seconds of the server's ISO 8601."""
    return datetime.fromisoformat(text).timestamp() if text else None
