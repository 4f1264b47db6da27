"""The scripts of a sweep to Slurm together, as arrays or as single jobs.

What makes submissions holds a lock on the sweep, so that two who ask at the same moment make none twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from jobbergate.core.errors import DomainError, NotThere
from jobscripts import arrays, points
from jobscripts.models import JobScript
from jobscripts.sbatch.directives import BadParameter
from jobscripts.sweeps import Sweep
from submissions import states
from submissions.clusters import the_only_cluster
from submissions.launching import Destination, as_arrays
from submissions.models import AlreadyFinal, JobSubmission, SubmissionEvent, check_directory
from submissions.progress import Last, last_of_points, submissions_of

# What Slurm's own MaxArraySize is, where slurm.conf says nothing.
MAX_ARRAY_SIZE = 1001
AT_ONCE = 500
CANCELLED = "Cancelled before it reached Slurm."


@dataclass(frozen=True)
class Made:
    """What a request made, and how many points still wait for room in the queue."""

    submissions: list[JobSubmission] = field(default_factory=list)
    left: int = 0


@transaction.atomic
def submit(
    sweep: Sweep,
    owner: User,
    to: Destination,
    *,
    max_queued: int | None = None,
    max_array_size: int = MAX_ARRAY_SIZE,
    array_limit: int | None = None,
    single: bool = False,
    **columns: str,
) -> Made:
    """As arrays where that can be, all at once; else single jobs, as many as there is room for. Again: tops up."""
    lock(sweep)
    refuse_array(to.sbatch_arguments)
    check_directory(to.execution_directory)
    if max_queued is not None and max_queued != sweep.max_queued:
        sweep.max_queued = max_queued
        sweep.save(update_fields=["max_queued"])
    last = last_of_points(sweep)
    left = [number for number in range(sweep.size) if number not in last]
    if left:
        to = settled(to)
    if left and not last and not single and (made := as_arrays(sweep, owner, to, max_array_size, array_limit)):
        return Made(saved(made, columns))
    some = left[: room(sweep)]
    return Made(saved(singles(sweep, owner, to, some), columns), len(left) - len(some))


def lock(sweep: Sweep) -> None:
    """Whoever asks for more of it at the same moment waits, and then sees what we have made."""
    row = Sweep.objects.select_for_update().filter(pk=sweep.pk).values_list("as_array", "max_queued").first()
    if row is None:
        raise NotThere(f"There is no sweep {sweep.pk} any more.")
    sweep.as_array, sweep.max_queued = row


def refuse_array(words: Sequence[str]) -> None:
    if arrays.value_of(words, arrays.ARRAY) is not None:
        told = "--array is not for here: a sweep has its own."
        raise BadParameter(told, {"sbatch_arguments": [told]})


def settled(to: Destination) -> Destination:
    if to.via != JobSubmission.Via.AGENT or to.cluster is not None:
        return to
    return Destination(to.via, the_only_cluster(), to.slurm_cluster, to.execution_directory, to.sbatch_arguments)


def room(sweep: Sweep) -> int:
    if sweep.max_queued is None:
        return sweep.size
    return max(sweep.max_queued - submissions_of(sweep).unfinished().count(), 0)


def singles(sweep: Sweep, owner: User, to: Destination, numbers: Iterable[int]) -> list[JobSubmission]:
    scripts = sweep.scripts.filter(point__in=list(numbers)).with_entrypoint().order_by("point")
    scripts = scripts.only("name", "entrypoint", "sweep", "point")
    return [
        JobSubmission.prepared(
            owner,
            script,
            execution_directory=to.directory(script.point or 0),
            sbatch_arguments=to.sbatch_arguments,
            **to.in_words(),
        )
        for script in scripts
    ]


def saved(made: list[JobSubmission], columns: Mapping[str, str]) -> list[JobSubmission]:
    """In few statements. The first one carries the key of the request that made them."""
    for name, value in columns.items() if made else ():
        setattr(made[0], name, value)
    for submission in made:
        submission.make_searchable()
    return JobSubmission.objects.bulk_create(made, AT_ONCE)


def top_up(ended: Iterable[int]) -> None:
    """More of each sweep that these submissions made room in, by the way that its newest one went."""
    waiting = Sweep.objects.filter(scripts__submissions__in=list(ended), max_queued__isnull=False).distinct()
    for sweep in waiting.select_related("owner"):
        # What its owner wrote into a script since may be refused, which is not for who reports to hear: nobody's news
        # would be heard any more. Its owner hears it from `submit`.
        with suppress(DomainError), transaction.atomic():
            lock(sweep)
            newest = submissions_of(sweep).select_related("cluster", "job_script").order_by("-pk").first()
            last = last_of_points(sweep)
            left = [number for number in range(sweep.size) if number not in last]
            if newest is not None and left:
                to = destination_of(newest, common_directory(newest))
                saved(singles(sweep, sweep.owner, to, left[: room(sweep)]), {})


def common_directory(submission: JobSubmission) -> str:
    """Where the sweep's points have theirs, given one's; empty where the agent chose it."""
    return submission.execution_directory.partition("/points/")[0] if submission.execution_directory else ""


# --- afterwards -----------------------------------------------------------------------------------------------------


@transaction.atomic
def cancel(sweep: Sweep, owner: User) -> None:
    """All of it: at once what nobody has taken, by marks what somebody has; and no point is submitted any more."""
    lock(sweep)
    newest = submissions_of(sweep).select_related("cluster").order_by("-pk").first()
    if newest is None:
        raise AlreadyFinal("There is nothing to cancel: none of its points was submitted.")
    last = last_of_points(sweep)
    missing = [number for number in range(sweep.size) if number not in last]
    if not missing and not submissions_of(sweep).unfinished().exists():
        raise AlreadyFinal("There is nothing to cancel: all of its points have ended.")
    at = now()
    cancel_waiting(sweep, at)
    marked = submissions_of(sweep).unfinished().values("pk")
    JobSubmission.objects.filter(pk__in=marked).update(cancel_requested=True, updated_at=at)
    # What was never submitted is cancelled as well: so nothing is topped up, and `resubmit` finds it.
    never = singles(sweep, owner, destination_of(newest, ""), missing)
    for submission in never:
        submission.status, submission.reason, submission.ended_at = states.CANCELLED, CANCELLED, at
    saved(never, {})


def cancel_waiting(sweep: Sweep, at: datetime) -> None:
    """Those that nobody has taken; locked, so that nobody takes one meanwhile."""
    created = submissions_of(sweep).filter(status=states.CREATED).select_for_update(of=("self",))
    waiting = list(created.values_list("pk", flat=True))
    JobSubmission.objects.filter(pk__in=waiting).update(
        status=states.CANCELLED, reason=CANCELLED, ended_at=at, updated_at=at
    )
    change = {"at": at, "old_status": states.CREATED, "new_status": states.CANCELLED, "reason": CANCELLED}
    SubmissionEvent.objects.bulk_create((SubmissionEvent(submission_id=pk, **change) for pk in waiting), AT_ONCE)


def destination_of(submission: JobSubmission, directory: str) -> Destination:
    """The same way once more."""
    words = [word for word in submission.sbatch_arguments if not word.startswith("--array=")]
    return Destination(submission.via, submission.cluster, submission.slurm_cluster, directory, words)


@transaction.atomic
def resubmit(
    sweep: Sweep, owner: User, *, before: int | None = None, execution_directory: str = "", **columns: str
) -> Made:
    """The points whose last submission has ended, and not well; with `before`, only where that one is older."""
    lock(sweep)
    check_directory(execution_directory)
    wanted = {
        number: one
        for number, one in sorted(last_of_points(sweep).items())
        if one.has_failed and (before is None or one.submission < before)
    }
    earlier = submissions_of(sweep).select_related("cluster").in_bulk({one.submission for one in wanted.values()})
    alone = {number: one for number, one in wanted.items() if one.task is None}
    some = dict(list(alone.items())[: room(sweep)])
    made = [
        *again_as_arrays(owner, wanted.values(), earlier, execution_directory),
        *again_alone(sweep, owner, some, earlier, execution_directory),
    ]
    return Made(saved(made, columns), len(alone) - len(some))


def again_as_arrays(
    owner: User, wanted: Iterable[Last], earlier: Mapping[int, JobSubmission], directory: str
) -> list[JobSubmission]:
    """One submission for each launcher, of the tasks that failed."""
    tasks: dict[int, list[Last]] = defaultdict(list)
    for one in wanted:
        if one.task is not None:
            tasks[one.script].append(one)
    scripts = JobScript.objects.filter(pk__in=tasks).with_entrypoint()
    return [again_as_array(owner, script, tasks[script.pk], earlier, directory) for script in scripts]


def again_as_array(
    owner: User, script: JobScript, failed: list[Last], earlier: Mapping[int, JobSubmission], directory: str
) -> JobSubmission:
    to = destination_of(earlier[max(one.submission for one in failed)], directory)
    limit = (arrays.value(script.read_entrypoint(), arrays.ARRAY) or "").partition("%")[2]
    chosen = points.ranges(sorted(one.task for one in failed if one.task is not None))
    array = f"--array={chosen}%{limit}" if limit else f"--array={chosen}"
    return JobSubmission.prepared(
        owner, script, execution_directory=directory, sbatch_arguments=[*to.sbatch_arguments, array], **to.in_words()
    )


def again_alone(
    sweep: Sweep, owner: User, wanted: Mapping[int, Last], earlier: Mapping[int, JobSubmission], directory: str
) -> list[JobSubmission]:
    """In a few queries: those that went the same way go together."""
    ways: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for number, one in wanted.items():
        ways[way_of(earlier[one.submission])].append(number)
    return [
        submission
        for numbers in ways.values()
        for submission in singles(
            sweep, owner, destination_of(earlier[wanted[numbers[0]].submission], directory), numbers
        )
    ]


def way_of(submission: JobSubmission) -> tuple[Any, ...]:
    return submission.via, submission.cluster_id, submission.slurm_cluster, tuple(submission.sbatch_arguments)
