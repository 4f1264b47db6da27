"""Slurm falls silent, or has no accounting: nothing is made up, and nothing is lost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User

from dev.slurm_cluster import SlurmCluster
from submissions.models import JobSubmission
from tests.slurm.conftest import Person, eventually, make_job

pytestmark = pytest.mark.slurm


@contextmanager
def without(cluster: SlurmCluster, daemon: str) -> Iterator[None]:
    cluster.down(daemon)
    try:
        yield
    finally:
        cluster.up()


@contextmanager
def hanging(cluster: SlurmCluster, daemon: str) -> Iterator[None]:
    cluster.pause(daemon)
    try:
        yield
    finally:
        cluster.resume(daemon)


def test_no_answer_changes_no_state(alice: Person, owner: User, cluster: SlurmCluster) -> None:
    submission = alice.submit(make_job(owner, "sleep 1").pk)
    before = JobSubmission.objects.values().get()

    with without(cluster, "slurmctld"):
        done = alice.jobbergate("job-submissions", "get", submission["id"], "--refresh")

    assert done.returncode == 1
    assert "Slurm does not answer" in done.stderr
    assert JobSubmission.objects.values().get() == before
    assert alice.wait_for(submission["id"], "completed", "failed", "unknown")["status"] == "completed"


def test_what_is_submitted_while_slurm_is_down_is_kept_and_goes_on(
    alice: Person, owner: User, cluster: SlurmCluster
) -> None:
    with without(cluster, "slurmctld"):
        done = alice.jobbergate("job-submissions", "create", make_job(owner, "true").pk)

    submission = JobSubmission.objects.get()
    assert done.returncode == 1
    assert f"job-submissions get {submission.pk} --refresh" in done.stderr
    assert submission.status == "submitting"
    assert alice.wait_for(submission.pk, "completed", "failed")["status"] == "completed"
    assert len(alice.jobs_tagged(submission.tag)) == 1


def test_a_job_that_a_hanging_slurm_made_after_all_is_not_made_twice(
    alice: Person, owner: User, cluster: SlurmCluster
) -> None:
    with hanging(cluster, "slurmctld"):
        done = alice.jobbergate("job-submissions", "create", make_job(owner, "echo run >> runs").pk)

    submission = JobSubmission.objects.get()
    assert done.returncode == 1
    assert submission.status == "submitting"
    # It woke up, and has done what it was asked before.
    eventually(lambda: len(alice.jobs_tagged(submission.tag)) == 1)
    ended = alice.wait_for(submission.pk, "completed", "failed")
    assert (alice.home / ended["execution_directory"] / "runs").read_text() == "run\n"
    assert len(alice.jobs_tagged(submission.tag)) == 1


def test_a_job_ends_well_also_while_accounting_is_down(alice: Person, owner: User, cluster: SlurmCluster) -> None:
    with without(cluster, "slurmdbd"):
        submission = alice.submit(make_job(owner, "exit 6").pk)
        ended = alice.wait_for(submission["id"], "completed", "failed", "unknown")

    assert (ended["status"], ended["exit_code"]) == ("failed", 6)


def test_an_end_is_told_whole_when_accounting_comes_back(alice: Person, owner: User, cluster: SlurmCluster) -> None:
    with without(cluster, "slurmdbd"):
        submission = alice.submit(make_job(owner, "exit 6").pk)
        eventually(lambda: "FAILED" in cluster.client("squeue", "-h", "-t", "all", "-o", "%T").stdout)

    ended = alice.wait_for(submission["id"], "completed", "failed", "unknown")

    assert (ended["status"], ended["exit_code"], ended["requested_memory"]) == ("failed", 6, 100 << 20)


def test_without_accounting_the_controller_knows_the_exit_code(bare_alice: Person, owner: User) -> None:
    submission = bare_alice.submit(make_job(owner, "exit 5").pk)

    ended = bare_alice.wait_for(submission["id"], "completed", "failed")

    assert (ended["status"], ended["exit_code"], ended["requested_memory"]) == ("failed", 5, None)
    assert ended["started_at"] <= ended["ended_at"]


def forget(cluster: SlurmCluster, job: int) -> None:
    """slurmctld that starts with nothing has forgotten every job; by itself it does so once a minute.

    Its ids go on well beyond this job's: later tests must not find the books of an earlier one under theirs.
    """
    with without(cluster, "slurmctld"):
        forgets = f"rm -f state/job_state* && echo FirstJobId={job + 1000} >> slurm.conf"
        cluster.client("sh", "-c", f"cd {cluster.directory} && {forgets}")


def test_a_job_that_slurm_has_forgotten_is_unknown_and_that_is_not_the_end(
    bare_alice: Person, owner: User, bare_cluster: SlurmCluster
) -> None:
    submission = bare_alice.submit(make_job(owner, "true").pk)
    job = str(submission["slurm_job_id"])
    eventually(lambda: bare_alice.run("squeue", "-h", "-t", "all", "-j", job, "-o", "%T").stdout == "COMPLETED\n")

    forget(bare_cluster, int(job))

    assert bare_alice.look(submission["id"])["status"] == "unknown"
    assert JobSubmission.objects.unfinished().count() == 1


def test_accounting_knows_what_the_controller_has_forgotten(alice: Person, owner: User, cluster: SlurmCluster) -> None:
    submission = alice.submit(make_job(owner, "exit 2").pk)
    job = str(submission["slurm_job_id"])

    def recorded() -> bool:
        # With its partition: the books may have an end before they have its beginning, and that is not believed.
        said = alice.run("sacct", "-n", "-X", "-P", "-j", job, "-o", "State,Partition").stdout
        return bool(re.fullmatch(r"FAILED\|.+\n", said))

    eventually(recorded)
    forget(cluster, int(job))

    ended = alice.look(submission["id"])
    assert (ended["status"], ended["exit_code"]) == ("failed", 2)
