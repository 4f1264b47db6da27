"""What the verbs alone do not show: whose cluster it is, and what a refusal means once a cancel was asked for."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from jobbergate.core.errors import Conflict
from tests.factories import make_cluster, make_submission

SOON = timedelta(minutes=5)


def test_a_recorded_job_belongs_to_its_cluster_in_any_case(alice: User) -> None:
    cluster = make_cluster("Hilbert")
    submission = make_submission(alice)

    submission.record(7, "hilbert")

    assert (submission.cluster, submission.slurm_cluster) == (cluster, "hilbert")


def test_a_refusal_after_a_wish_to_cancel_is_a_cancellation(alice: User) -> None:
    submission = make_submission(alice)
    submission.lease("a/1/1", now() + SOON)
    submission.cancel()

    submission.reject("Cancelled before it reached Slurm.")

    assert submission.status == "cancelled"


def test_what_may_still_run_is_not_deleted(alice: User) -> None:
    submission = make_submission(alice)
    submission.record(7, "hilbert")

    with pytest.raises(Conflict, match="cancel it first"):
        submission.delete()


def test_a_resubmission_takes_a_new_directory(alice: User) -> None:
    first = make_submission(alice, sbatch_arguments=["--nice"], execution_directory="/somewhere", name="Mine")

    second = first.resubmit(alice)

    assert (second.name, second.sbatch_arguments, second.execution_directory) == ("Mine", ["--nice"], "")
    assert second.tag != first.tag
