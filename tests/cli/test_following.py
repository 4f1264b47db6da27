"""Submissions followed and steered from a machine without Slurm: the server is asked, and the cluster's agent obeys."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils.timezone import now

from cli.logs import NoLog, read_piece
from submissions import reports
from submissions.clusters import Cluster
from submissions.models import JobSubmission
from tests.cli.conftest import Jobbergate, sign_in
from tests.cli.terminal import at_a_terminal
from tests.conftest import signed_in
from tests.factories import make_cluster, make_script, make_submission

pytestmark = pytest.mark.usefixtures("no_slurm_here")


@pytest.fixture
def hilbert(live_server: Any) -> Cluster:
    return Cluster.create("hilbert")[0]


@pytest.fixture
def running(by_alice: Jobbergate, alice: User, hilbert: Cluster) -> JobSubmission:
    return begun(alice, 7)


def begun(alice: User, job: int, **wanted: Any) -> JobSubmission:
    submission = make_submission(alice, via="agent", **wanted)
    submission.record(job, "hilbert")
    return submission


def become(submission: JobSubmission, state: str, **more: Any) -> None:
    told = [{"id": submission.pk, "slurm_job_id": submission.slurm_job_id, "state": state, **more}]
    reports.apply(told, JobSubmission.objects.all(), "hilbert")


@contextmanager
def meanwhile(do: Callable[[], Any]) -> Iterator[None]:
    """In another thread, with a connection of its own."""

    def work() -> None:
        try:
            do()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def agent_of(cluster: Cluster, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    """Speaks as an agent does, and answers every wish."""
    assert cluster.agent is not None
    client, over = signed_in(cluster.agent), threading.Event()

    def rounds() -> None:
        answers: list[dict[str, Any]] = []
        while not over.wait(0.05):
            told = {"holder": "h/1/2", **({"answers": answers} if answers else {})}
            heard = client.post(f"/api/clusters/{cluster.name}/sync/", told).json()
            answers = [{"wish": wish["id"], **answer(wish)} for wish in heard["wishes"]]

    with meanwhile(rounds):
        try:
            yield
        finally:
            over.set()


def reading(file: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What a worker does for its owner."""

    def answer(wish: dict[str, Any]) -> dict[str, Any]:
        wanted = {name: wish["arguments"][name] for name in ("offset", "size", "from_end")}
        try:
            return {"answer": read_piece(str(file), **wanted).told()}
        except NoLog as problem:
            return {"error": str(problem)}

    return answer


# --- wait and watch -------------------------------------------------------------------------------------------------


def test_wait_is_0_when_all_completed_and_1_otherwise(
    by_alice: Jobbergate, alice: User, running: JobSubmission
) -> None:
    other = begun(alice, 8)
    become(other, "FAILED", exit_code="3:0")

    def end() -> None:
        time.sleep(0.5)
        become(running, "COMPLETED")

    with meanwhile(end):
        good = by_alice("job-submissions", "wait", running.pk, "-o", "json")
    both = by_alice("job-submissions", "wait", running.pk, other.pk, "-o", "id")

    assert (good.exit_code, json.loads(good.stdout)["status"]) == (0, "completed"), good.stderr
    assert (both.exit_code, both.stdout.split()) == (1, [str(running.pk), str(other.pk)])
    assert f"Submission {other.pk} has ended: failed (exit code 3)." in both.stderr


@pytest.mark.parametrize(("text", "said"), [("1", "1 s"), ("1s", "1s")])
def test_a_timeout_is_1_with_a_sentence(by_alice: Jobbergate, running: JobSubmission, text: str, said: str) -> None:
    result = by_alice("job-submissions", "wait", running.pk, "--timeout", text)

    assert result.exit_code == 1
    assert result.stderr == f"Submission {running.pk} has not ended within {said}, and has been left alone.\n"


def test_wait_wants_what_is_there_and_a_time_that_it_understands(by_alice: Jobbergate, bob: User) -> None:
    theirs = make_submission(bob)

    missing = by_alice("job-submissions", "wait", theirs.pk)
    odd = by_alice("job-submissions", "wait", theirs.pk, "--timeout", "soon")

    assert (missing.exit_code, missing.stderr) == (1, f"Error: There is no submission {theirs.pk} that you may see.\n")
    assert odd.exit_code == 2
    assert "90s, 10m, 2h" in odd.stderr


def test_an_archived_one_is_waited_for_too(by_alice: Jobbergate, running: JobSubmission) -> None:
    become(running, "COMPLETED")
    running.change(is_archived=True)

    assert by_alice("job-submissions", "wait", running.pk).exit_code == 0


def test_watch_tells_changes_line_by_line_where_there_is_no_terminal(
    by_alice: Jobbergate, running: JobSubmission
) -> None:
    def move() -> None:
        time.sleep(0.5)
        become(running, "RUNNING")
        time.sleep(2)
        become(running, "COMPLETED")

    with meanwhile(move):
        result = by_alice("job-submissions", "watch", "--mine")

    assert result.exit_code == 0, result.stderr
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        [str(running.pk), "pending"],
        [str(running.pk), "running"],
        [str(running.pk), "completed"],
    ]


