"""What somebody who speaks to Slurm reports, applied to many submissions in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from jobbergate.core.saving import save_together
from submissions import states
from submissions.models import JobSubmission, JobSubmissionQuerySet, SubmissionEvent

Report = Mapping[str, Any]

# Kept until Slurm says otherwise: accounting tells some of them only at the end.
FACTS = (
    "partition", "account", "nodes", "requested_cpus", "requested_memory", "time_limit", "cpu_time", "peak_memory",
)  # fmt: skip
# Of this run alone: a job that is queued again has neither started nor ended.
FACTS_OF_THE_RUN = ("started_at", "ended_at")
CHANGED = (
    *FACTS, *FACTS_OF_THE_RUN, "status", "reason", "exit_code", "signal", "released", "task_statuses",
    "task_exit_codes", "tasks", "slurm_cluster", "submitted_at", "queued_at", "attempts", "cancel_requested",
    "updated_at",
)  # fmt: skip
FORGOTTEN = "Neither the queue nor accounting knows this job any more."


@transaction.atomic
def apply(reports: Iterable[Report], submissions: JobSubmissionQuerySet, slurm_cluster: str) -> list[JobSubmission]:
    """The submissions after their reports. Reports on others than `submissions`, or on another job, change nothing."""
    by_id = {report["id"]: report for report in reports}
    found = list(submissions.with_names().select_for_update(of=("self",)).filter(pk__in=by_id).order_by("pk"))
    changed, events = [], []
    for submission in found:
        report, old = by_id[submission.pk], submission.status
        if not is_believed(submission, report, slurm_cluster):
            continue
        again = is_requeue(submission, report)
        if again:
            begin_again(submission)
        take(submission, report)
        submission.slurm_cluster = submission.slurm_cluster or slurm_cluster
        changed.append(submission)
        if again or submission.status != old:
            events.append(event(submission, old, again))
    if changed:
        save_together(changed, CHANGED)
        SubmissionEvent.objects.bulk_create(events)
    return found


def is_believed(submission: JobSubmission, report: Report, slurm_cluster: str) -> bool:
    """Whether it is about this very job, and about its present run or a later one."""
    # Every cluster counts its jobs from 1: the same number elsewhere is another job.
    elsewhere = submission.slurm_cluster not in ("", slurm_cluster)
    if elsewhere or submission.slurm_job_id != report["slurm_job_id"]:
        return False
    if submission.is_final:
        # It may have ended once more before anybody looked. Not to be known any more is no news of it.
        return is_requeue(submission, report) and report["state"] is not None
    return not is_of_an_earlier_run(submission, report)


def is_requeue(submission: JobSubmission, report: Report) -> bool:
    """Slurm queues an ended job again under the same id, and with a new submit time."""
    known, told = submission.queued_at, report.get("queued_at")
    return known is not None and told is not None and told > known


def is_of_an_earlier_run(submission: JobSubmission, report: Report) -> bool:
    """What somebody asked Slurm before the job was queued again. Of an array the tasks queued last may be forgotten."""
    known, told = submission.queued_at, report.get("queued_at")
    return not report.get("tasks") and known is not None and told is not None and told < known


def begin_again(submission: JobSubmission) -> None:
    submission.attempts += 1
    # Of the run before; an array's are of all its tasks.
    if not submission.tasks:
        submission.cpu_time = submission.peak_memory = None
    # Who queues an ended job again wants it. Slurm itself does so after these two, and then a cancellation still holds.
    if submission.is_final and submission.status not in (states.PREEMPTED, states.NODE_FAIL):
        submission.cancel_requested = False


def take(submission: JobSubmission, report: Report) -> None:
    """One report's facts, in the columns."""
    submission.updated_at = now()
    submission.released = submission.released or report.get("released") is True
    if report["state"] is None:
        # Not knowing is never final: the job is looked for again.
        submission.status, submission.reason = states.UNKNOWN, FORGOTTEN
        return
    submission.reason = report.get("reason") or ""
    for name in FACTS:
        if report.get(name) is not None:
            setattr(submission, name, report[name])
    for name in FACTS_OF_THE_RUN:
        setattr(submission, name, report.get(name))
    take_times(submission, report)
    submission.exit_code, submission.signal = codes(report.get("exit_code"))
    submission.status = states.status_of(report["state"])
    if report.get("tasks"):
        submission.task_statuses = states.merged_tasks(submission.task_statuses, report["tasks"])
        submission.task_exit_codes = task_codes(submission, report)
        submission.tasks = states.counts(submission.task_statuses)
        submission.status = states.status_of_array(submission.task_statuses)


def take_times(submission: JobSubmission, report: Report) -> None:
    """When Slurm took it in, the first time and the last. What the hand-over wrote was this machine's clock."""
    told = report.get("queued_at")
    if submission.queued_at is None:
        submission.submitted_at = report.get("submitted_at") or submission.submitted_at
        submission.queued_at = told
    elif told is not None:
        submission.queued_at = max(told, submission.queued_at)


def task_codes(submission: JobSubmission, report: Report) -> dict[str, str]:
    """Index → `rc:signal`; a task that was queued again has none."""
    kept = {index: code for index, code in submission.task_exit_codes.items() if index not in report["tasks"]}
    return {**kept, **(report.get("task_exit_codes") or {})}


def codes(text: str | None) -> tuple[int | None, int | None]:
    """Exit code and signal of Slurm's `rc:signal`."""
    if not text:
        return None, None
    code, signal = text.split(":")
    return int(code), int(signal)


def event(submission: JobSubmission, old: str, again: bool = False) -> SubmissionEvent:
    return SubmissionEvent(
        submission=submission,
        at=submission.updated_at,
        old_status=old,
        new_status=submission.status,
        reason=", ".join(words_of(submission, again)),
    )


def words_of(submission: JobSubmission, again: bool) -> list[str]:
    """Why: Slurm's reason, after which attempt this is, and before how it ended."""
    words = [f"requeued, attempt {submission.attempts}"] if again else []
    if submission.reason:
        words.append(submission.reason)
    if submission.is_final and submission.exit_code:
        words.append(f"exit code {submission.exit_code}")
    if submission.is_final and submission.signal:
        words.append(f"killed by signal {submission.signal}")
    return words
