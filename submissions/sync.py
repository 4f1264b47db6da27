"""One round of an agent: what it has to tell, and what there is to do for it, in a fixed number of queries.

Each part is safe to be told twice: whoever lost the answer tells it again, and two agents of one cluster may.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.timezone import now

from jobbergate.core.saving import save_together
from submissions import reports, sweeps, taking
from submissions.clusters import Cluster
from submissions.dependencies import Readiness, words_for
from submissions.models import JobSubmission, JobSubmissionQuerySet
from submissions.wishes import Wish

MOST_WISHES = 100
MOST_TO_CANCEL = 500


@dataclass
class Round:
    """What the agent is told. Rows of submissions, complete."""

    # To be submitted, with the status before: `submitting` where somebody has tried already.
    taken: list[JobSubmission] = field(default_factory=list)
    # What sbatch has to be told besides, of those of them that begin after others.
    ready: dict[int, Readiness] = field(default_factory=dict)
    # After their jobs were recorded; where the row has another job, or is missing, the agent's was one too many.
    recorded: list[JobSubmission] = field(default_factory=list)
    to_cancel: list[JobSubmission] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    # Those that tags in the queue belong to.
    tagged: list[JobSubmission] = field(default_factory=list)
    # Of those that were reported: what there is nothing more to say of.
    settled: list[int] = field(default_factory=list)


def sync(user: User, cluster: Cluster, told: Mapping[str, Any]) -> Round:
    at = now()
    submissions = JobSubmission.objects.moved_by(user, cluster)
    if cluster.agent_id == user.pk:
        cluster.heard(told.get("facts") or {}, at)
    done = Round(settled=report(submissions, cluster, told.get("reports") or ()))
    if made := {one["id"]: one for one in told.get("recorded") or ()}:
        done.recorded = taking.record(submissions, cluster, made, at)
    if reasons := reasons_in(told.get("rejected")):
        taking.reject(submissions, reasons, at)
    if reasons := reasons_in(told.get("delayed")):
        taking.delay(submissions, reasons, at)
    if told.get("answers"):
        answer(submissions, told["answers"], at)
    if told.get("tags"):
        done.tagged = list(submissions.with_names().tagged(told["tags"]))
    holder, holding = told["holder"], told.get("holding") or ()
    done.to_cancel = to_cancel(submissions, holding)
    done.wishes = open_wishes(submissions, cluster, at)
    if holding:
        taking.keep(holding, holder, at)
    if told.get("take"):
        dead, without = told.get("dead") or (), told.get("without") or ()
        taken = taking.take(submissions, holder, told["take"], at, holding=holding, dead=dead, without=without)
        done.ready = words_for(taken)
        if never := {pk: ready.never for pk, ready in done.ready.items() if ready.never}:
            taking.reject(submissions, never, at)
        done.taken = [one for one in taken if not (done.ready[one.pk].never or done.ready[one.pk].waits_for)]
    return done


def report(submissions: JobSubmissionQuerySet, cluster: Cluster, told: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of those that have ended, or that are not there: nothing more has to be said of them."""
    if not told:
        return []
    found = reports.apply(told, submissions, cluster.name)
    ended = [one for one in found if one.is_final]
    sweeps.top_up(one.pk for one in ended if one.via == JobSubmission.Via.AGENT)
    missing = {one["id"] for one in told} - {one.pk for one in found}
    return sorted({one.pk for one in ended} | missing)


def reasons_in(told: Iterable[Mapping[str, Any]] | None) -> dict[int, str]:
    return {one["id"]: one["reason"] for one in told or ()}


def to_cancel(submissions: JobSubmissionQuerySet, holding: Collection[int]) -> list[JobSubmission]:
    """Any of them, where they are many: those that cannot be cancelled must not stand before the others for ever."""
    theirs = submissions.to_cancel().filter(Q(slurm_job_id__isnull=False) | Q(pk__in=holding))
    return list(theirs.with_names().order_by("?")[:MOST_TO_CANCEL])


def open_wishes(submissions: JobSubmissionQuerySet, cluster: Cluster, at: datetime) -> list[Wish]:
    wishes = Wish.objects.open(at).filter(cluster=cluster).order_by("pk")
    seen = wishes.filter(submission__in=submissions).select_related("submission__owner", "submission__cluster")
    return list(seen[:MOST_WISHES])


def answer(submissions: JobSubmissionQuerySet, told: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """The first answer counts."""
    by_wish = {one["wish"]: one for one in told}
    wishes = list(Wish.objects.filter(pk__in=by_wish, answered_at=None, submission__in=submissions))
    for wish in wishes:
        wish.fulfil(by_wish[wish.pk].get("answer") or {}, by_wish[wish.pk].get("error", ""), at)
    save_together(wishes, ["answer", "error", "answered_at"])
