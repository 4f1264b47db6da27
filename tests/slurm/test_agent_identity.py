"""Two ordinary users beside root: everything is done as its owner, and neither has a way to what is the other's."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from dev.machine import ensure_user, temporary_directory
from dev.processes import as_user
from dev.slurm_cluster import SlurmCluster
from submissions.models import JobSubmission
from tests.clusters import LOGIN
from tests.factories import make_user
from tests.slurm.agents import Agents, agents
from tests.slurm.conftest import Person, eventually, forget_jobs, make_job, person
from tests.slurm.test_agent import ends

pytestmark = pytest.mark.slurm

BOB = "jg-bob"
ACCOUNTS = {"alice": LOGIN, "bob": BOB, "dora": "root", "emil": "daemon", "frida": "jg-nobody-of-that-name"}


@pytest.fixture
def bob(transactional_db: None, cluster: SlurmCluster) -> User:
    ensure_user(BOB)
    cluster.add_account("physics", BOB)
    return make_user("bob")


@pytest.fixture
def bobs() -> Iterator[Path]:
    """His home, closed to others."""
    ensure_user(BOB)
    with temporary_directory("jg-bob") as place:
        shutil.chown(place, BOB, BOB)
        place.chmod(0o700)
        yield place


@pytest.fixture
def agency(
    owner: User, bob: User, installation: Path, live_server: LiveServer, cluster: SlurmCluster
) -> Iterator[Agents]:
    with (
        temporary_directory("jg-agent") as place,
        agents(place, installation, live_server, cluster, ACCOUNTS) as made,
    ):
        made.start(*made.mapped())
        yield made
    forget_jobs(cluster)
    cluster.client("scancel", f"--user={BOB}")


def submitted(owner: User, text: str, place: Path, **wanted: object) -> JobSubmission:
    return JobSubmission.create(owner, make_job(owner, text), execution_directory=str(place), **wanted)


def test_each_one_s_jobs_run_as_them(agency: Agents, owner: User, bob: User, home: Path, bobs: Path) -> None:
    ours = [submitted(owner, "id -un; id -Gn; umask", home / "a"), submitted(bob, "id -un; id -Gn; umask", bobs / "b")]

    outputs = [Path(f"{ends(one).execution_directory}/slurm-{one.slurm_job_id}.out") for one in ours]

    for output, name in zip(outputs, (LOGIN, BOB), strict=True):
        groups = " ".join(sorted(groups_of(name)))
        told = output.read_text().splitlines()
        assert [told[0], " ".join(sorted(told[1].split())), told[2]] == [name, groups, "0022"]
        assert {path.owner() for path in (output, output.parent, output.parent / "job.sh")} == {name}


def groups_of(name: str) -> list[str]:
    return subprocess.run(["id", "-Gn", name], capture_output=True, text=True, check=True).stdout.split()


def test_nothing_is_staged_where_its_owner_may_not_write(agency: Agents, owner: User, bob: User, bobs: Path) -> None:
    into_his_home = submitted(owner, "true", bobs / "mine")
    into_the_system = submitted(owner, "true", Path("/etc/jobbergate-test"))

    assert (ends(into_his_home).status, ends(into_the_system).status) == ("rejected", "rejected")
    assert "Permission denied" in into_his_home.reason
    assert list(bobs.iterdir()) == []
    assert not Path("/etc/jobbergate-test").exists()


def test_a_link_leads_nothing_out_of_the_directory(agency: Agents, owner: User, home: Path, bobs: Path) -> None:
    place = home / "here"
    victim = home / "victim"
    subprocess.run(
        ["sh", "-c", f"mkdir {place}; echo mine > {victim}; ln -s {victim} {place}/job.sh"],
        **as_user(LOGIN),
        check=True,
    )

    ended = ends(submitted(owner, "true", place))

    assert (ended.status, "symbolic link" in ended.reason) == ("rejected", True)
    assert victim.read_text() == "mine\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dora", "root is a system account"),
        ("emil", "daemon is a system account"),
        ("frida", "There is no account 'jg-nobody-of-that-name'"),
        ("georg", "georg is not in the map"),
    ],
)
def test_who_has_no_account_is_told_so(agency: Agents, home: Path, name: str, words: str) -> None:
    ended = ends(submitted(make_user(name), "touch /tmp/jobbergate-was-here", home))

    assert (ended.status, words in ended.reason) == ("rejected", True), ended.reason
    assert not Path("/tmp/jobbergate-was-here").exists()


def test_a_stranger_s_job_with_a_copied_comment_is_not_taken_for_one_s_own(
    agency: Agents, owner: User, bob: User, home: Path, bobs: Path, cluster: SlurmCluster
) -> None:
    """Comments are there for all to read."""
    one = submitted(owner, "sleep 2; echo run >> runs", home / "a", sbatch_arguments=["--begin=now+3"])
    eventually(lambda: JobSubmission.objects.get(pk=one.pk).slurm_job_id is not None)
    forged = held_as_bob(cluster, one.comment, bobs)

    assert ends(one).status == "completed"
    assert (home / "a/runs").read_text() == "run\n"
    told = cluster.client("squeue", "-h", "-j", forged, "-t", "all", "-o", "%T %r").stdout.strip()
    assert told == "PENDING JobHeldUser"


def test_a_job_that_a_stranger_had_ready_is_not_adopted(
    agency: Agents, owner: User, bob: User, home: Path, bobs: Path, cluster: SlurmCluster
) -> None:
    one = JobSubmission.prepared(owner, make_job(owner, "echo run >> runs"), execution_directory=str(home / "a"))
    forged = held_as_bob(cluster, one.comment, bobs)
    # Somebody seems to have tried before, so that the queue is looked at for its tag.
    one.status, one.lease_holder, one.leased_until = "submitting", "elsewhere/1/1", one.created_at
    one.save()
    JobSubmission.objects.filter(pk=one.pk).update(leased_until="2020-01-01T00:00:00Z")

    ended = ends(one)

    assert (ended.status, str(ended.slurm_job_id) != forged) == ("completed", True)
    assert (home / "a/runs").read_text() == "run\n"


def held_as_bob(cluster: SlurmCluster, comment: str, place: Path) -> str:
    command = ["sbatch", "--parsable", "--hold", f"--comment={comment}", "--wrap=true"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), **cluster.environment()}
    done = subprocess.run(
        command, **as_user(BOB), cwd=place, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_neither_sees_nor_cancels_what_is_the_other_s(
    agency: Agents,
    owner: User,
    bob: User,
    bobs: Path,
    home: Path,
    installation: Path,
    live_server: LiveServer,
    cluster: SlurmCluster,
) -> None:
    his = submitted(bob, "sleep 300", bobs / "b")
    eventually(lambda: JobSubmission.objects.get(pk=his.pk).slurm_job_id is not None)
    alice = person(home, installation, live_server, cluster)

    for words in (["get", his.pk], ["cancel", his.pk], ["resubmit", his.pk], ["delete", his.pk]):
        assert alice.jobbergate("job-submissions", *words).returncode == 1
    his.refresh_from_db()
    assert (his.cancel_requested, his.is_final) == (False, False)


def test_one_s_own_agent_needs_no_root_and_serves_nobody_else(
    alice: Person,
    owner: User,
    bob: User,
    home: Path,
    cluster: SlurmCluster,
    installation: Path,
    live_server: LiveServer,
) -> None:
    with (
        temporary_directory("jg-agent") as place,
        agents(place, installation, live_server, cluster, ACCOUNTS) as made,
    ):
        place.chmod(0o755)
        made.environment = alice.environment
        made.start("--mine", user=LOGIN)
        mine, his = submitted(owner, "id -un > who", home / "a"), submitted(bob, "true", home / "b")

        assert ends(mine).status == "completed"
        assert (home / "a/who").read_text() == f"{LOGIN}\n"
        his.refresh_from_db()
        assert his.status == "created"


@pytest.mark.parametrize(
    ("user", "words", "told"),
    [
        (LOGIN, [], "takes root"),
        ("root", ["--mine"], "No job is submitted as root"),
    ],
)
def test_it_does_not_start_as_the_wrong_one(agency: Agents, user: str, words: list[str], told: str) -> None:
    process = agency.start(*words, user=user, HOME=pwd.getpwnam(user).pw_dir)

    assert process.wait(30) == 2
    assert told in agency.said()


def test_a_map_that_others_may_write_is_refused(agency: Agents) -> None:
    (agency.place / "map").chmod(0o666)

    assert agency.start(*agency.mapped()).wait(30) == 2
    assert "can be written by others" in agency.said()
