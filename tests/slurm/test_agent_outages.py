"""Slurm, its accounting or the agent are away while jobs run and end: nothing turns failed, and all is right afterwards."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from dev.machine import temporary_directory
from dev.slurm_cluster import SlurmCluster
from submissions.models import JobSubmission, SubmissionEvent
from tests.clusters import LOGIN, running
from tests.slurm.agents import Agents, agents
from tests.slurm.conftest import eventually, forget_jobs, make_job
from tests.slurm.test_agent import ends, submitted

pytestmark = pytest.mark.slurm

ENDS = {"completed": "sleep 3", "failed": "sleep 4; exit 7"}


@pytest.fixture(scope="module")
def forgetful_cluster() -> Iterator[SlurmCluster]:
    """With accounting, and slurmctld forgets ended jobs after some seconds."""
    yield from running(accounting=True, min_job_age=2)


@pytest.fixture
def place() -> Iterator[Path]:
    with temporary_directory("jg-agent") as made:
        yield made


@pytest.fixture
def agency(
    owner: User, place: Path, installation: Path, live_server: LiveServer, forgetful_cluster: SlurmCluster
) -> Iterator[Agents]:
    with agents(place, installation, live_server, forgetful_cluster, {"alice": LOGIN}) as made:
        yield made
    forget_jobs(forgetful_cluster)


@pytest.fixture
def bare_agency(
    owner: User, place: Path, installation: Path, live_server: LiveServer, bare_cluster: SlurmCluster
) -> Iterator[Agents]:
    with agents(place, installation, live_server, bare_cluster, {"alice": LOGIN}) as made:
        yield made
    forget_jobs(bare_cluster)


def several(owner: User, home: Path) -> dict[str, JobSubmission]:
    """Running ones of each fate."""
    made = {fate: submitted(owner, text, execution_directory=str(home / fate)) for fate, text in ENDS.items()}
    eventually(lambda: not JobSubmission.objects.exclude(status="running").exists())
    return made


def assert_true_ends(made: dict[str, JobSubmission], seconds: float = 60) -> None:
    for fate, submission in made.items():
        ended = ends(submission, seconds)
        assert (ended.status, ended.exit_code) == (fate, {"completed": 0, "failed": 7}[fate])
        assert [event.new_status for event in ended.events.all()] == [
            "submitting",
            "pending",
            "running",
            *(["unknown"] if ended.events.filter(new_status="unknown").exists() else []),
            fate,
        ]


def test_a_minute_without_slurmctld(agency: Agents, owner: User, home: Path, forgetful_cluster: SlurmCluster) -> None:
    agency.start(*agency.mapped())
    made = several(owner, home)

    forgetful_cluster.down("slurmctld")
    late = submitted(owner, "true", execution_directory=str(home / "late"))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        statuses = set(JobSubmission.objects.exclude(pk=late.pk).values_list("status", flat=True))
        # Accounting may answer, and then knows nothing of an end either.
        assert statuses == {"running"}
        time.sleep(2)
    forgetful_cluster.up()

    assert_true_ends(made)
    assert ends(late).status == "completed"
    assert "Nothing is known of jobs for now" in agency.said()
    assert "Slurm answers again" in agency.said()


def test_jobs_that_ended_and_were_forgotten_while_the_agent_was_away(
    agency: Agents, owner: User, home: Path, forgetful_cluster: SlurmCluster
) -> None:
    agent = agency.start(*agency.mapped())
    made = several(owner, home)
    agent.kill()
    eventually(lambda: not forgetful_cluster.client("squeue", "-h", "-t", "all").stdout.strip(), 60)

    agency.start(*agency.mapped())

    assert_true_ends(made)


def test_accounting_that_is_away_for_a_while(
    agency: Agents, owner: User, home: Path, forgetful_cluster: SlurmCluster
) -> None:
    agency.start(*agency.mapped())
    made = several(owner, home)

    forgetful_cluster.down("slurmdbd")
    eventually(lambda: not forgetful_cluster.client("squeue", "-h", "-t", "all").stdout.strip(), 60)
    statuses = set(JobSubmission.objects.values_list("status", flat=True))
    assert statuses <= {"running", "completing", "unknown", *ENDS}
    forgetful_cluster.up()

    assert_true_ends(made, 120)


def test_a_site_without_accounting(bare_agency: Agents, owner: User, home: Path) -> None:
    bare_agency.start(*bare_agency.mapped())

    assert_true_ends(several(owner, home))


def test_an_end_that_nobody_saw_is_unknown_and_stays_so(
    bare_agency: Agents, owner: User, home: Path, bare_cluster: SlurmCluster
) -> None:
    agent = bare_agency.start(*bare_agency.mapped())
    made = several(owner, home)
    agent.send_signal(signal.SIGKILL)
    eventually(lambda: not bare_cluster.client("squeue", "-h", "-t", "all").stdout.strip(), 60)

    bare_agency.start(*bare_agency.mapped())

    eventually(lambda: set(JobSubmission.objects.values_list("status", flat=True)) == {"unknown"})
    time.sleep(3)
    for submission in made.values():
        submission.refresh_from_db()
        assert (submission.status, submission.is_final, submission.exit_code) == ("unknown", False, None)


def test_two_agents_at_once_do_no_harm(agency: Agents, owner: User, home: Path) -> None:
    script = make_job(owner, "echo run >> runs")
    agency.start(*agency.mapped())
    agency.start(*agency.mapped())
    eventually(lambda: agency.said().count("Watching") == 2)
    made = []
    for number in range(30):
        made.append(JobSubmission.create(owner, script, execution_directory=str(home / f"run-{number}")))
        time.sleep(0.07)

    for submission in made:
        assert ends(submission).status == "completed"
        assert (Path(submission.execution_directory) / "runs").read_text() == "run\n"
    assert SubmissionEvent.objects.filter(new_status="submitting").values("reason").distinct().count() == 2
