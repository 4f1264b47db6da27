"""Which submissions wait for which: ours by their ids, told to Slurm by its own.

Slurm takes a job that it does not know, or has forgotten, for one that completed. So it is told of jobs alone that have
not ended yet, as far as we know, and all else is decided here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from jobbergate.core.errors import Conflict, DomainError
from jobscripts.models import JobScript
from jobscripts.sbatch import directives
from submissions import states
from submissions.models import Dependency, JobSubmission

MOST = 50
Kind = Dependency.Kind


class BadDependency(DomainError):
    """It cannot wait for that one: not there, on another cluster, or ended in a way that it never can begin."""

    code = "bad_dependency"


class NotYet(Conflict):
    """What it waits for has no Slurm job yet that could be named to Slurm."""

    code = "not_yet"


@dataclass(frozen=True)
class Readiness:
    """What a submission's dependencies say of it now."""

    # For sbatch, behind all others.
    arguments: tuple[str, ...] = ()
    # It has to wait here still, and for which submissions.
    waits_for: tuple[int, ...] = ()
    # Why it can never begin; empty where it can.
    never: str = ""


# --- making ---------------------------------------------------------------------------------------------------------


def create(
    owner: User, job_script: JobScript, after_ok: Sequence[int] = (), after_any: Sequence[int] = (), **wanted: Any
) -> JobSubmission:
    """A submission that begins after others; one like any other where none are named."""
    kinds = kinds_of(after_ok, after_any)
    return after(owner, job_script, kinds, **wanted) if kinds else JobSubmission.create(owner, job_script, **wanted)


@transaction.atomic
def after(owner: User, job_script: JobScript, kinds: dict[int, Kind], **wanted: Any) -> JobSubmission:
    parents = locked_parents(owner, kinds)
    job_script.lock()
    submission = JobSubmission.prepared(owner, job_script, **wanted)
    if submission.slurm_job_id is not None:
        raise refusal("A job that Slurm has already waits for what it was told then; leave it out.", kinds.values())
    for number, kind in kinds.items():
        check(submission, parents[number], kind)
    submission.after_ok = [number for number, kind in kinds.items() if kind == Kind.AFTER_OK]
    submission.after_any = [number for number, kind in kinds.items() if kind == Kind.AFTER_ANY]
    submission.sbatch_arguments = with_own(submission.sbatch_arguments, job_script.read_entrypoint(), kinds.values())
    submission.save()
    Dependency.objects.bulk_create(
        Dependency(submission=submission, parent=parents[number], kind=kind) for number, kind in kinds.items()
    )
    return submission


def kinds_of(after_ok: Sequence[int], after_any: Sequence[int]) -> dict[int, Kind]:
    """Whoever completed has ended, so of both the first says more."""
    kinds = dict.fromkeys(after_any, Kind.AFTER_ANY) | dict.fromkeys(after_ok, Kind.AFTER_OK)
    if len(kinds) > MOST:
        raise refusal(f"It may wait for at most {MOST} submissions, and these are {len(kinds)}.", kinds.values())
    return kinds


def locked_parents(owner: User, kinds: dict[int, Kind]) -> dict[int, JobSubmission]:
    """So that none of them is deleted meanwhile; locked in one order."""
    visible = JobSubmission.objects.visible_to(owner).with_names().select_for_update(of=("self",))
    parents = {one.pk: one for one in visible.filter(pk__in=kinds).order_by("pk")}
    missing = sorted(set(kinds) - set(parents))
    if missing:
        raise refusal(f"There is no submission {listed(missing)} to wait for.", [kinds[one] for one in missing])
    return parents


def check(submission: JobSubmission, parent: JobSubmission, kind: str) -> None:
    if apart(submission, parent):
        words = f"Submission {parent.pk} is on {cluster_of(parent)}, and this one goes to {cluster_of(submission)}"
        raise refusal(f"{words}; Slurm lets jobs wait for those of their own cluster.", [kind])
    if spoilt(parent, kind):
        words = f"Submission {parent.pk} is {parent.status} and not completed, so this one would never begin"
        raise refusal(f"{words}; leave it out, or wait for its end however that is.", [kind])
    if submission.via == JobSubmission.Via.LOGIN_NODE and unclear(parent, kind):
        words = f"Submission {parent.pk} is {parent.status}, so there is nothing yet that Slurm could wait for"
        raise refusal(f"{words}; try again when Slurm has its job, or leave this one to the cluster's agent.", [kind])


