"""`jobbergate job-submissions` on a machine without Slurm: the cluster's agent does what sbatch would."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from submissions.models import JobSubmission
from tests.cli.conftest import Jobbergate
from tests.factories import make_cluster, make_script, make_submission

pytestmark = pytest.mark.usefixtures("no_slurm_here")


def test_create_waits_for_the_agent_of_the_only_cluster(by_alice: Jobbergate) -> None:
    make_cluster("hilbert", last_contact_at=now())
    script = make_script()

    result = by_alice("job-submissions", "create", script.pk, "-o", "json", "--", "--time=10", "-N", "2")

    submission = JobSubmission.objects.get()
    assert result.exit_code == 0, result.stderr
    assert result.stderr == f"Submission {submission.pk} waits for the agent of hilbert.\n"
    assert json.loads(result.stdout)["status"] == "created"
    assert (submission.via, submission.sbatch_arguments) == ("agent", ["--time=10", "-N", "2"])


def test_create_takes_a_cluster_a_directory_and_a_name(by_alice: Jobbergate) -> None:
    make_cluster("hilbert")
    make_cluster("noether")
    words = ["--cluster", "noether", "-d", "/scratch/alice/run", "-n", "Second try"]

    result = by_alice("job-submissions", "create", make_script().pk, *words)

    submission = JobSubmission.objects.get()
    assert result.exit_code == 0, result.stderr
    assert submission.cluster is not None
    assert (submission.cluster.name, submission.name) == ("noether", "Second try")
    assert submission.execution_directory == "/scratch/alice/run"


def test_of_several_clusters_one_has_to_be_named(by_alice: Jobbergate) -> None:
    make_cluster("hilbert")
    make_cluster("noether")

    result = by_alice("job-submissions", "create", make_script().pk)

    assert result.exit_code == 1
    assert "cluster" in result.stderr
    assert not JobSubmission.objects.exists()


def test_a_relative_directory_means_nothing_elsewhere(by_alice: Jobbergate) -> None:
    make_cluster()

    result = by_alice("job-submissions", "create", make_script().pk, "-d", "run")

    assert result.exit_code == 2
    assert "give an absolute path" in result.stderr


@pytest.mark.parametrize("argument", ["--wrap=ls", "job.sh"])
def test_sbatch_arguments_that_are_refused_say_so(by_alice: Jobbergate, argument: str) -> None:
    make_cluster()

    result = by_alice("job-submissions", "create", make_script().pk, "--", argument)

    assert result.exit_code == 1
    assert argument.partition("=")[0] in result.stderr


def test_cancel_of_one_shows_its_row(by_alice: Jobbergate, alice: User) -> None:
    submission = make_submission(alice)

    result = by_alice("job-submissions", "cancel", submission.pk, "-o", "json")

    assert (result.exit_code, json.loads(result.stdout)["status"]) == (0, "cancelled")


def test_cancel_of_several_tells_which_could_not_be_and_is_1(by_alice: Jobbergate, alice: User) -> None:
    script = make_script()
    first, second = make_submission(alice, script), make_submission(alice, script)
    second.cancel()

    result = by_alice("job-submissions", "cancel", first.pk, second.pk, 999_999, "-o", "id")

    assert (result.exit_code, result.stdout) == (1, f"{first.pk}\n")
    assert f"Error: Submission {second.pk}: It is cancelled already." in result.stderr
    assert "Error: Submission 999999: Not found." in result.stderr


def test_resubmit_by_the_agent(by_alice: Jobbergate, alice: User) -> None:
    submission = make_submission(alice, via="agent", cluster=make_cluster(), sbatch_arguments=["-N2"])

    result = by_alice("job-submissions", "resubmit", submission.pk, "-o", "id")

    again = JobSubmission.objects.get(pk=int(result.stdout))
    assert again.pk != submission.pk
    assert (again.job_script_id, again.sbatch_arguments, again.via) == (submission.job_script_id, ["-N2"], "agent")
    assert again.tag != submission.tag


def test_resubmit_through_a_login_node_needs_one(by_alice: Jobbergate, alice: User) -> None:
    submission = make_submission(alice)

    result = by_alice("job-submissions", "resubmit", submission.pk)

    assert result.exit_code == 1
    assert "went through a login node" in result.stderr
    assert JobSubmission.objects.count() == 1


def test_refresh_needs_slurm(by_alice: Jobbergate, alice: User) -> None:
    submission = make_submission(alice)

    for words in (["get", submission.pk], ["list"]):
        result = by_alice("job-submissions", *words, "--refresh")
        assert result.exit_code == 1
        assert "leave out --refresh" in result.stderr


def test_get_update_and_delete(by_alice: Jobbergate, alice: User) -> None:
    submission = make_submission(alice)

    assert by_alice("job-submissions", "update", submission.pk, "-n", "Renamed", "--description", "Why").exit_code == 0
    row = json.loads(by_alice("job-submissions", "get", submission.pk, "-o", "json").stdout)
    assert (row["name"], row["description"], row["tag"]) == ("Renamed", "Why", submission.tag)

    assert by_alice("job-submissions", "delete", submission.pk).exit_code == 0
    assert not JobSubmission.objects.exists()


def test_what_may_still_run_is_not_deleted(by_alice: Jobbergate, alice: User) -> None:
    submission = make_submission(alice)
    submission.record(4711, "hilbert")

    result = by_alice("job-submissions", "delete", submission.pk)

    assert result.exit_code == 1
    assert "cancel it first" in result.stderr


def test_run_makes_a_script_and_submits_it(by_alice: Jobbergate, alice: User) -> None:
    from tests.factories import make_application

    make_cluster()
    make_application(identifier="hello")

    result = by_alice("run", "hello", "-a", "nodes=3", "-n", "Three", "-o", "json", "--", "--time=10")

    submission = JobSubmission.objects.get()
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["id"] == submission.pk
    assert submission.job_script.answers == {"nodes": 3}
    assert (submission.job_script.name, submission.sbatch_arguments) == ("Three", ["--time=10"])


def test_run_without_submitting_shows_the_script(by_alice: Jobbergate, alice: User, tmp_path: Path) -> None:
    from tests.factories import make_application

    make_application(identifier="hello")

    result = by_alice("run", "hello", "--fast", "--no-submit", "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["entrypoint"] == "job.sh"
    assert not JobSubmission.objects.exists()
