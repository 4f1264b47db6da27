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
    "partition", "account", "nodes", "submitted_at", "requested_cpus", "requested_memory", "time_limit", "cpu_time",
    "peak_memory",
)  # fmt: skip
# Of this run alone: a job that is queued again has neither started nor ended.
FACTS_OF_THE_RUN = ("started_at", "ended_at")
CHANGED = (
    *FACTS, *FACTS_OF_THE_RUN, "status", "reason", "exit_code", "signal", "released", "task_statuses",
    "task_exit_codes", "tasks", "slurm_cluster", "updated_at",
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
        # Every cluster counts its jobs from 1: the same number elsewhere is another job.
        elsewhere = submission.slurm_cluster not in ("", slurm_cluster)
        if submission.is_final or elsewhere or submission.slurm_job_id != report["slurm_job_id"]:
            continue
        take(submission, report)
        submission.slurm_cluster = submission.slurm_cluster or slurm_cluster
        changed.append(submission)
        if submission.status != old:
            events.append(event(submission, old))
    if changed:
        save_together(changed, CHANGED)
        SubmissionEvent.objects.bulk_create(events)
    return found


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
    submission.exit_code, submission.signal = codes(report.get("exit_code"))
    submission.status = states.status_of(report["state"])
    if report.get("tasks"):
        submission.task_statuses = states.merged_tasks(submission.task_statuses, report["tasks"])
        submission.task_exit_codes = {**submission.task_exit_codes, **(report.get("task_exit_codes") or {})}
        submission.tasks = states.counts(submission.task_statuses)
        submission.status = states.status_of_array(submission.task_statuses)


def codes(text: str | None) -> tuple[int | None, int | None]:
    """Exit code and signal of Slurm's `rc:signal`."""
    if not text:
        return None, None
    code, signal = text.split(":")
    return int(code), int(signal)


def event(submission: JobSubmission, old: str) -> SubmissionEvent:
    return SubmissionEvent(
        submission=submission,
        at=submission.updated_at,
        old_status=old,
        new_status=submission.status,
        reason=submission.reason,
    )
