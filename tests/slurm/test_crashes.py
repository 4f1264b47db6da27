"""kill -9 at every moment between creating a submission and its release: one job in Slurm, which runs once."""

import signal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from submissions.models import JobSubmission
from tests.slurm.conftest import Person, eventually, make_job

pytestmark = pytest.mark.slurm

# Each submission runs in a directory of its own, so a second run would write a second line there.
RUN = "echo run >> runs"


def finish_all(alice: Person) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []

    def all_over() -> bool:
        listed[:] = alice.json("job-submissions", "list", "--refresh")
        return all(row["status"] in ("completed", "failed", "cancelled", "rejected") for row in listed)

    eventually(all_over, 60)
    return listed


def assert_each_ran_once(alice: Person) -> None:
    for submission in JobSubmission.objects.all():
        assert submission.status == "completed", submission.pk
        assert list(alice.jobs_tagged(submission.tag)) == [str(submission.slurm_job_id)]
        assert (Path(submission.execution_directory) / "runs").read_text() == "run\n"


def test_the_client_may_die_at_any_moment_of_a_submission(alice: Person, owner: User) -> None:
    script = make_job(owner, RUN).pk
    alice.json("job-submissions", "list")  # Signs in, so that each run has the same moments.

    for moment in count(1):
        done = alice.jobbergate_killed_at(moment, "job-submissions", "create", script)
        if done.returncode != -signal.SIGKILL:
            break
        # What has begun is gone on with by the next look.
        alice.json("job-submissions", "list", "--unfinished", "--refresh")

    assert done.returncode == 0, done.stderr
    finish_all(alice)
    # Before and in each of six requests; before, in and after each of three commands.
    assert moment == 6 * 2 + 3 * 3 + 1
    # Four were killed before they had sent it: before, in and after the question for the cluster's name, and after.
    assert JobSubmission.objects.count() == moment - 4
    assert_each_ran_once(alice)


def test_the_client_may_die_at_any_moment_of_going_on(alice: Person, owner: User) -> None:
    script = make_job(owner, RUN)

    for moment in count(1):
        submission = JobSubmission.create(owner, script, via="login_node")
        done = alice.jobbergate_killed_at(moment, "job-submissions", "get", submission.pk, "--refresh")
        if done.returncode != -signal.SIGKILL:
            break

    assert done.returncode == 0, done.stderr
    finish_all(alice)
    assert moment > 22
    assert_each_ran_once(alice)


def test_a_dead_client_is_told_from_one_that_is_at_it(alice: Person, owner: User) -> None:
    submission = JobSubmission.create(owner, make_job(owner, RUN), via="login_node")
    done = alice.run("sh", "-c", "hostname; cut -d' ' -f22 /proc/1/stat")
    host, started = done.stdout.split()
    alice_at = f"{host}/1/{started}"
    submission.lease(alice_at, until=submission.created_at.replace(year=2100))

    assert alice.look(submission.pk)["status"] == "submitting"

    submission.lease(f"{host}/1/1", until=submission.created_at.replace(year=2100), instead_of=alice_at)
    assert alice.wait_for(submission.pk, "completed", "failed")["status"] == "completed"


def test_an_sbatch_that_outlives_its_client_is_waited_for(alice: Person, owner: User) -> None:
    submission = JobSubmission.create(owner, make_job(owner, RUN), via="login_node")
    host = alice.run("hostname").stdout.strip()
    submission.lease(f"{host}/1/1", until=submission.created_at.replace(year=2100))
    mark = f"--comment=jobbergate:{submission.tag}"

    # A process with the command line of an sbatch that has not come through yet.
    looked = alice.run("sh", "-c", f'sh -c "sleep 5; true" sbatch {mark} & {look_command(alice, submission.pk)}')

    assert '"status": "submitting"' in looked.stdout
    eventually(lambda: alice.look(submission.pk)["status"] == "completed")
    assert_each_ran_once(alice)


def test_a_client_that_slept_through_its_lease_cancels_its_own_job(alice: Person, owner: User) -> None:
    script = make_job(owner, RUN).pk
    alice.json("job-submissions", "list")
    # Four requests have been answered, and sbatch is next.
    sleeper = alice.jobbergate_stopped_at(9, "job-submissions", "create", script)
    submission = JobSubmission.objects.get()
    assert (submission.status, alice.jobs_tagged(submission.tag)) == ("submitting", {})
    JobSubmission.objects.update(leased_until=submission.created_at)

    job = alice.look(submission.pk)["slurm_job_id"]
    sleeper.send_signal(signal.SIGCONT)
    _, talk = sleeper.communicate()

    assert sleeper.returncode == 0, talk
    assert "was one too many" in talk
    assert alice.wait_for(submission.pk, "completed", "failed")["slurm_job_id"] == job
    jobs = alice.jobs_tagged(submission.tag)
    assert jobs.pop(str(job)) == "COMPLETED None"
    assert list(jobs.values()) == ["CANCELLED JobHeldUser"]
    assert (alice.home / f"a-job-{submission.pk}/runs").read_text() == "run\n"


def look_command(alice: Person, number: int) -> str:
    from tests.slurm.conftest import interpreter

    return f"{interpreter()} -m cli.main --output json job-submissions get {number} --refresh"


def held_job(alice: Person, submission: JobSubmission) -> int:
    """A job such as a crashed client leaves behind."""
    text = f"mkdir -p twin; cd twin; printf '#!/bin/sh\\n{RUN}\\n' > job.sh; "
    done = alice.run("sh", "-c", f"{text} sbatch --parsable --hold --comment='{submission.comment}' job.sh")
    return int(done.stdout)


def test_of_two_held_jobs_with_one_tag_the_first_runs_and_the_other_is_cancelled(alice: Person, owner: User) -> None:
    submission = JobSubmission.create(owner, make_job(owner, RUN), via="login_node")
    submission.lease("elsewhere/1/1", until=submission.created_at.replace(year=2100))
    first, second = held_job(alice, submission), held_job(alice, submission)

    ended = alice.wait_for(submission.pk, "completed", "failed")

    assert ended["slurm_job_id"] == first
    assert alice.jobs_tagged(submission.tag) == {str(first): "COMPLETED None", str(second): "CANCELLED JobHeldUser"}
    assert (alice.home / "twin/runs").read_text() == "run\n"


def test_of_two_held_jobs_with_one_tag_the_recorded_one_runs(alice: Person, owner: User) -> None:
    submission = JobSubmission.create(owner, make_job(owner, RUN), via="login_node")
    first, second = held_job(alice, submission), held_job(alice, submission)
    submission.record(second, "jobbergate")

    ended = alice.wait_for(submission.pk, "completed", "failed")

    assert ended["slurm_job_id"] == second
    assert alice.jobs_tagged(submission.tag) == {str(first): "CANCELLED JobHeldUser", str(second): "COMPLETED None"}


def test_what_is_cancelled_between_recording_and_releasing_never_runs(alice: Person, owner: User) -> None:
    submission = JobSubmission.create(owner, make_job(owner, RUN), via="login_node")
    submission.record(held_job(alice, submission), "jobbergate")
    submission.cancel()

    assert alice.wait_for(submission.pk, "completed", "failed", "cancelled")["status"] == "cancelled"
    assert not (alice.home / "twin/runs").exists()
