"""What Slurm says, in our columns: its words, its flags, what it has forgotten, arrays."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from submissions import states, sync
from submissions.models import JobSubmission
from tests.factories import make_submission


@pytest.fixture
def running(alice: User) -> JobSubmission:
    submission = make_submission(alice)
    submission.record(7, "hilbert")
    return submission


def report(submission: JobSubmission, state: str | None, **facts: Any) -> JobSubmission:
    mine = {"id": submission.pk, "slurm_job_id": 7, "state": state, **facts}
    sync.apply([mine], JobSubmission.objects.all(), "hilbert")
    submission.refresh_from_db()
    return submission


WORDS = {
    "PENDING": "pending", "RUNNING": "running", "SUSPENDED": "suspended", "COMPLETING": "completing",
    "COMPLETED": "completed", "FAILED": "failed", "CANCELLED": "cancelled", "CANCELLED by 1000": "cancelled",
    "TIMEOUT": "timeout", "OUT_OF_MEMORY": "out_of_memory", "NODE_FAIL": "node_fail", "PREEMPTED": "preempted",
    "BOOT_FAIL": "boot_fail", "DEADLINE": "deadline", "REVOKED": "revoked", "CONFIGURING": "running",
    "SIGNALING": "running", "RESIZING": "running", "STAGE_OUT": "completing", "STOPPED": "suspended",
    "REQUEUED": "pending", "REQUEUE_FED": "pending", "REQUEUE_HOLD": "pending", "RESV_DEL_HOLD": "pending",
    "SPECIAL_EXIT": "pending", "LAUNCH_FAILED": "launch_failed", "SOMETHING_NEW": "something_new",
}  # fmt: skip


@pytest.mark.parametrize(("word", "status"), WORDS.items())
def test_every_word_of_slurm_has_one_status(running: JobSubmission, word: str, status: str) -> None:
    assert report(running, word).status == status


@pytest.mark.parametrize("word", ["LAUNCH_FAILED", "SOMETHING_NEW", "PREEMPTED", "COMPLETING"])
def test_what_may_change_yet_is_not_final(running: JobSubmission, word: str) -> None:
    assert not report(running, word).is_final


def test_every_final_state_ends_with_its_event_and_facts(running: JobSubmission) -> None:
    report(running, "RUNNING", started_at="2026-05-12T07:31:12Z", nodes="n1", partition="debug")
    ended = report(
        running, "FAILED", exit_code="3:0", started_at="2026-05-12T07:31:12Z", ended_at="2026-05-12T07:32:00Z",
        cpu_time=1.5, peak_memory=4096, reason="NonZeroExitCode",
    )  # fmt: skip

    assert (ended.status, ended.exit_code, ended.signal, ended.nodes, ended.peak_memory) == ("failed", 3, 0, "n1", 4096)
    assert list(ended.events.values_list("old_status", "new_status")) == [
        ("created", "pending"),
        ("pending", "running"),
        ("running", "failed"),
    ]


def test_not_knowing_is_unknown_and_never_final(running: JobSubmission) -> None:
    lost = report(running, None)

    assert (lost.status, lost.is_final, lost.reason) == ("unknown", False, sync.FORGOTTEN)
    assert report(running, "COMPLETED", exit_code="0:0").status == "completed"


def test_what_has_ended_stays_as_it_ended(running: JobSubmission) -> None:
    report(running, "COMPLETED", exit_code="0:0")

    for word in (None, "RUNNING", "FAILED"):
        assert report(running, word).status == "completed"


def test_a_report_on_another_job_changes_nothing(running: JobSubmission) -> None:
    assert report(running, "FAILED", slurm_job_id=8).status == "pending"


def test_a_job_that_is_queued_again_has_neither_started_nor_ended(running: JobSubmission) -> None:
    report(running, "RUNNING", started_at="2026-05-12T07:31:12Z")

    again = report(running, "REQUEUED")

    assert (again.status, again.started_at, again.exit_code) == ("pending", None, None)


def test_a_release_is_remembered(running: JobSubmission) -> None:
    assert report(running, "PENDING", released=True).released
    assert report(running, "PENDING").released


def test_an_array_is_final_when_all_its_tasks_are(running: JobSubmission) -> None:
    report(running, "RUNNING", tasks={"0": "COMPLETED", "1": "RUNNING", "2": "PENDING"})
    assert (running.status, running.tasks) == ("running", {"completed": 1, "pending": 1, "running": 1})

    # Slurm has forgotten the first task by now.
    report(running, "COMPLETED", tasks={"1": "FAILED", "2": "COMPLETED"})
    assert (running.status, running.tasks) == ("failed", {"completed": 2, "failed": 1})


@pytest.mark.parametrize(
    ("tasks", "status"),
    [
        ({"completed"}, "completed"),
        ({"completed", "cancelled"}, "cancelled"),
        ({"timeout", "cancelled"}, "timeout"),
        ({"failed", "timeout"}, "failed"),
        ({"failed", "pending"}, "pending"),
        ({"failed", "something_new"}, "something_new"),
        ({"running", "pending"}, "running"),
    ],
)
def test_an_array_has_one_word_for_its_tasks(tasks: set[str], status: str) -> None:
    assert states.status_of_array(dict(enumerate(sorted(tasks)))) == status  # type: ignore[arg-type]
