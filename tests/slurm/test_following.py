"""Submissions followed on a login node with a real Slurm: waited for, read, held, released, queued again, in order."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from dev.processes import as_user
from submissions import dependencies
from submissions.models import JobSubmission
from tests.clusters import LOGIN
from tests.slurm.conftest import Person, eventually, interpreter, make_job

pytestmark = pytest.mark.slurm


def said(alice: Person, *words: object) -> str:
    done = alice.jobbergate("job-submissions", "log", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def state(alice: Person, submission: dict[str, object]) -> str:
    return alice.run("squeue", "-h", "-t", "all", "-j", submission["slurm_job_id"], "-o", "%T %r").stdout.strip()


def test_wait_ends_with_the_jobs_and_tells_how_they_ended(alice: Person, owner: User) -> None:
    good, bad = alice.submit(make_job(owner, "sleep 1").pk), alice.submit(make_job(owner, "exit 3").pk)

    one = alice.jobbergate("job-submissions", "wait", good["id"])
    both = alice.jobbergate("job-submissions", "wait", good["id"], bad["id"], "-o", "id")

    assert one.returncode == 0, one.stderr
    assert (both.returncode, both.stdout) == (1, f"{good['id']}\n{bad['id']}\n")
    assert f"Submission {bad['id']} has ended: failed (NonZeroExitCode, exit code 3)." in both.stderr


def test_a_timeout_and_ctrl_c_leave_the_job(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "sleep 600").pk)
    alice.wait_for(submission["id"], "running")

    late = alice.jobbergate("job-submissions", "wait", submission["id"], "--timeout", "1s")
    waiting = subprocess.Popen(
        [interpreter(), "-m", "cli.main", "job-submissions", "wait", str(submission["id"])],
        **as_user(LOGIN),
        env=alice.environment,
        cwd=alice.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(3)
    waiting.send_signal(signal.SIGINT)
    words = waiting.communicate(timeout=20)[1]

    assert late.returncode == 1
    assert f"Submission {submission['id']} has not ended within 1s, and has been left alone." in late.stderr
    assert waiting.returncode == 130
    assert "The jobs go on" in words
    assert state(alice, submission) == "RUNNING None"


def test_the_log_of_a_job_is_read_where_slurm_has_it_and_after_slurm_forgot_it(alice: Person, owner: User) -> None:
    script = make_job(owner, "echo out; echo err >&2", name="Said")
    words = ["--", "--output=%x-%j.out", "--error=%6j.err", "--job-name=a b"]
    submission = alice.json("job-submissions", "create", script.pk, *words)
    alice.wait_for(submission["id"], "completed")

    known = said(alice, submission["id"]), said(alice, submission["id"], "--stderr")
    # As if it had forgotten it: the number is another one's.
    JobSubmission.objects.filter(pk=submission["id"]).update(tag="0" * 32)
    forgotten = said(alice, submission["id"]), said(alice, submission["id"], "--stderr")

    assert known == forgotten == ("out\n", "err\n")


def test_the_log_of_an_array_is_that_of_a_task(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "echo task $SLURM_ARRAY_TASK_ID").pk, "--array=1-2")
    alice.wait_for(submission["id"], "completed")

    assert said(alice, submission["id"], "--task", 2) == "task 2\n"
    JobSubmission.objects.filter(pk=submission["id"]).update(tag="0" * 32)
    assert said(alice, submission["id"], "--task", 1) == "task 1\n"
    refused = alice.jobbergate("job-submissions", "log", submission["id"])
    assert refused.returncode == 1
    assert "name one of its tasks" in refused.stderr


def test_following_ends_when_the_job_has_and_all_is_read(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "for i in 1 2 3 4; do echo line $i; sleep 1; done").pk)

    assert said(alice, submission["id"], "--follow") == "line 1\nline 2\nline 3\nline 4\n"
    assert JobSubmission.objects.get(pk=submission["id"]).status == "completed"
    assert said(alice, submission["id"], "--lines", 2) == "line 3\nline 4\n"


def test_what_is_no_file_is_not_read(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "true").pk, "--hold")
    place = Path(submission["execution_directory"])
    alice.run("mkfifo", place / f"slurm-{submission['slurm_job_id']}.out")

    refused = alice.jobbergate("job-submissions", "log", submission["id"])

    assert refused.returncode == 1
    assert "is not a file" in refused.stderr


def test_a_job_is_held_and_released(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "true").pk, "--begin=now+1hour")

    row = alice.json("job-submissions", "hold", submission["id"])
    # Held by its owner, and not by us: nothing lets it go but the owner.
    again = alice.look(submission["id"])
    held = state(alice, submission)
    alice.json("job-submissions", "release", submission["id"])

    assert (row["id"], row["reason"], again["reason"]) == (submission["id"], "JobHeldUser", "JobHeldUser")
    assert held == "PENDING JobHeldUser"
    assert state(alice, submission) != "PENDING JobHeldUser"


def test_a_running_job_is_queued_again(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "echo run >> runs; sleep 600").pk)
    runs = Path(submission["execution_directory"]) / "runs"
    eventually(runs.is_file)

    row = alice.json("job-submissions", "requeue", submission["id"])

    assert row["status"] == "pending"
    assert row["slurm_job_id"] == submission["slurm_job_id"]


def test_what_slurm_refuses_is_said_in_its_words(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "true").pk)
    alice.wait_for(submission["id"], "completed")

    done = alice.jobbergate("job-submissions", "hold", submission["id"], 999_999)

    assert done.returncode == 1
    assert "Error: There is no submission 999999 that you may see." in done.stderr
    assert "Slurm refuses" in done.stderr or "completed already" in done.stderr


def test_a_job_begins_after_another_has_completed(alice: Person, owner: User) -> None:
    first = alice.submit(make_job(owner, "sleep 3; echo first >> ../order").pk)
    second = alice.json(
        "job-submissions", "create", make_job(owner, "echo second >> ../order").pk, "--after", first["id"]
    )

    assert second["after_ok"] == [first["id"]]
    eventually(lambda: state(alice, second) == "PENDING Dependency")
    alice.wait_for(second["id"], "completed")
    assert (alice.home / "order").read_text() == "first\nsecond\n"


def test_after_a_failure_it_never_begins_unless_that_is_no_matter(alice: Person, owner: User) -> None:
    first = alice.submit(make_job(owner, "sleep 3; exit 1").pk)
    script = make_job(owner, "true").pk
    never = alice.json("job-submissions", "create", script, "--after", first["id"])
    always = alice.json("job-submissions", "create", script, "--after-any", first["id"], "--", "--dependency=singleton")

    assert alice.wait_for(never["id"], "cancelled")["exit_code"] in (None, 0)
    assert alice.wait_for(always["id"], "completed")["started_at"] is not None
    refused = alice.jobbergate("job-submissions", "create", script, "--after", first["id"])
    assert refused.returncode == 1
    assert "is failed and not completed" in refused.stderr


def test_nothing_begins_after_a_failure_that_nobody_has_looked_at(alice: Person, owner: User) -> None:
    """To Slurm a job that it has forgotten is one that completed, so what became of it is looked up first."""
    first = alice.submit(make_job(owner, "exit 1").pk)
    eventually(lambda: state(alice, first).startswith("FAILED"))

    done = alice.jobbergate("job-submissions", "create", make_job(owner, "touch ../ran").pk, "--after", first["id"])

    # Accounting may be late; then Slurm itself still knows that the job failed.
    if done.returncode == 0:
        alice.wait_for(JobSubmission.objects.latest("pk").pk, "cancelled")
    else:
        assert "is failed and not completed" in done.stderr
    assert not (alice.home / "ran").exists()


def test_what_was_left_half_way_is_rejected_when_it_can_begin_no_more(alice: Person, owner: User) -> None:
    """A submission that was created, and whose client died then."""
    first = alice.submit(make_job(owner, "sleep 1; exit 1").pk)
    child = dependencies.create(owner, make_job(owner, "touch ../ran"), [first["id"]], via="login_node")
    eventually(lambda: state(alice, first).startswith("FAILED"))
    time.sleep(3)

    row = alice.look(child.pk)

    assert (row["status"], row["slurm_job_id"]) == ("rejected", None)
    assert "after whose completion it was to begin, is failed" in row["reason"]
