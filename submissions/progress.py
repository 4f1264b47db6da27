"""What became of each point of a sweep.

It is read from the submissions of the sweep's scripts, each time: there is no second place that could say something
else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jobscripts import arrays
from jobscripts.arrays import Launcher
from jobscripts.sweeps import Sweep
from submissions import states
from submissions.models import JobSubmission, JobSubmissionQuerySet

UNSUBMITTED = "unsubmitted"
COLUMNS = (
    "status", "exit_code", "signal", "slurm_job_id", "sbatch_arguments", "task_statuses", "task_exit_codes",
    "execution_directory", "job_script__point", "job_script__first_point",
)  # fmt: skip


@dataclass(frozen=True)
class Last:
    """The last submission of a point; `task` is its index where that was an array."""

    submission: int
    script: int
    status: str
    exit_code: int | None = None
    signal: int | None = None
    slurm_job_id: int | None = None
    task: int | None = None
    directory: str = ""

    @property
    def has_failed(self) -> bool:
        return states.is_final(self.status) and self.status != states.COMPLETED


def submissions_of(sweep: Sweep) -> JobSubmissionQuerySet:
    return JobSubmission.objects.filter(job_script__sweep=sweep)


def last_of_points(sweep: Sweep) -> dict[int, Last]:
    """The last submission of each point that has one, in two queries."""
    found: dict[int, Last] = {}
    launchers = launchers_of(sweep)
    for row in submissions_of(sweep).select_related("job_script").only(*COLUMNS).order_by("pk"):
        script = row.job_script
        if script.point is not None:
            found[script.point] = of_single(row)
        elif script.first_point is not None:
            launcher = launchers[script.first_point]
            found |= {launcher.first + task: of_task(row, launcher, task) for task in tasks_of(row, launcher)}
    return found


def launchers_of(sweep: Sweep) -> dict[int, Launcher]:
    """By their first point; each goes on up to the next one."""
    rows = sweep.scripts.filter(point=None).order_by("first_point").values_list("first_point", flat=True)
    firsts = [first for first in rows if first is not None]
    ends = [*firsts, sweep.size][1:]
    return {first: Launcher(first, end - first, "") for first, end in zip(firsts, ends, strict=True)}


def tasks_of(submission: JobSubmission, launcher: Launcher) -> Iterable[int]:
    """The array's indexes: all, unless some were chosen on the command line."""
    chosen = arrays.value_of(submission.sbatch_arguments, arrays.ARRAY)
    if chosen is None:
        return range(launcher.size)
    return (index for index in arrays.indexes(chosen) if index < launcher.size)


def of_single(submission: JobSubmission) -> Last:
    return Last(
        submission.pk,
        submission.job_script_id,
        submission.status,
        submission.exit_code,
        submission.signal,
        submission.slurm_job_id,
        directory=submission.execution_directory,
    )


def of_task(submission: JobSubmission, launcher: Launcher, task: int) -> Last:
    status = submission.task_statuses.get(str(task), submission.status)
    code, signal = codes(submission.task_exit_codes.get(str(task)))
    place = submission.execution_directory
    return Last(
        submission.pk,
        submission.job_script_id,
        status,
        code,
        signal,
        submission.slurm_job_id,
        task,
        f"{place}/{launcher.directory(launcher.first + task)}" if place else "",
    )


def codes(text: str | None) -> tuple[int | None, int | None]:
    code, _, signal = (text or "").partition(":")
    return (int(code), int(signal)) if signal else (None, None)


def counts(sweep: Sweep, last: Mapping[int, Last]) -> dict[str, int]:
    """How many points are in which state; those that were never submitted are `unsubmitted`."""
    found = Counter(one.status for one in last.values())
    if left := sweep.size - len(last):
        found[UNSUBMITTED] = left
    return dict(sorted(found.items()))