def test_watch_takes_ids_or_options(by_alice: Jobbergate, running: JobSubmission) -> None:
    assert by_alice("job-submissions", "watch", running.pk, "--status", "pending").exit_code == 2
    nothing = by_alice("job-submissions", "watch", "--status", "running")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


def test_on_a_terminal_watch_draws_a_table_and_ctrl_c_leaves_it(by_alice: Jobbergate, running: JobSubmission) -> None:
    shown, code = at_a_terminal(["job-submissions", "watch", str(running.pk)], [("pending", "\x03")])

    assert code == 130
    assert "status" in shown
    running.refresh_from_db()
    assert running.status == "pending"


# --- the log --------------------------------------------------------------------------------------------------------


def test_a_log_comes_from_the_agent(
    by_alice: Jobbergate, running: JobSubmission, hilbert: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "out").write_bytes(b"one\ntwo\xff\nthree\n")

    with agent_of(hilbert, reading(tmp_path / "out")):
        whole = by_alice("job-submissions", "log", running.pk)
        end = by_alice("job-submissions", "log", running.pk, "--lines", 1)

    assert whole.exit_code == 0, whole.stderr
    assert whole.stdout_bytes == b"one\ntwo\xff\nthree\n"
    assert end.stdout == "three\n"


def test_of_a_large_one_the_end_is_shown_and_that_it_is_one(
    by_alice: Jobbergate, running: JobSubmission, hilbert: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "out").write_bytes(b"x" * 300_000)

    with agent_of(hilbert, reading(tmp_path / "out")):
        result = by_alice("job-submissions", "log", running.pk)

    assert len(result.stdout) == 262_144
    assert "the last 262,144 of 300,000 bytes" in result.stderr


def test_a_log_is_followed_until_the_job_has_ended(
    by_alice: Jobbergate, running: JobSubmission, hilbert: Cluster, tmp_path: Path
) -> None:
    file = tmp_path / "out"
    file.write_text("one\n")

    def grow() -> None:
        time.sleep(1)
        with file.open("a") as stream:
            stream.write("two\n")
        become(running, "COMPLETED")

    with agent_of(hilbert, reading(file)), meanwhile(grow):
        result = by_alice("job-submissions", "log", running.pk, "--follow")

    assert (result.exit_code, result.stdout) == (0, "one\ntwo\n")


def test_what_has_not_begun_is_followed_from_its_beginning(
    by_alice: Jobbergate, alice: User, hilbert: Cluster, tmp_path: Path
) -> None:
    submission, file = make_submission(alice, via="agent"), tmp_path / "out"

    def begin() -> None:
        time.sleep(1)
        submission.record(7, "hilbert")
        time.sleep(1)
        file.write_text("one\n")
        become(submission, "COMPLETED")

    with agent_of(hilbert, reading(file)), meanwhile(begin):
        result = by_alice("job-submissions", "log", submission.pk, "--follow")

    assert (result.exit_code, result.stdout) == (0, "one\n"), result.stderr


def test_what_the_agent_cannot_read_is_said(
    by_alice: Jobbergate, running: JobSubmission, hilbert: Cluster, tmp_path: Path
) -> None:
    with agent_of(hilbert, reading(tmp_path / "missing")):
        result = by_alice("job-submissions", "log", running.pk)

    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {tmp_path / 'missing'} is not there, or not yet.\n",
    )


