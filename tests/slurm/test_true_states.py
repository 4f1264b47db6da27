"""What a job really did is what its submission says: queued again, preempted, in several components, cancelled early."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User

from cli.queue import Queue
from cli.slurm import FEW, Slurm
from dev.slurm_cluster import SlurmCluster
from submissions.models import JobSubmission
from tests.slurm.conftest import Person, eventually, make_job

pytestmark = pytest.mark.slurm

# The first run fails, each later one succeeds.
ONCE = "[ -e ran ] && exit 0\ntouch ran\n"


def requeue(person: Person, job: object) -> None:
    """Slurm lets a requeued job wait for two minutes; these begin at once."""
    done = person.run("scontrol", "requeue", job)
    assert done.returncode == 0, done.stderr
    begin(person, job)


def begin(person: Person, job: object) -> None:
    """Not before the node is free of its first run: Slurm itself would end the second one with it, as FAILED."""
    eventually(lambda: "completing" not in person.run("sinfo", "-h", "-o", "%T").stdout)
    time.sleep(1)
    eventually(lambda: person.run("scontrol", "update", f"jobid={job}", "StartTime=now").returncode == 0)


def reasons(submission: dict[str, Any]) -> list[str]:
    return [event.reason for event in JobSubmission.objects.get(pk=submission["id"]).events.all()]


def test_a_running_job_that_is_requeued_is_in_its_second_attempt(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, f"{ONCE}sleep 600").pk)
    first = alice.wait_for(submission["id"], "running")
    eventually((alice.home / submission["execution_directory"] / "ran").exists)

    alice.run("scontrol", "requeue", first["slurm_job_id"])
    waiting = alice.wait_for(submission["id"], "pending")
    assert (waiting["attempts"], waiting["started_at"], waiting["nodes"]) == (2, None, "")
    assert waiting["submitted_at"] == first["queued_at"] < waiting["queued_at"]
    begin(alice, first["slurm_job_id"])
    ended = alice.wait_for(submission["id"], "completed", "failed")

    assert (ended["status"], ended["exit_code"], ended["attempts"]) == ("completed", 0, 2)
    assert ended["started_at"] >= waiting["queued_at"]
    assert any(reason.startswith("requeued, attempt 2") for reason in reasons(submission))


@pytest.mark.parametrize("person", ["alice", "bare_alice"])
def test_an_ended_job_that_is_requeued_is_live_again_and_ends_again(
    request: pytest.FixtureRequest, owner: User, person: str
) -> None:
    alice: Person = request.getfixturevalue(person)
    submission = alice.submit(make_job(owner, f"{ONCE}exit 7").pk)
    first = alice.wait_for(submission["id"], "failed", "completed")
    assert (first["status"], first["exit_code"], first["attempts"]) == ("failed", 7, 1)
    assert reasons(submission)[-1].endswith("exit code 7")

    requeue(alice, first["slurm_job_id"])
    ended = alice.wait_for(submission["id"], "completed")

    assert (ended["exit_code"], ended["attempts"]) == (0, 2)
    assert ended["submitted_at"] == first["submitted_at"]


def test_one_requeued_task_keeps_its_array_going(alice: Person, owner: User) -> None:
    lines = "#SBATCH --array=1-3\n[ $SLURM_ARRAY_TASK_ID = 2 ] || exit 0\n[ -e ran ] && exit 0\ntouch ran\nexit 5"
    submission = alice.submit(make_job(owner, lines).pk)
    first = alice.wait_for(submission["id"], "failed", "completed")
    assert (first["status"], first["tasks"], first["exit_code"]) == ("failed", {"completed": 2, "failed": 1}, 5)

    requeue(alice, f"{first['slurm_job_id']}_2")
    ended = alice.wait_for(submission["id"], "completed")

    assert (ended["tasks"], ended["exit_code"], ended["attempts"]) == ({"completed": 3}, 0, 2)


def test_a_preempted_job_waits_again_and_runs_to_its_end(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, f"#SBATCH -N2 --exclusive --requeue\n{ONCE}sleep 600").pk)
    job = alice.wait_for(submission["id"], "running")["slurm_job_id"]
    eventually((alice.home / submission["execution_directory"] / "ran").exists)

    alice.run("sbatch", "-p", "urgent", "-N2", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 2")
    assert alice.wait_for(submission["id"], "pending", "preempted")["status"] == "pending"
    begin(alice, job)
    ended = alice.wait_for(submission["id"], "completed", "failed", "preempted")

    assert (ended["status"], ended["attempts"]) == ("completed", 2)


def test_a_preempted_job_that_may_not_be_requeued_is_preempted_for_good(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "#SBATCH -N2 --exclusive --no-requeue\nsleep 600").pk)
    alice.wait_for(submission["id"], "running")

    alice.run("sbatch", "-p", "urgent", "-N2", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 2")
    ended = alice.wait_for(submission["id"], "preempted")

    assert (ended["attempts"], ended["ended_at"] is not None) == (1, True)
    assert "make room" in ended["explanation"]


def test_a_heterogeneous_job_ends_when_all_of_it_has(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n1\nsleep 3\nexit 0").pk)

    half_way = alice.wait_for(submission["id"], "running")
    assert half_way["ended_at"] is None
    ended = alice.wait_for(submission["id"], "completed", "failed", "cancelled")

    assert (ended["status"], ended["exit_code"], ended["nodes"].count("n")) == ("completed", 0, 2)
    requeue(alice, ended["slurm_job_id"])
    assert alice.wait_for(submission["id"], "running", "pending")["attempts"] == 2


def test_a_job_that_gives_a_node_back_stays_in_its_first_attempt(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "#SBATCH -N2\nsleep 4\nexit 5").pk)
    job = alice.wait_for(submission["id"], "running")["slurm_job_id"]

    done = alice.run("scontrol", "update", f"jobid={job}", "NumNodes=1")
    assert done.returncode == 0, done.stderr
    ended = alice.wait_for(submission["id"], "failed", "completed")

    assert (ended["status"], ended["exit_code"], ended["attempts"]) == ("failed", 5, 1)


@pytest.mark.parametrize("person", ["alice", "bare_alice"])
def test_what_was_cancelled_while_it_waited_has_never_begun(
    request: pytest.FixtureRequest, owner: User, person: str
) -> None:
    alice: Person = request.getfixturevalue(person)
    submission = alice.submit(make_job(owner, "true").pk, "--begin=now+1hour")
    # Slurm says why as soon as its scheduler has looked.
    eventually(lambda: alice.look(submission["id"])["reason"] == "BeginTime")
    waiting = alice.look(submission["id"])

    alice.json("job-submissions", "cancel", submission["id"])
    ended = alice.wait_for(submission["id"], "cancelled")

    assert waiting["explanation"].startswith("Its time to begin has not come")
    assert (ended["started_at"], ended["exit_code"], ended["nodes"]) == (None, None, "")
    assert ended["ended_at"] is not None


@pytest.mark.parametrize("person", ["alice", "bare_alice"])
def test_a_job_in_a_hidden_partition_is_seen_too(request: pytest.FixtureRequest, owner: User, person: str) -> None:
    alice: Person = request.getfixturevalue(person)
    submission = alice.submit(make_job(owner, "sleep 1\nexit 5").pk, "--partition=private")

    ended = alice.wait_for(submission["id"], "failed", "completed", "unknown")

    unseen = alice.run("squeue", "-h", "-t", "all", "-o", "%i %P").stdout
    assert "private" not in unseen
    assert (ended["status"], ended["exit_code"], ended["partition"]) == ("failed", 5, "private")


def test_a_job_killed_by_a_signal_says_so(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "kill -9 $$").pk)

    ended = alice.wait_for(submission["id"], "failed", "completed")

    assert (ended["status"], ended["exit_code"], ended["signal"]) == ("failed", 0, 9)
    assert reasons(submission)[-1].endswith("killed by signal 9")


def test_another_ones_job_with_a_copy_of_the_tag_is_not_taken_for_ours(
    alice: Person, owner: User, cluster: SlurmCluster
) -> None:
    """As an agent sees it that asks for everybody's jobs."""
    submission = alice.submit(make_job(owner, "true").pk, "--hold")
    comment = f"--comment=jobbergate:{submission['tag']}"
    copied = cluster.client("sbatch", "--parsable", "--hold", comment, "-o", "/dev/null", "--wrap", "true")

    queue = Queue(Slurm({**alice.environment, **cluster.environment()}).squeue("root,jg-alice"))

    assert queue.tagged(submission["tag"]) == sorted([submission["slurm_job_id"], int(copied.stdout)])
    assert queue.tagged(submission["tag"], "jg-alice") == [submission["slurm_job_id"]]
    assert [row.user for row in queue.of(submission, "jg-alice")] == ["jg-alice"]
    cluster.client("scancel", copied.stdout.strip())


def test_the_exit_codes_of_many_jobs_come_from_one_question_and_are_those_of_each(
    bare_alice: Person, owner: User, bare_cluster: SlurmCluster
) -> None:
    slurm = Slurm({**bare_alice.environment, **bare_cluster.environment()})
    scripts = {"exit 7": {0: "7:0"}, "kill -9 $$": {0: "0:9"}, "exit 300": {0: "44:0"}}
    expected = {bare_alice.submit(make_job(owner, text).pk)["slurm_job_id"]: codes for text, codes in scripts.items()}
    array = bare_alice.submit(make_job(owner, "#SBATCH --array=1-2\nexit $SLURM_ARRAY_TASK_ID").pk)["slurm_job_id"]
    expected[array] = {1: "1:0", 2: "2:0"}
    eventually(lambda: all(row.is_over for row in slurm.squeue("jg-alice") if row.job in expected))

    others = range(array + 1, array + 1 + FEW)
    assert {job: codes for job, codes in slurm.exit_codes_of([*expected, *others]).items() if codes} == expected
    assert slurm.exit_codes_of(expected) == expected
