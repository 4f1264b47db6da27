"""The commands with a real Slurm beside them: from an application to a job that has ended, and back."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from applications.models import Application
from dev.slurm_cluster import SlurmCluster
from submissions.models import JobSubmission
from tests.cli.conftest import Jobbergate, sign_in
from tests.cli.terminal import at_a_terminal
from tests.factories import make_application, make_script, make_submission, make_sweep

pytestmark = pytest.mark.slurm

TEMPLATE = b"#!/bin/bash\n#SBATCH --nodes={{ nodes }} --output=out.txt\necho hello\nexit {{ code }}\n"
YAML = b"""\
jobbergate_config: {default_template: job.sh.j2}
questions:
  - {variable: nodes, type: integer, message: How many nodes?, default: 1}
  - {variable: code, type: integer, message: Exit code?, default: 0}
"""


@pytest.fixture(autouse=True)
def slurm(cluster: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cluster.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "here"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def hello(alice: User) -> Application:
    return make_application(alice, identifier="hello", files={"jobbergate.yaml": YAML, "templates/job.sh.j2": TEMPLATE})


@pytest.mark.usefixtures("hello")
def test_run_and_wait_ends_with_0_when_the_job_completed(by_alice: Jobbergate, here: Path) -> None:
    result = by_alice("run", "hello", "--fast", "-n", "Hello", "--wait", "-o", "json")

    submission = JobSubmission.objects.get()
    assert result.exit_code == 0, result.stderr
    row = json.loads(result.stdout)
    assert (row["status"], row["slurm_job_id"], row["exit_code"]) == ("completed", submission.slurm_job_id, 0)
    assert f"Submission {submission.pk} is Slurm job {submission.slurm_job_id}." in result.stderr
    assert f"Submission {submission.pk} has ended: completed." in result.stderr
    assert (here / f"hello-{submission.pk}" / "out.txt").read_text() == "hello\n"


@pytest.mark.usefixtures("hello")
def test_run_and_wait_ends_with_1_when_the_job_failed(by_alice: Jobbergate) -> None:
    result = by_alice("run", "hello", "--fast", "-a", "code=7", "--wait", "-o", "json")

    row = json.loads(result.stdout)
    assert (result.exit_code, row["status"], row["exit_code"]) == (1, "failed", 7)
    assert "has ended: failed" in result.stderr
    assert "exit code 7" in result.stderr


def test_what_slurm_refuses_is_rejected_with_its_words_and_1(by_alice: Jobbergate) -> None:
    result = by_alice("job-submissions", "create", make_script().pk, "-o", "json", "--", "--partition=no-such")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "rejected"
    assert "partition" in result.stderr


def test_a_directory_is_taken_from_here(by_alice: Jobbergate, here: Path) -> None:
    result = by_alice("job-submissions", "create", make_script().pk, "-d", "run", "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["execution_directory"] == str(here / "run")
    assert (here / "run" / "job.sh").is_file()
    by_alice("job-submissions", "cancel", JobSubmission.objects.get().pk)


def test_cancel_tells_slurm_at_once(by_alice: Jobbergate) -> None:
    # Begins tomorrow, so it is surely still there.
    by_alice("job-submissions", "create", make_script().pk, "--", "--begin=now+1day")
    submission = JobSubmission.objects.get()

    result = by_alice("job-submissions", "cancel", submission.pk, "-o", "json")

    assert result.exit_code == 0, result.stderr
    row = json.loads(by_alice("job-submissions", "get", submission.pk, "--refresh", "-o", "json").stdout)
    assert row["status"] == "cancelled"


def test_list_and_get_refresh_what_has_changed(by_alice: Jobbergate) -> None:
    by_alice("job-submissions", "create", make_script().pk, "--", "--begin=now+1day")
    submission = JobSubmission.objects.get()

    (row,) = json.loads(by_alice("job-submissions", "list", "--refresh", "-o", "json").stdout)

    assert (row["status"], row["slurm_job_id"]) == ("pending", submission.slurm_job_id)
    by_alice("job-submissions", "cancel", submission.pk)


def test_what_was_left_half_way_is_gone_on_with(by_alice: Jobbergate, alice: User) -> None:
    """A submission that was created, and whose client died then."""
    submission = make_submission(alice, sbatch_arguments=["--begin=now+1day"])

    result = by_alice("job-submissions", "get", submission.pk, "--refresh", "-o", "json")

    row = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    assert row["slurm_job_id"] is not None
    assert row["released"] is True
    by_alice("job-submissions", "cancel", submission.pk)


def test_staff_do_not_go_on_with_what_is_not_theirs(
    run_jobbergate: Jobbergate, server: str, carol: User, bob: User, config_directory: Path
) -> None:
    submission = make_submission(bob)
    sign_in(carol, server, config_directory)

    result = run_jobbergate("job-submissions", "list", "--refresh", "-o", "json")

    (row,) = json.loads(result.stdout)
    assert (row["id"], row["status"]) == (submission.pk, "created")
    assert "other people" in result.stderr
    assert JobSubmission.objects.get().slurm_job_id is None


def test_resubmit_is_a_new_job_in_a_new_directory(by_alice: Jobbergate, here: Path) -> None:
    by_alice("job-submissions", "create", make_script().pk, "--", "--begin=now+1day")
    first = JobSubmission.objects.get()

    result = by_alice("job-submissions", "resubmit", first.pk, "-o", "json")

    row = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    assert row["sbatch_arguments"] == ["--begin=now+1day"]
    assert row["slurm_job_id"] not in (None, first.slurm_job_id)
    assert row["execution_directory"] != first.execution_directory
    by_alice("job-submissions", "cancel", first.pk, row["id"])


def test_another_cluster_s_name_leaves_it_to_that_cluster_s_agent(by_alice: Jobbergate) -> None:
    from tests.factories import make_cluster

    make_cluster("elsewhere")

    result = by_alice("job-submissions", "create", make_script().pk, "--cluster", "elsewhere")

    submission = JobSubmission.objects.get()
    assert result.exit_code == 0, result.stderr
    assert (submission.via, submission.status) == ("agent", "created")


def test_a_sweep_with_a_bound_is_left_by_ctrl_c_and_gone_on_with(by_alice: Jobbergate, alice: User, here: Path) -> None:
    sweep = make_sweep(alice, size=3, name="Try", max_queued=1)

    shown, code = at_a_terminal(["sweeps", "submit", str(sweep.pk), "--", "--begin=now+1day"], [("1 pending", "\x03")])

    assert code == 130
    # The bar, with the points by state, and how to go on.
    assert "0/3" in shown
    assert f"`jobbergate sweeps submit {sweep.pk}` goes on." in shown
    states = json.loads(by_alice("sweeps", "get", sweep.pk, "--refresh", "-o", "json").stdout)["states"]
    assert states == {"pending": 1, "unsubmitted": 2}
    by_alice("sweeps", "cancel", sweep.pk)
