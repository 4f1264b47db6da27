"""Every step of a hand-over, in every state: what it does, and what it says when it comes too late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils.timezone import now

from jobbergate.core.errors import Conflict
from submissions.models import JobSubmission
from tests.factories import make_cluster, make_submission, make_user

SOON = timedelta(minutes=5)


def begin(status: str, owner: User) -> JobSubmission:
    """A submission that has come so far."""
    submission = make_submission(owner)
    if status in ("submitting", "pending"):
        submission.lease("a/1/1", now() + SOON)
    if status == "expired":
        submission.lease("a/1/1", now() - SOON)
    if status == "pending":
        submission.record(7, "hilbert")
    if status == "rejected":
        submission.reject("no")
    if status == "cancelled":
        submission.cancel()
    return submission


STEPS: dict[str, Callable[[JobSubmission], None]] = {
    "lease": lambda submission: submission.lease("b/2/2", now() + SOON),
    "take over": lambda submission: submission.lease("b/2/2", now() + SOON, instead_of="a/1/1"),
    "record": lambda submission: submission.record(8, "hilbert"),
    "reject": lambda submission: submission.reject("sbatch said no"),
    "cancel": lambda submission: submission.cancel(),
}
# Where it stood → step → where it stands then, or the code of the refusal.
TABLE = {
    "created": ("submitting", "submitting", "pending", "rejected", "cancelled"),
    "submitting": ("leased", "submitting", "pending", "rejected", "submitting"),
    "expired": ("submitting", "submitting", "pending", "rejected", "submitting"),
    "pending": ("already_recorded", "already_recorded", "already_recorded", "already_recorded", "pending"),
    "rejected": ("not_submittable", "not_submittable", "not_submittable", "not_submittable", "already_final"),
    "cancelled": ("not_submittable", "not_submittable", "not_submittable", "not_submittable", "already_final"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", TABLE)
def test_every_step_in_every_state(alice: User, status: str, step: str) -> None:
    submission = begin(status, alice)
    before = submission.events.count()

    try:
        STEPS[step](submission)
        outcome = JobSubmission.objects.get(pk=submission.pk).status
    except Conflict as refusal:
        outcome = refusal.code

    assert outcome == TABLE[status][list(STEPS).index(step)]
    fresh = JobSubmission.objects.get(pk=submission.pk)
    last = fresh.events.last()
    assert last is None or last.new_status == fresh.status
    if outcome in ("leased", "already_recorded", "not_submittable", "already_final"):
        assert submission.events.count() == before


def test_the_same_job_may_be_recorded_again(alice: User) -> None:
    submission = begin("pending", alice)

    submission.record(7, "hilbert")

    assert (submission.slurm_job_id, submission.status) == (7, "pending")


def test_a_recorded_job_belongs_to_its_cluster_in_any_case(alice: User) -> None:
    cluster = make_cluster("Hilbert")
    submission = make_submission(alice)

    submission.record(7, "hilbert")

    assert (submission.cluster, submission.slurm_cluster) == (cluster, "hilbert")


def test_a_refusal_after_a_wish_to_cancel_is_a_cancellation(alice: User) -> None:
    submission = begin("submitting", alice)
    submission.cancel()

    submission.reject("Cancelled before it reached Slurm.")

    assert submission.status == "cancelled"


def test_a_held_job_of_its_owner_s_own_wish_has_nothing_to_be_released(alice: User) -> None:
    submission = make_submission(alice, sbatch_arguments=["-H"])

    submission.record(7, "hilbert")

    assert (submission.hold, submission.released) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "own"),
    [
        ([], ""),
        (["--comment=mine"], " mine"),
        (["--comment", "two words"], " two words"),
        (["--com=short"], " short"),
        (["--comment=first", "--comment=last"], " last"),
    ],
)
def test_the_tag_goes_before_the_owner_s_own_comment(alice: User, arguments: list[str], own: str) -> None:
    submission = make_submission(alice, sbatch_arguments=arguments)

    assert submission.comment == f"jobbergate:{submission.tag}{own}"
    assert len(submission.tag) == 32


@pytest.mark.django_db(transaction=True)
def test_two_who_take_it_at_the_same_moment_do_not_both_get_it() -> None:
    submission = make_submission(make_user("alice"))

    def take(number: int) -> bool:
        try:
            JobSubmission.objects.get(pk=submission.pk).lease(f"host/{number}/1", now() + SOON)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(8)))

    assert taken.count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_two_jobs_recorded_at_the_same_moment_are_one() -> None:
    submission = make_submission(make_user("alice"))

    def record(job: int) -> bool:
        try:
            JobSubmission.objects.get(pk=submission.pk).record(job, "hilbert")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        recorded = list(pool.map(record, range(100, 108)))

    assert recorded.count(True) == 1


@pytest.mark.parametrize("status", ["submitting", "pending"])
def test_what_may_still_run_is_not_deleted(alice: User, status: str) -> None:
    submission = begin(status, alice)

    with pytest.raises(Conflict, match="cancel it first"):
        submission.delete()


def test_a_resubmission_is_the_same_once_more(alice: User) -> None:
    first = make_submission(alice, sbatch_arguments=["--nice"], execution_directory="/somewhere", name="Mine")

    second = first.resubmit(alice)

    assert (second.job_script, second.sbatch_arguments, second.via, second.name) == (
        first.job_script,
        ["--nice"],
        first.via,
        "Mine",
    )
    assert (second.status, second.execution_directory) == ("created", "")
    assert second.tag != first.tag
