"""What others say must not keep the agent from the rest: workers, comments in the queue, a server that refuses."""

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

import pytest

from cli.agent import workers
from cli.agent.handing import Handing
from cli.agent.identity import NOBODY, Accounts, read_map
from cli.agent.rounds import STRANGE_TAG_AGAIN, Agent, Manner
from cli.agent.telling import BYTES_AT_ONCE, Outbox
from cli.agent.workers import Done, Worker, understood
from cli.errors import UsageProblem
from cli.facts import report
from cli.queue import Queue
from cli.slurm_text import Row
from submissions.api.sync import SyncSerializer

HOLDER = "login1/1/1"


# --- workers --------------------------------------------------------------------------------------------------------


def started(script: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Worker, SimpleQueue[Any]]:
    """A worker whose owner has put something else in its place."""

    def start(*_: object) -> subprocess.Popen[bytes]:
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(["sh", "-c", script], **pipes)

    monkeypatch.setattr(workers, "start_as", start)
    inbox: SimpleQueue[Any] = SimpleQueue()
    return Worker(NOBODY, {}, inbox), inbox


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        '{"number": Infinity}',
        '{"number": 1, "outcome": ' + "[" * 3000 + "]" * 3000 + "}",
        '{"number": 1, "outcome": []}',
        '{"number": []}',
        "[]",
        '{"outcome": "done"}',
    ],
)
def test_whatever_a_worker_says_what_it_was_asked_for_is_answered(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, inbox = started(f"read asked; echo '{line}'; exec sleep 60", monkeypatch)

    worker.ask("this", {"do": "submit"})

    done = inbox.get(timeout=10)
    assert (done.about, done.outcome) == ("this", "silent")
    worker.kill()


def test_what_a_dead_worker_was_asked_for_is_answered_though_another_process_holds_its_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker, inbox = started("sleep 5 & read asked; exit", monkeypatch)
    some = workers.Workers(inbox, {})
    some._workers[NOBODY.uid] = worker

    some.ask(NOBODY, "this", do="submit")
    worker._process.wait(10)
    some.tidy()

    assert inbox.get(timeout=1).outcome == "silent"


@pytest.mark.parametrize("text", ["   \n ", "a\0b", "\ud800 half", "x" * 50_000, 7, ["x"]])
@pytest.mark.parametrize("outcome", ["refused", "delayed"])
def test_what_a_worker_says_is_what_the_server_takes(text: object, outcome: str) -> None:
    told = understood("", {"outcome": outcome, "text": text})

    accepted(delayed=[{"id": 1, "reason": f"Tried again soon: {told.text}"}])
    accepted(rejected=[{"id": 1, "reason": told.text or "-"}])


@pytest.mark.parametrize("place", ["/home/a\nb", "/a\0", "/\ud800", "here", 7, "/" + "x" * 5000])
def test_a_directory_that_the_server_would_not_take_is_left_out(place: object) -> None:
    assert understood("", {"outcome": "accepted", "job": 7, "directory": place}) == Done("", "accepted", job=7)


def test_of_an_answer_only_a_piece_of_a_log_is_passed_on() -> None:
    piece = {"path": "/a", "offset": 0, "size": 6, "content": "aGVsbG8K"}
    more = {"more": "\0", "nan": float("nan"), "deep": [[[]]]}

    assert understood("", {"outcome": "done", "answer": {**piece, **more}}).answer == piece
    assert understood(
        "", {"outcome": "done", "answer": {**piece, "size": float("nan")}}
    ).answer.keys() == piece.keys() - {"size"}
    assert understood("", {"outcome": "done", "answer": {"path": "/\0\ud800b"}}).answer == {"path": "/b"}


def accepted(**told: object) -> None:
    SyncSerializer(data={"holder": HOLDER, **told}).is_valid(raise_exception=True)


# --- a slow Slurm ---------------------------------------------------------------------------------------------------


def test_what_waits_for_others_is_submitted_though_looks_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words about the others are old by then, and are asked for anew; its tag is not looked for once more."""
    one = agent()
    monkeypatch.setattr(one._accounts, "of", lambda _: NOBODY)
    asked: list[Handing] = []
    monkeypatch.setattr(one._hands, "submit", asked.append)
    row = {"id": 5, "owner": "alice", "after_ok": [4], "after_any": [], "cancel_requested": False, "again": True}
    answer = {name: [] for name in ("settled", "recorded", "tagged", "to_cancel", "wishes")}
    one._handing[5] = Handing(row, NOBODY, "look", since=0.0, taken_at=time.monotonic() - 40)

    one._handing[5].looked([], time.monotonic())
    one._obey({}, {**answer, "taken": []})
    assert (one._handing, asked) == ({}, [])
    one._obey({}, {**answer, "taken": [row]})

    assert [handing.id for handing in asked] == [5]
    # From somebody else it is looked for.
    one._handing.clear()
    one._obey({}, {**answer, "taken": [row]})
    assert one._handing[5].step == "look"


# --- owners with whom it takes long ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["later", "submitting"])
def test_an_owner_with_whom_it_takes_long_keeps_nobody_else_waiting(step: str) -> None:
    long_ago = time.monotonic() - 100
    hers = [Handing({"id": number, "owner": "alice"}, NOBODY, step, taken_at=long_ago) for number in range(1, 101)]
    his = Handing({"id": 200, "owner": "bob"}, NOBODY, "submitting")

    told = Outbox().news(HOLDER, [*hers, his], [])

    assert (told["take"], told["without"]) == (99, ["alice"])
    accepted(**told)


# --- the queue ------------------------------------------------------------------------------------------------------


def agent() -> Agent:
    return Agent(cast(Any, None), cast(Any, None), Accounts(), Manner("hilbert"), print, {})


def test_only_what_looks_like_a_tag_of_ours_is_asked_about() -> None:
    tags = ["a" * 32, "a" * 33, "A" * 32, "\0", "x" * 5000]
    queue = Queue(Row(number, (0,), False, "RUNNING", comment=f"jobbergate:{tag}") for number, tag in enumerate(tags))

    assert agent()._strangers(queue) == {"a" * 32}


def test_a_stranger_s_tag_is_asked_about_again_later_and_forgotten_with_its_job() -> None:
    one, queue = agent(), Queue([Row(7, (0,), False, "RUNNING", comment=f"jobbergate:{'a' * 32}")])
    one._settle({"tags": ["a" * 32]})
    assert one._strangers(queue) == set()

    one._strange = dict.fromkeys(one._strange, time.monotonic() - STRANGE_TAG_AGAIN)
    assert one._strangers(Queue([])) == set()
    assert one._strange == {}
    assert one._strangers(queue) == {"a" * 32}


@pytest.mark.parametrize("text", ["x" * 300, "a\nb", "p," * 200])
def test_a_long_partition_or_account_is_told_as_far_as_the_server_takes_it(text: str) -> None:
    row = Row(7, (0,), False, "PENDING", account=text, partition=text.replace("\n", ""))

    accepted(reports=[report({"id": 901, "slurm_job_id": 7}, {0: row})])


# --- a server that refuses ------------------------------------------------------------------------------------------


def server(is_bad: Callable[[Any], bool]) -> Callable[[dict[str, Any]], bool]:
    """Whether it takes a request: not one with anything bad in it."""

    def takes(told: dict[str, Any]) -> bool:
        return not any(is_bad(one) for name in ("reports", "answers", "delayed", "tags") for one in told.get(name, ()))

    return takes


def test_one_thing_that_the_server_refuses_does_not_keep_the_others_from_it() -> None:
    outbox = Outbox(
        reports={number: {"id": number, "slurm_job_id": number} for number in range(1, 1001)},
        answers={number: {"answer": {}} for number in range(1, 51)},
    )
    takes, heard, dropped = server(lambda one: 500 in one.values()), set(), []
    for _ in range(60):
        told = outbox.news(HOLDER, [], [])
        if takes(told):
            heard |= {one["id"] for one in told.get("reports", ())}
            outbox.settle(told)
        else:
            dropped += [one["id"] for one in outbox.refused(told).get("reports", ())]

    assert not outbox
    assert 500 in dropped
    assert heard | set(dropped) == set(range(1, 1001))
    assert len(dropped) < 5


def test_an_answer_that_the_server_refuses_becomes_one_that_it_takes() -> None:
    outbox = Outbox(answers={5: {"answer": {"path": "\0"}}})

    outbox.refused(outbox.news(HOLDER, [], []))

    assert outbox.news(HOLDER, [], [])["answers"] == [{"wish": 5, "error": "The server did not take the answer."}]


def test_a_request_is_not_longer_than_the_server_takes() -> None:
    long = {"answer": {"content": "a" * 350_000}}
    tasks = {str(number): "COMPLETED" for number in range(1000)}
    outbox = Outbox(
        reports={number: {"id": number, "tasks": tasks} for number in range(1000)},
        answers=dict.fromkeys(range(100), long),
    )

    told = outbox.news(HOLDER, [], [])

    assert told["reports"]
    assert told["answers"]
    assert len(json.dumps(told)) < 2 * BYTES_AT_ONCE + 1000


# --- the map of accounts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "is_taken"), [(0o644, True), (0o664, False), (0o646, False)])
def test_a_map_that_others_can_write_is_refused(tmp_path: Path, mode: int, is_taken: bool) -> None:
    path = tmp_path / "map"
    path.write_text("alice@example.org: alice\n")
    path.chmod(mode)

    with nullcontext() if is_taken else pytest.raises(UsageProblem, match="can be written by others"):
        assert read_map(path) == {"alice@example.org": "alice"}
