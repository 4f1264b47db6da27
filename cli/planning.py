"""What there is to do for submissions, given what the queue shows. Pure: rows in, plan out.

| recorded | in the queue | then |
|---|---|---|
| no | its tag, on one or more jobs | take in the first; once it is recorded, the others are seen to |
| no | nothing, and nobody is at it any more | hand over (again) |
| no | nothing, and somebody may be at it | leave it |
| yes | its job, held by us | let it go |
| yes | its job, and the owner wants it cancelled | cancel |
| yes | another held job with its tag | cancel that one |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cli.queue import Queue, Submission, seconds
from cli.slurm_text import User

# host/pid/start time, tag → whether nobody can be submitting it any more.
IsDead = Callable[[str, str], bool]
# Whose a submission's job has to be.
UserOf = Callable[[Submission], User]


def anybody(_submission: Submission) -> User:
    """For a queue of one person's jobs."""
    return None


@dataclass
class Plan:
    # Pairs of a submission and its job.
    adopt: list[tuple[Submission, int]] = field(default_factory=list)
    release: list[Submission] = field(default_factory=list)
    # Submissions, and the holder to take over from ("" where there is none, or its lease has run out).
    hand_over: list[tuple[Submission, str]] = field(default_factory=list)
    # Jobs.
    cancel: list[int] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.adopt or self.release or self.hand_over or self.cancel)


def plan(
    submissions: Iterable[Submission],
    queue: Queue,
    *,
    is_dead: IsDead,
    host: str,
    at: float,
    user_of: UserOf = anybody,
) -> Plan:
    """`host` is this machine's name, and `at` the time in seconds since 1970."""
    made = Plan()
    for submission in submissions:
        if submission["slurm_job_id"] is None:
            jobs = queue.tagged(submission["tag"], user_of(submission))
            _plan_unrecorded(made, submission, jobs, is_dead, _is_abandoned(submission, host, at))
        else:
            _plan_recorded(made, submission, queue, user_of(submission))
    return made


def _plan_unrecorded(
    made: Plan, submission: Submission, jobs: Sequence[int], is_dead: IsDead, is_abandoned: bool
) -> None:
    if jobs:
        made.adopt.append((submission, jobs[0]))
    elif submission["status"] == "created":
        made.hand_over.append((submission, ""))
    elif is_dead(submission["lease_holder"], submission["tag"]):
        made.hand_over.append((submission, submission["lease_holder"]))
    elif is_abandoned:
        made.hand_over.append((submission, ""))


def _is_abandoned(submission: Submission, host: str, at: float) -> bool:
    """Whether a lease has run out that was for this Slurm, as far as one can tell.

    Where the cluster is not known, another machine's may have been for another one, which may hold its job.
    """
    this_slurm = submission["slurm_cluster"] or submission["lease_holder"].startswith(f"{host}/")
    return bool(this_slurm) and (seconds(submission["leased_until"]) or 0) < at


def _plan_recorded(made: Plan, submission: Submission, queue: Queue, user: User) -> None:
    recorded = submission["slurm_job_id"]
    # Only those that wait to be let go: what somebody released by hand is not ours to end.
    others = [job for job in queue.tagged(submission["tag"], user) if job != recorded]
    made.cancel += [job for job in others if queue.is_held(job)]
    rows = queue.of(submission, user)
    if submission["cancel_requested"] and not all(row.is_over for row in rows):
        made.cancel.append(recorded)
    elif any(row.is_held for row in rows) and not (submission["released"] or submission["hold"]):
        made.release.append(submission)