def with_own(arguments: Sequence[str], script: str, kinds: Iterable[str]) -> list[str]:
    """The owner's own --dependency among the arguments, also where the script has it: ours goes with it."""
    given = own_dependency(directives.given(arguments))
    own = given if given is not None else own_dependency(directives.said_in(script))
    if own and "?" in own:
        words = f"--dependency={own} asks for any one of several, which cannot be had together with all of others"
        raise refusal(f"{words}; leave out one of the two.", kinds)
    # First, so that an option at the end that lacks its value does not take it.
    return [f"--dependency={own}", *arguments] if own and given is None else list(arguments)


def own_dependency(said: Iterable[Any]) -> str | None:
    return next((one.value or "" for one in reversed(list(said)) if one.name == "dependency"), None)


def refusal(words: str, kinds: Iterable[str]) -> BadDependency:
    fields = {"after_ok" if kind == Kind.AFTER_OK else "after_any" for kind in kinds}
    return BadDependency(words, {field: [words] for field in sorted(fields)})


# --- what can be said of it now -------------------------------------------------------------------------------------


def words_for(submissions: Iterable[JobSubmission]) -> dict[int, Readiness]:
    """By submission, in one query however many there are; those that wait for nothing are ready with no words."""
    waiting = list(submissions)
    found: dict[int, list[Dependency]] = defaultdict(list)
    depending = [one.pk for one in waiting if one.after_ok or one.after_any]
    if depending:
        rows = Dependency.objects.filter(submission__in=depending).select_related("parent__cluster")
        for row in rows.order_by("submission_id", "parent_id"):
            found[row.submission_id].append(row)
    return {one.pk: readiness(one, found[one.pk]) for one in waiting}


def readiness(submission: JobSubmission, rows: Sequence[Dependency]) -> Readiness:
    if why := never(submission, rows):
        return Readiness(never=why)
    if pending := tuple(row.parent_id for row in rows if unclear(row.parent, row.kind)):
        return Readiness(waits_for=pending)
    left = [row for row in rows if not row.parent.is_final]
    jobs = {kind: [str(row.parent.slurm_job_id) for row in left if row.kind == kind] for kind in Kind.values}
    ours = [":".join([kind, *ids]) for kind, ids in jobs.items() if ids]
    if not ours:
        return Readiness()
    own = own_dependency(directives.given(submission.sbatch_arguments))
    words = ",".join([own, *ours] if own else ours)
    # In this order: arguments that end in an option without its value take the first of them for that.
    return Readiness(arguments=("--kill-on-invalid-dep=yes", f"--dependency={words}"))


def never(submission: JobSubmission, rows: Iterable[Dependency]) -> str:
    rows = list(rows)
    for row in rows:
        if spoilt(row.parent, row.kind):
            return f"Submission {row.parent_id}, after whose completion it was to begin, is {row.parent.status}."
        if apart(submission, row.parent):
            return f"Submission {row.parent_id}, which it was to wait for, went to {cluster_of(row.parent)}."
    gone = sorted(set(submission.after_ok) - {row.parent_id for row in rows})
    return f"Submission {listed(gone)}, after whose completion it was to begin, was deleted." if gone else ""


def spoilt(parent: JobSubmission, kind: str) -> bool:
    return kind == Kind.AFTER_OK and parent.is_final and parent.status != states.COMPLETED


def unclear(parent: JobSubmission, kind: str) -> bool:
    """Slurm has no job for it, or knows it no more: that it completed would be a guess, that it ended is none."""
    if parent.is_final:
        return False
    return parent.slurm_job_id is None or (kind == Kind.AFTER_OK and parent.status == states.UNKNOWN)


def apart(submission: JobSubmission, parent: JobSubmission) -> bool:
    here, there = cluster_of(submission), cluster_of(parent)
    return bool(here and there) and here.casefold() != there.casefold()


def cluster_of(submission: JobSubmission) -> str:
    """As Slurm calls it, where that is known."""
    return submission.slurm_cluster or (submission.cluster.name if submission.cluster else "")


def listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


# --- the hand-over by a client --------------------------------------------------------------------------------------


def lease(submission: JobSubmission, *taken: Any) -> Readiness:
    """As `JobSubmission.lease`, and what its dependencies say; raises NotYet while it has to wait here."""
    ready = words_for([submission])[submission.pk]
    if ready.waits_for and submission.slurm_job_id is None and not submission.is_final:
        raise NotYet(f"It waits for submission {listed(ready.waits_for)}, of which Slurm knows no job.")
    submission.lease(*taken)
    return ready
