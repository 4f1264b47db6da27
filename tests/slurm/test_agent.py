"""An agent as root, on a real Slurm: jobs run as their owners, exactly once, and what becomes of them is told."""

import signal
from base64 import b64decode
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from dev.machine import temporary_directory
from dev.slurm_cluster import SlurmCluster
from submissions.clusters import Cluster
from submissions.models import JobSubmission
from submissions.wishes import Wish
from tests.clusters import LOGIN
from tests.slurm.agents import Agents, agents
from tests.slurm.conftest import eventually, forget_jobs, make_job

pytestmark = pytest.mark.slurm


@pytest.fixture
def agency(owner: User, installation: Path, live_server: LiveServer, cluster: SlurmCluster) -> Iterator[Agents]:
    with (
        temporary_directory("jg-agent") as place,
        agents(place, installation, live_server, cluster, {"alice": LOGIN}) as made,
    ):
        yield made
    forget_jobs(cluster)


def submitted(owner: User, text: str, **wanted: object) -> JobSubmission:
    return JobSubmission.create(owner, make_job(owner, text), **wanted)


def ends(submission: JobSubmission, seconds: float = 60) -> JobSubmission:
    def over() -> bool:
        submission.refresh_from_db()
        return submission.is_final

    eventually(over, seconds)
    return submission


def test_a_submission_from_anywhere_runs_as_its_owner(agency: Agents, owner: User, home: Path) -> None:
    agency.start(*agency.mapped())
    place = home / "here"
    submission = submitted(owner, "id -un; env; pwd", execution_directory=str(place))

    ended = ends(submission)

    assert (ended.status, ended.exit_code, ended.released) == ("completed", 0, True), agency.said()
    output = (place / f"slurm-{ended.slurm_job_id}.out").read_text().splitlines()
    assert output[0] == LOGIN
    assert output[-1] == str(place)
    assert not any("SECRET" in line or "PYTHON" in line or "JOBBERGATE" in line for line in output)
    assert (place / "job.sh").stat().st_uid == home.stat().st_uid
    assert [(event.old_status, event.new_status) for event in ended.events.all()][:2] == [
        ("created", "submitting"),
        ("submitting", "pending"),
    ]


def test_an_agent_may_die_at_any_moment(agency: Agents, owner: User, home: Path) -> None:
    script = make_job(owner, "echo run >> runs")
    program = str(agency.installation / "killed_at.py")
    for moment in count(1):
        JobSubmission.create(owner, script, execution_directory=str(home / f"run-{moment}"))
        agent = agency.start("--once", "--poll", "1", *agency.mapped(), program=program, before=("KILL", str(moment)))
        if agent.wait(60) != -signal.SIGKILL:
            break

    agency.start(*agency.mapped())
    for submission in JobSubmission.objects.all():
        assert ends(submission).status == "completed", agency.said()
        assert (Path(submission.execution_directory) / "runs").read_text() == "run\n"
    # Before and in each of its requests and commands, and at each step between.
    assert moment > 20, moment


def test_what_goes_on_in_the_cluster_is_told(agency: Agents) -> None:
    agency.start(*agency.mapped())

    eventually(lambda: bool(Cluster.objects.get().partitions))

    cluster = Cluster.objects.get()
    assert cluster.contact == "fresh"
    assert (cluster.slurm_version[:1], cluster.limits["max_array_size"] > 1) == ("2", True)
    assert cluster.load["nodes"]["total"] == 2


def test_a_log_is_read_by_the_agent_as_its_owner(agency: Agents, owner: User, home: Path) -> None:
    agency.start(*agency.mapped())
    place = home / "here"
    done = ends(submitted(owner, "echo hello", execution_directory=str(place)))
    # What root may read, and the owner may not.
    secret = submitted(owner, "echo hello", execution_directory=str(place), sbatch_arguments=["-o", "/dev/null"])
    ends(secret)
    JobSubmission.objects.filter(pk=secret.pk).update(stdout="/etc/shadow", tag="0" * 32)

    pieces = [one.wish(owner, "log", stream="stdout") for one in (done, secret)]
    eventually(lambda: not Wish.objects.filter(answered_at=None).exists())

    answers = [Wish.objects.get(pk=one.pk) for one in pieces]
    assert b64decode(answers[0].answer["content"]) == b"hello\n", answers[0].error
    assert answers[0].answer["path"] == str(place / f"slurm-{done.slurm_job_id}.out")
    assert (answers[1].answer, answers[1].error) == ({}, "/etc/shadow cannot be read: Permission denied.")


def test_who_holds_a_job_sees_that_it_is_held_when_that_is_answered(agency: Agents, owner: User, home: Path) -> None:
    agency.start(*agency.mapped())
    one = submitted(owner, "true", execution_directory=str(home / "a"), sbatch_arguments=["--begin=now+1day"])
    eventually(lambda: JobSubmission.objects.get(pk=one.pk).reason == "BeginTime")
    one.refresh_from_db()

    told = []
    for action in ("hold", "release", "requeue"):
        wish = one.wish(owner, action)
        eventually(lambda pk=wish.pk: Wish.objects.get(pk=pk).answered_at is not None)  # type: ignore[misc]
        one.refresh_from_db()
        told.append((one.reason == "JobHeldUser", bool(Wish.objects.get(pk=wish.pk).error)))

    # A job that has not begun cannot be queued again.
    assert told == [(True, False), (False, False), (False, True)]
