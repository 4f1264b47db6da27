"""Which of accounting's records are of a submission's own job. Pure.

Slurm queues one job several times under one id, and gives an id to another job later, after a reset or past MaxJobId.
Both have a record a time. What follows upon a run that ended as requeued, preempted or with its node is the same job;
what follows upon any other end is another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cli.queue import Submission, known_times, seconds
from cli.slurm_text import Row, User

# Measured: an ended job that is requeued becomes REQUEUED in the books, one that was preempted or lost its node keeps
# that word, and one that gave nodes back goes on under a new submit time.
CONTINUED = frozenset({"REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESIZING", "PREEMPTED", "NODE_FAIL"})
# Until the next run is queued the last of its nodes has to be cleaned up. No id comes round as fast as that.
LONGEST_GAP = 24 * 3600
CLOCKS_DIFFER = 300


def own_records(records: Iterable[Row], submission: Submission, user: User = None) -> list[Row]:
    """The record of the last run of each part of the submission's job."""
    by_part: dict[int, list[Row]] = defaultdict(list)
    for record in records:
        if record.submitted_at is not None and record.is_of(user):
            for part in record.parts:
                by_part[part].append(record)
    last = (_last_run(of_part, submission) for of_part in by_part.values())
    return list(dict.fromkeys(record for record in last if record is not None))


def _last_run(records: Iterable[Row], submission: Submission) -> Row | None:
    jobs = told_apart(records)
    if times := known_times(submission) if submission["queued_at"] else None:
        return next((runs[-1] for runs in jobs if any(run.submitted_at in times for run in runs)), None)
    if not submission["tag"]:
        # A person named a job by its id alone: they mean the one that has it now.
        return jobs[-1][-1]
    created = (seconds(submission["created_at"]) or 0) - CLOCKS_DIFFER
    return next((runs[-1] for runs in jobs if (runs[0].submitted_at or 0) >= created), None)


def told_apart(records: Iterable[Row]) -> list[list[Row]]:
    """Records under one id as the runs of one job after the other, the oldest first."""
    jobs: list[list[Row]] = []
    for record in sorted(records, key=lambda row: row.submitted_at or 0):
        if jobs and _follows(jobs[-1], record):
            jobs[-1].append(_as_queued(record, jobs[-1][-1]))
        else:
            jobs.append([record])
    return jobs


def _follows(runs: Sequence[Row], record: Row) -> bool:
    last = runs[-1]
    same = last.state in CONTINUED and last.uid == record.uid and last.user == record.user
    return same and (record.submitted_at or 0) - (last.ended_at or 0) <= LONGEST_GAP


def _as_queued(record: Row, before: Row) -> Row:
    """A job that gave nodes back was not queued again, whatever the books say."""
    return replace(record, submitted_at=before.submitted_at) if before.state == "RESIZING" else record
