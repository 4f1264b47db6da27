"""What sbatch refuses, and what cannot even be given to it."""

import pytest
from django.contrib.auth.models import User

from submissions.models import JobSubmission
from tests.slurm.conftest import Person, make_job

pytestmark = pytest.mark.slurm

WORDS = (
    "sbatch: error: invalid partition specified: nope\n"
    "sbatch: error: Batch job submission failed: Invalid partition name specified"
)


def test_the_words_of_sbatch_are_shown_and_kept(alice: Person, owner: User) -> None:
    script = make_job(owner, "#SBATCH --partition=nope\ntrue")

    done = alice.jobbergate("job-submissions", "create", script.pk)

    submission = JobSubmission.objects.get()
    assert done.returncode == 1
    assert WORDS in done.stderr
    assert (submission.status, submission.reason, submission.slurm_job_id) == ("rejected", WORDS, None)
    assert alice.jobs_tagged(submission.tag) == {}


def test_a_script_that_only_asks_for_an_estimate_makes_no_job(alice: Person, owner: User) -> None:
    alice.jobbergate("job-submissions", "create", make_job(owner, "#SBATCH --test-only\ntrue").pk)

    submission = JobSubmission.objects.get()
    assert submission.status == "rejected"
    assert submission.reason.endswith("(sbatch made no job)")


def test_a_file_that_is_there_already_is_not_overwritten(alice: Person, owner: User) -> None:
    alice.run("sh", "-c", "mkdir there; echo precious > there/job.sh")

    done = alice.jobbergate("job-submissions", "create", make_job(owner, "true").pk, "-d", "there")

    submission = JobSubmission.objects.get()
    assert done.returncode == 1
    assert (alice.home / "there/job.sh").read_text() == "precious\n"
    assert submission.status == "rejected"
    assert f"{alice.home}/there/job.sh exists with another content" in submission.reason


def test_a_directory_that_cannot_be_made_is_named(alice: Person, owner: User) -> None:
    done = alice.jobbergate("job-submissions", "create", make_job(owner, "true").pk, "-d", "/root/there")

    assert done.returncode == 1
    assert "/root/there" in done.stderr
    assert JobSubmission.objects.get().status == "rejected"


def test_the_same_files_in_the_same_directory_are_no_obstacle(alice: Person, owner: User) -> None:
    script = make_job(owner, "true")

    for _ in range(2):
        submission = alice.json("job-submissions", "create", script.pk, "-d", "there")
        assert alice.wait_for(submission["id"], "completed", "failed")["status"] == "completed"
