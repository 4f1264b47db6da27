"""From a job script to a job's true end, on a login node."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from submissions.models import JobSubmission
from tests.factories import make_user
from tests.slurm.conftest import Person, eventually, make_job

pytestmark = pytest.mark.slurm


def events(submission: dict[str, Any]) -> list[str]:
    return [event.new_status for event in JobSubmission.objects.get(pk=submission["id"]).events.all()]


def test_a_job_runs_where_it_was_submitted_and_completes(alice: Person, owner: User) -> None:
    script = make_job(owner, "echo hello from $SLURM_JOB_ID; sleep 1", name="Hello, Wörld!")

    submission = alice.submit(script.pk)
    ended = alice.wait_for(submission["id"], "completed", "failed")

    place = alice.home / f"hello-world-{submission['id']}"
    assert (place / f"slurm-{ended['slurm_job_id']}.out").read_text() == f"hello from {ended['slurm_job_id']}\n"
    assert ended["execution_directory"] == str(place)
    assert (ended["status"], ended["exit_code"], ended["signal"]) == ("completed", 0, 0)
    assert (ended["slurm_cluster"], ended["partition"], ended["account"]) == ("jobbergate", "debug", "physics")
    assert (ended["nodes"], ended["requested_cpus"], ended["time_limit"]) == ("n1", 1, 600)
    assert ended["requested_memory"] == 100 << 20
    assert ended["peak_memory"] > 0
    assert ended["cpu_time"] >= 0
    assert ended["submitted_at"] <= ended["started_at"] < ended["ended_at"]
    assert events(submission)[0] == "submitting"
    assert events(submission)[1] == "pending"
    assert events(submission)[-1] == "completed"


def test_a_job_that_fails_says_how(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "exit 3").pk)

    ended = alice.wait_for(submission["id"], "completed", "failed")

    assert (ended["status"], ended["exit_code"], ended["reason"]) == ("failed", 3, "NonZeroExitCode")


def test_the_directory_and_the_arguments_of_sbatch_are_the_owners(alice: Person, owner: User) -> None:
    script = make_job(owner, "pwd; echo $SLURM_JOB_NAME")
    words = ["-d", "there", "--", "--job-name=mine", "--output=log.txt"]

    submission = alice.json("job-submissions", "create", script.pk, *words)
    alice.wait_for(submission["id"], "completed", "failed")

    assert (alice.home / "there/log.txt").read_text() == f"{alice.home}/there\nmine\n"


def test_the_job_has_its_owners_environment_and_none_of_our_settings(alice: Person, owner: User) -> None:
    alice.environment |= {"LOADEDMODULES": "gcc/12", "SBATCH_PARTITION": "nowhere", "SQUEUE_FORMAT": "%i"}
    script = make_job(owner, "env > environment")

    submission = alice.submit(script.pk)
    alice.wait_for(submission["id"], "completed", "failed")

    lines = (Path(submission["execution_directory"]) / "environment").read_text().splitlines()
    assert "LOADEDMODULES=gcc/12" in lines
    assert not [
        line for line in lines if line.startswith(("JOBBERGATE_", "SBATCH_PART", "SQUEUE_", "SLURM_TIME_FORMAT"))
    ]


def test_what_the_script_says_about_the_environment_counts(alice: Person, owner: User) -> None:
    alice.environment |= {"KEPT": "yes", "DROPPED": "yes"}
    script = make_job(owner, "#SBATCH --export=KEPT\necho $KEPT $DROPPED > seen")

    submission = alice.submit(script.pk)
    alice.wait_for(submission["id"], "completed", "failed")

    assert (Path(submission["execution_directory"]) / "seen").read_text() == "yes\n"


@pytest.mark.parametrize("directive", ["", "#SBATCH --hold"])
def test_a_job_that_its_owner_wants_held_stays_held_until_they_let_it_go(
    alice: Person, owner: User, directive: str
) -> None:
    arguments = [] if directive else ["-H"]

    submission = alice.submit(make_job(owner, f"{directive}\ntrue").pk, *arguments)

    assert [alice.look(submission["id"])["reason"] for _ in range(2)] == ["JobHeldUser", "JobHeldUser"]
    alice.run("scontrol", "release", submission["slurm_job_id"])
    alice.wait_for(submission["id"], "completed")


@pytest.mark.parametrize("arguments", [(), ("--comment=of the arguments",)])
def test_the_owners_comment_stands_behind_the_tag(alice: Person, owner: User, arguments: tuple[str, ...]) -> None:
    script = make_job(owner, '#SBATCH --comment="of the script"\ntrue')

    submission = alice.submit(script.pk, "--hold", *arguments)

    own = "of the arguments" if arguments else "of the script"
    listed = alice.run("squeue", "-h", "-j", submission["slurm_job_id"], "-o", "%k").stdout
    assert listed == f"jobbergate:{submission['tag']} {own}\n"
    alice.json("job-submissions", "cancel", submission["id"])


def test_a_script_that_waits_for_its_job_does_not_hang_the_client(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "#SBATCH --wait\ntrue").pk)

    assert alice.wait_for(submission["id"], "completed", "failed")["status"] == "completed"


def test_a_script_that_silences_sbatch_is_submitted_all_the_same(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "#SBATCH --quiet\ntrue").pk)

    assert alice.wait_for(submission["id"], "completed", "failed")["status"] == "completed"


def test_a_cancelled_job_is_cancelled_in_slurm(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "sleep 600").pk)
    alice.wait_for(submission["id"], "running")

    alice.json("job-submissions", "cancel", submission["id"])

    ended = alice.wait_for(submission["id"], "cancelled")
    assert set(alice.jobs_tagged(submission["tag"])) == {str(ended["slurm_job_id"])}


def test_a_job_that_slurm_has_already_can_be_followed(alice: Person, owner: User) -> None:
    alice.run("sh", "-c", "printf '#!/bin/sh\nexit 5\n' > by-hand.sh")
    job = alice.run("sbatch", "--parsable", "by-hand.sh").stdout.strip()
    submission = JobSubmission.create(owner, make_job(owner, "exit 5"), via="login_node", slurm_job_id=int(job))

    assert alice.wait_for(submission.pk, "failed")["exit_code"] == 5


def test_many_submissions_are_looked_at_together(alice: Person, owner: User) -> None:
    script = make_job(owner, "exit $1").pk
    numbers = [alice.submit(script)["id"] for _ in range(3)]

    def all_over() -> bool:
        listed = alice.json("job-submissions", "list", "--refresh")
        return {row["id"]: row["status"] for row in listed} == dict.fromkeys(numbers, "completed")

    eventually(all_over)


def test_staff_who_look_at_a_colleagues_submission_do_not_submit_it_as_themselves(alice: Person, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    colleague = make_user("bob")
    submission = JobSubmission.create(colleague, make_job(colleague, "true"), via="login_node")

    assert alice.look(submission.pk)["status"] == "created"
    assert alice.jobs_tagged(submission.tag) == {}
