"""What an agent takes of the submissions that wait, and what came of each: all of them in a fixed number of queries.

`JobSubmission.lease`, `record` and `reject` are the same steps for one submission, taken by a client on a login node.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum

from jobbergate.core.saving import save_together
from jobscripts.files import JobScriptFile
from submissions import states
from submissions.clusters import Cluster
from submissions.models import Dependency, JobSubmission, JobSubmissionQuerySet, SubmissionEvent

# Files go along with what is taken; of more than this only the first submission's.
MOST_BYTES = 8 * 1024 * 1024
MOST = 100
RECORDED = (
    "slurm_job_id", "slurm_cluster", "execution_directory", "released", "status", "reason", "submitted_at",
    "updated_at",
)  # fmt: skip


@transaction.atomic
def take(
    submissions: JobSubmissionQuerySet,
    holder: str,
    most: int,
    at: datetime,
    *,
    holding: Collection[int] = (),
    dead: Collection[str] = (),
    without: Collection[str] = (),
) -> list[JobSubmission]:
    """Leases to `holder`, oldest first: what nobody has, what nobody has any more, and what it has without knowing.

    `holding` is what it knows to have: an answer that was lost on its way leaves it with more. `dead` are holders that
    it knows to be no more, `without` owners of whom it has enough. `JobSubmission.status` is the one before:
    `submitting` says that somebody has tried already.
    """
    theirs = Q(leased_until__lt=at) | Q(lease_holder__in=dead) | Q(lease_holder=holder)
    waiting = (
        submissions.filter(Q(status=states.CREATED) | Q(theirs, status=states.SUBMITTING), via=JobSubmission.Via.AGENT)
        .filter(slurm_job_id=None)
        .exclude(pk__in=holding)
        .exclude(owner__username__in=without)
        .exclude(Exists(waits_for()))
        .with_names()
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("pk")[: min(most, MOST)]
    )
    taken = within_bytes(list(waiting))
    lease(taken, holder, at)
    return taken


def waits_for() -> Any:
    """Another one that Slurm has no job for yet, or that nobody knows whether it completed."""
    unclear = Q(parent__status__in=states.WAITING) | Q(kind=Dependency.Kind.AFTER_OK, parent__status=states.UNKNOWN)
    return Dependency.objects.filter(unclear, submission=OuterRef("pk"))


def within_bytes(waiting: list[JobSubmission]) -> list[JobSubmission]:
    """As many as their files may be sent together, and the first in any case."""
    if not waiting:
        return []
    files = JobScriptFile.objects.filter(script_id__in={one.job_script_id for one in waiting}).order_by()
    sizes = dict(files.values_list("script_id").annotate(Sum("size")))
    left = MOST_BYTES
    for number, one in enumerate(waiting):
        left -= sizes.get(one.job_script_id, 0)
        if left < 0 and number:
            return waiting[:number]
    return waiting


def lease(taken: Iterable[JobSubmission], holder: str, at: datetime) -> None:
    taken = list(taken)
    if not taken:
        return
    until = at + settings.LEASE
    JobSubmission.objects.filter(pk__in=[one.pk for one in taken]).update(
        status=states.SUBMITTING, lease_holder=holder, leased_until=until, updated_at=at
    )
    SubmissionEvent.objects.bulk_create(
        changed(one, states.SUBMITTING, f"Taken by {holder}.", at) for one in taken if one.status == states.CREATED
    )
    for one in taken:
        one.lease_holder, one.leased_until = holder, until


def keep(holding: Collection[int], holder: str, at: datetime) -> None:
    """Longer, what it still has: Slurm may be silent for longer than a lease lasts."""
    half = at + settings.LEASE / 2
    JobSubmission.objects.filter(pk__in=holding, lease_holder=holder, leased_until__lt=half).update(
        leased_until=at + settings.LEASE
    )


@transaction.atomic
def record(
    submissions: JobSubmissionQuerySet, cluster: Cluster, made: Mapping[int, Mapping[str, Any]], at: datetime
) -> list[JobSubmission]:
    """The rows afterwards. Only one job is ever recorded for each, and only a recorded one is ever released."""
    found = locked(submissions, made)
    free = [one for one in found if one.slurm_job_id is None and one.status in states.WAITING]
    events = []
    for one in free:
        job = made[one.pk]["slurm_job_id"]
        events.append(changed(one, states.PENDING, f"Slurm job {job} on {cluster.name}, held.", at))
        one.slurm_job_id, one.slurm_cluster, one.released = job, cluster.name, one.hold
        one.execution_directory = one.execution_directory or made[one.pk].get("execution_directory", "")
        one.status, one.reason, one.submitted_at, one.updated_at = states.PENDING, "JobHeldUser", at, at
    save_together(free, RECORDED)
    SubmissionEvent.objects.bulk_create(events)
    return found


@transaction.atomic
def reject(submissions: JobSubmissionQuerySet, reasons: Mapping[int, str], at: datetime) -> None:
    """What Slurm refused, or what was cancelled before it got there."""
    free = [one for one in locked(submissions, reasons) if one.slurm_job_id is None and one.status in states.WAITING]
    events = []
    for one in free:
        status = states.CANCELLED if one.cancel_requested else states.REJECTED
        events.append(changed(one, status, reasons[one.pk], at))
        one.status, one.reason, one.ended_at, one.updated_at = status, reasons[one.pk], at, at
    save_together(free, ["status", "reason", "ended_at", "updated_at"])
    SubmissionEvent.objects.bulk_create(events)


@transaction.atomic
def delay(submissions: JobSubmissionQuerySet, reasons: Mapping[int, str], at: datetime) -> None:
    """What is in the way of a hand-over for now; it is tried again."""
    waiting = [
        one for one in locked(submissions, reasons) if one.status == states.SUBMITTING and one.reason != reasons[one.pk]
    ]
    for one in waiting:
        one.reason, one.updated_at = reasons[one.pk], at
    save_together(waiting, ["reason", "updated_at"])


def locked(submissions: JobSubmissionQuerySet, keys: Iterable[int]) -> list[JobSubmission]:
    """In one order, so that two who lock the same rows wait for each other and do not for ever."""
    return list(submissions.with_names().select_for_update(of=("self",)).filter(pk__in=list(keys)).order_by("pk"))


def changed(submission: JobSubmission, status: str, reason: str, at: datetime) -> SubmissionEvent:
    return SubmissionEvent(submission=submission, at=at, old_status=submission.status, new_status=status, reason=reason)