def test_an_agent_that_is_silent_is_named(
    by_alice: Jobbergate, running: JobSubmission, hilbert: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.tailing.PATIENCE", 0.5)

    never = by_alice("job-submissions", "log", running.pk)
    Cluster.objects.update(last_contact_at=now())
    once = by_alice("job-submissions", "log", running.pk)

    assert never.exit_code == once.exit_code == 1
    assert "The agent of hilbert does not answer; it was never heard of." in never.stderr
    assert "it was last heard of" in once.stderr


def test_on_a_terminal_a_log_moves_no_cursor(
    by_alice: Jobbergate, running: JobSubmission, hilbert: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "out").write_bytes(b"10%\r20%\r\n\x1b[2Jhidden\x9b\n")

    with agent_of(hilbert, reading(tmp_path / "out")):
        shown, code = at_a_terminal(["job-submissions", "log", str(running.pk)], [])

    assert code == 0, shown
    assert "10%\r\n20%\r\n" in shown
    assert "[2Jhidden" in shown
    assert "\x1b[2J" not in shown


# --- steering -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["hold", "release", "requeue"])
def test_the_agent_does_it_or_says_why_not(
    by_alice: Jobbergate, alice: User, running: JobSubmission, hilbert: Cluster, verb: str
) -> None:
    other = begun(alice, 8)

    def answer(wish: dict[str, Any]) -> dict[str, Any]:
        assert wish["action"] == verb
        return {} if wish["submission"]["id"] == running.pk else {"error": "Slurm refuses it."}

    with agent_of(hilbert, answer):
        result = by_alice("job-submissions", verb, running.pk, other.pk, "-o", "id")

    assert (result.exit_code, result.stdout) == (1, f"{running.pk}\n")
    assert result.stderr == f"Error: Submission {other.pk}: Slurm refuses it.\n"


def test_what_cannot_be_asked_for_is_said_of_each(
    by_alice: Jobbergate, alice: User, running: JobSubmission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.steering.PATIENCE", 0.1)
    done, here = begun(alice, 8), make_submission(alice)
    become(done, "COMPLETED")

    result = by_alice("job-submissions", "hold", running.pk, done.pk, here.pk, 999_999, "-o", "id")

    assert (result.exit_code, result.stdout) == (1, f"{running.pk}\n")
    assert f"Submission {running.pk}: The agent of hilbert does not answer" in result.stderr
    assert f"Error: Submission {done.pk}: It is completed already." in result.stderr
    assert f"Error: Submission {here.pk}: It is created, and Slurm has no job for it." in result.stderr
    assert "Error: There is no submission 999999 that you may see." in result.stderr


def test_cancel_by_filter_asks_for_yes(by_alice: Jobbergate, alice: User) -> None:
    make_cluster("noether")
    script = make_script(alice)
    one, other = make_submission(alice, script), make_submission(alice)

    asked = by_alice("job-submissions", "cancel", "--job-script", script.pk)
    done = by_alice("job-submissions", "cancel", "--job-script", script.pk, "--yes", "-o", "id")
    nothing = by_alice("job-submissions", "cancel", "--job-script", script.pk, "--yes")

    assert asked.exit_code == 2
    assert f"would cancel submission {one.pk}; with --yes it does" in asked.stderr
    assert (done.exit_code, done.stdout) == (0, f"{one.pk}\n")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    other.refresh_from_db()
    assert other.status == "created"


@pytest.mark.parametrize("words", [[], ["--yes"], ["1", "--status", "pending"]])
def test_cancel_wants_ids_or_options(by_alice: Jobbergate, words: list[str]) -> None:
    assert by_alice("job-submissions", "cancel", *words).exit_code == 2


def test_on_a_terminal_cancel_by_filter_asks(by_alice: Jobbergate, alice: User) -> None:
    submission = make_submission(alice)
    words = ["job-submissions", "cancel", "--status", "created"]

    _, refused = at_a_terminal(words, [("[y/N]", "n\r")])
    submission.refresh_from_db()
    kept = submission.status
    _, done = at_a_terminal(words, [("[y/N]", "y\r")])
    submission.refresh_from_db()

    assert (refused, kept) == (1, "created")
    assert (done, submission.status) == (0, "cancelled")


# --- making ---------------------------------------------------------------------------------------------------------


def test_resubmit_takes_other_arguments_and_another_directory(by_alice: Jobbergate, running: JobSubmission) -> None:
    result = by_alice("job-submissions", "resubmit", running.pk, "-d", "/scratch/again", "-o", "json", "--", "--time=9")

    row = json.loads(result.stdout)
    assert (row["sbatch_arguments"], row["execution_directory"]) == (["--time=9"], "/scratch/again")


def test_after_names_submissions(by_alice: Jobbergate, alice: User, running: JobSubmission) -> None:
    other, script = begun(alice, 8), make_script(alice).pk
    words = ["--after", running.pk, "--after-any", other.pk, "-o", "json"]

    row = json.loads(by_alice("job-submissions", "create", script, *words).stdout)
    become(running, "FAILED")
    refused = by_alice("job-submissions", "create", script, *words)

    assert (row["after_ok"], row["after_any"]) == ([running.pk], [other.pk])
    assert refused.exit_code == 1
    assert f"Submission {running.pk} is failed and not completed" in refused.stderr


def test_run_takes_after_but_not_for_a_sweep(by_alice: Jobbergate, alice: User, running: JobSubmission) -> None:
    from tests.factories import make_application

    make_application(alice, identifier="hello")

    row = json.loads(by_alice("run", "hello", "--fast", "--after", running.pk, "-o", "json").stdout)
    sweep = by_alice("run", "hello", "-a", "nodes=1,2", "--sweep", "--after", running.pk)

    assert row["after_ok"] == [running.pk]
    assert (sweep.exit_code, JobSubmission.objects.count()) == (2, 2)


def test_staff_read_no_files_of_their_own_for_others(
    run_jobbergate: Jobbergate, server: str, carol: User, alice: User, hilbert: Cluster, config_directory: Path
) -> None:
    """What staff ask for is read by its owner's worker, or not at all."""
    submission = begun(alice, 7)
    sign_in(carol, server, config_directory)
    asked: list[str] = []

    def answer(wish: dict[str, Any]) -> dict[str, Any]:
        asked.append(wish["submission"]["owner"])
        return {"error": "no"}

    with agent_of(hilbert, answer):
        result = run_jobbergate("job-submissions", "log", submission.pk)

    assert (result.exit_code, set(asked)) == (1, {"alice"})
