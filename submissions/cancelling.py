"""Many submissions cancelled at once, in a fixed number of queries; `JobSubmission.cancel` is the same for one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.timezone import now

from submissions import states
from submissions.models import CANCELLED_HERE, JobSubmission, JobSubmissionQuerySet, SubmissionEvent

MOST = 500


@dataclass
class Cancelled:
    done: list[JobSubmission] = field(default_factory=list)
    # By id, why not.
    refused: dict[int, str] = field(default_factory=dict)
    # Of those that were asked for, how many are for another request.
    left: int = 0


def these(submissions: JobSubmissionQuerySet, ids: Sequence[int]) -> Cancelled:
    """Those of `submissions` with these ids; whoever is not among them is not there."""
    made = cancel(submissions.filter(pk__in=ids))
    there = {one.pk for one in made.done} | set(made.refused)
    made.refused |= {number: "Not found." for number in ids if number not in there}
    return made


def selected(submissions: JobSubmissionQuerySet) -> Cancelled:
    """Of all that are not cancelled yet, the oldest, and how many are left."""
    wanted = submissions.unfinished().filter(cancel_requested=False)
    made = cancel(JobSubmission.objects.filter(pk__in=list(wanted.order_by("pk").values_list("pk", flat=True)[:MOST])))
    made.left = wanted.count()
    return made


@transaction.atomic
def cancel(submissions: JobSubmissionQuerySet) -> Cancelled:
    """At once what nobody has taken; the others by a mark that whoever speaks to Slurm for them obeys."""
    at, made = now(), Cancelled()
    # Locked, so that nobody takes one meanwhile; in one order, so that two who do this wait for each other.
    found = list(submissions.with_names().select_for_update(of=("self",)).order_by("pk"))
    made.refused = {one.pk: f"It is {one.status} already." for one in found if one.is_final}
    made.done = [one for one in found if not one.is_final]
    here = [one for one in made.done if one.status == states.CREATED]
    marked = [one for one in made.done if one.status != states.CREATED]
    JobSubmission.objects.filter(pk__in=[one.pk for one in here]).update(
        status=states.CANCELLED, reason=CANCELLED_HERE, ended_at=at, updated_at=at
    )
    JobSubmission.objects.filter(pk__in=[one.pk for one in marked]).update(cancel_requested=True, updated_at=at)
    change = {"at": at, "old_status": states.CREATED, "new_status": states.CANCELLED, "reason": CANCELLED_HERE}
    SubmissionEvent.objects.bulk_create(SubmissionEvent(submission=one, **change) for one in here)
    for one in here:
        one.status, one.reason, one.ended_at, one.updated_at = states.CANCELLED, CANCELLED_HERE, at, at
    for one in marked:
        one.cancel_requested, one.updated_at = True, at
    return made
