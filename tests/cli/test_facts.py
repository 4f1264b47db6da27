"""What the queue and accounting together say of a job."""

from dataclasses import replace
from typing import Any

import pytest

from cli.facts import is_behind, is_requeued, lacks_exit_code, merged, report, wants_record, with_exit_codes
from cli.slurm_text import Row

SUBMISSION: dict[str, Any] = {
    "id": 901,
    "slurm_job_id": 7,
    "tag": "abc",
    "tasks": {},
    "created_at": "2026-11-22T19:38:36Z",
}
START = 1795376316
WAITING = Row(7, (0,), False, "PENDING", "Priority", partition="debug", account="demo", submitted_at=START, cpus=2)
RUNNING = replace(WAITING, state="RUNNING", reason="", started_at=START + 4, nodes="n1")
OVER = replace(RUNNING, state="FAILED", reason="NonZeroExitCode", ended_at=START + 60)
RECORD = replace(OVER, reason="", exit_code="3:0", memory=4 << 30, cpu_time=0.3, peak_memory=1 << 20)
OPEN_RECORD = replace(RECORD, state="RUNNING", ended_at=None, exit_code="0:0")


@pytest.mark.parametrize(
    ("queued", "recorded", "expected"),
    [
        ([RUNNING], [], {0: RUNNING}),
        ([OVER], [RECORD], {0: replace(RECORD, reason="NonZeroExitCode")}),
        # Accounting has heard of the end, but not yet of the beginning.
        ([OVER], [replace(RECORD, partition="", nodes="")], {0: replace(RECORD, reason="NonZeroExitCode")}),
        # Accounting lags behind.
        ([OVER], [OPEN_RECORD], {0: OVER}),
        # It has left the queue.
        ([], [RECORD], {0: RECORD}),
        # It was requeued, and the record is that of the first run.
        ([WAITING], [RECORD], {0: WAITING}),
        ([replace(OVER, submitted_at=START + 70)], [RECORD], {0: replace(OVER, submitted_at=START + 70)}),
        # It was requeued, and ended once more, since the queue was asked.
        ([OVER], [replace(RECORD, submitted_at=START + 60)], {0: replace(RECORD, submitted_at=START + 60)}),
        # It was requeued, and nobody knows of the run after that.
        ([], [replace(RECORD, state="REQUEUED")], {}),
        # One of its components goes on, or its end is not in the books yet.
        ([], [RECORD, replace(RECORD, parts=(1,), state="RUNNING", ended_at=None)], {}),
        # The books show a running array's last task under the array's own id, as if it were the whole job.
        ([replace(RUNNING, array=True, parts=(1,))], [RECORD], {1: replace(RUNNING, array=True, parts=(1,))}),
        # An end without a beginning, of something that has left the queue: perhaps of an array, perhaps not.
        ([], [replace(RECORD, partition="")], {}),
        # A last state without an end, as accounting has it for a while after an outage of its own.
        ([], [replace(RECORD, ended_at=None, exit_code=None)], {}),
        # It has left the queue, and nobody says how.
        ([], [OPEN_RECORD], {}),
        ([], [], {}),
    ],
)
def test_whom_to_believe(queued: list[Row], recorded: list[Row], expected: dict[int, Row]) -> None:
    assert merged(queued, recorded) == expected


def test_a_waiting_job() -> None:
    assert report(SUBMISSION, {0: WAITING}) == {
        "id": 901,
        "slurm_job_id": 7,
        "state": "PENDING",
        "reason": "Priority",
        "partition": "debug",
        "account": "demo",
        "nodes": "",
        "submitted_at": "2026-11-22T19:38:36+00:00",
        "queued_at": "2026-11-22T19:38:36+00:00",
        "requested_cpus": 2,
        "released": True,
    }


def test_an_ended_job_with_what_accounting_adds() -> None:
    assert report(SUBMISSION, {0: RECORD}) == {
        "id": 901,
        "slurm_job_id": 7,
        "state": "FAILED",
        "reason": "",
        "exit_code": "3:0",
        "started_at": "2026-11-22T19:38:40+00:00",
        "ended_at": "2026-11-22T19:39:36+00:00",
        "partition": "debug",
        "account": "demo",
        "nodes": "n1",
        "submitted_at": "2026-11-22T19:38:36+00:00",
        "queued_at": "2026-11-22T19:38:36+00:00",
        "requested_cpus": 2,
        "requested_memory": 4 << 30,
        "cpu_time": 0.3,
        "peak_memory": 1 << 20,
        "released": True,
    }


def test_a_job_that_slurm_does_not_know() -> None:
    assert report(SUBMISSION, {}) == {"id": 901, "slurm_job_id": 7, "state": None}


def test_a_held_job_is_never_said_to_be_released_nor_to_be_held_again() -> None:
    assert "released" not in report(SUBMISSION, {0: replace(WAITING, reason="JobHeldUser")})


def test_an_array_is_called_after_its_liveliest_task_and_lists_all() -> None:
    done = replace(RECORD, array=True, state="COMPLETED", exit_code="0:0")
    failed = replace(done, parts=(1,), state="FAILED", exit_code="3:0", nodes="n2")
    going = replace(RUNNING, array=True, parts=(2,))
    waiting = replace(WAITING, array=True, parts=(3, 4), reason="JobArrayTaskLimit")

    told = report(SUBMISSION, {0: done, 1: failed, 2: going, 3: waiting, 4: waiting})

    assert told["tasks"] == {"0": "COMPLETED", "1": "FAILED", "2": "RUNNING", "3": "PENDING", "4": "PENDING"}
    assert (told["state"], told["reason"], told["nodes"]) == ("RUNNING", "JobArrayTaskLimit", "n1,n2")
    assert "ended_at" not in told
    assert "exit_code" not in told


def test_an_array_ends_with_its_last_task_and_has_the_highest_exit_code() -> None:
    tasks = {
        part: replace(RECORD, array=True, parts=(part,), exit_code=code, ended_at=START + part)
        for part, code in enumerate(["0:0", "12:0", "3:0"])
    }

    told = report(SUBMISSION, tasks)

    assert (told["exit_code"], told["ended_at"]) == ("12:0", "2026-11-22T19:38:38+00:00")
    assert (told["cpu_time"], told["peak_memory"]) == (pytest.approx(0.9), 1 << 20)


DONE = replace(RECORD, state="COMPLETED", exit_code="0:0")


@pytest.mark.parametrize(
    ("components", "state", "exit_code"),
    [
        ([RECORD, replace(RECORD, state="CANCELLED", exit_code="0:15")], "FAILED", "3:0"),
        ([DONE, DONE], "COMPLETED", "0:0"),
        ([DONE, RECORD], "FAILED", "3:0"),
        ([DONE, replace(RECORD, state="NODE_FAIL", exit_code="0:0")], "NODE_FAIL", "0:0"),
        ([RECORD, RUNNING], "RUNNING", None),
        ([DONE, replace(RUNNING, state="COMPLETING")], "COMPLETING", None),
        ([WAITING, RUNNING], "RUNNING", None),
        ([WAITING, WAITING], "PENDING", None),
    ],
)
def test_a_heterogeneous_job_ends_with_all_its_components(
    components: list[Row], state: str, exit_code: str | None
) -> None:
    parts = {part: replace(row, parts=(part,), nodes=f"n{part}") for part, row in enumerate(components)}

    told = report(SUBMISSION, parts)

    assert (told["state"], told.get("exit_code"), told["nodes"]) == (state, exit_code, "n0,n1")
    assert ("ended_at" in told) == (exit_code is not None)
    assert "tasks" not in told


def test_a_job_was_queued_when_the_last_of_its_parts_was() -> None:
    again = replace(WAITING, array=True, parts=(1,), submitted_at=START + 60)

    told = report(SUBMISSION, {0: replace(DONE, array=True), 1: again})

    assert (told["submitted_at"], told["queued_at"]) == ("2026-11-22T19:38:36+00:00", "2026-11-22T19:39:36+00:00")


@pytest.mark.parametrize(
    ("row", "again"),
    [
        (replace(WAITING, submitted_at=START + 60), True),
        # It has ended once more before anybody looked.
        (replace(OVER, submitted_at=START + 60), True),
        # As it was known, and before.
        (OVER, False),
        (WAITING, False),
        (replace(RUNNING, submitted_at=START - 1), False),
    ],
)
def test_an_ended_job_is_looked_at_again_when_it_is_queued_again(row: Row, again: bool) -> None:
    assert is_requeued({"queued_at": "2026-11-22T19:38:36Z"}, [row]) is again
    assert is_requeued({"queued_at": None}, [row]) is False


@pytest.mark.parametrize(
    ("queued", "tasks", "asked"),
    [
        ([RUNNING], {}, False),
        ([OVER], {}, True),
        ([], {}, True),
        # Two more tasks were known, which the queue has forgotten.
        ([replace(RUNNING, array=True, parts=(2,))], {"completed": 2, "running": 1}, True),
        ([replace(WAITING, array=True, parts=(0, 1, 2))], {"pending": 3}, False),
    ],
)
def test_when_accounting_is_asked(queued: list[Row], tasks: dict[str, int], asked: bool) -> None:
    assert wants_record(SUBMISSION | {"tasks": tasks}, queued) is asked


def test_an_end_of_just_now_is_waited_for_but_an_older_one_is_not() -> None:
    assert is_behind([OVER], [OPEN_RECORD], at=START + 62.0, patience=10)
    assert is_behind([OVER], [replace(RECORD, partition="")], at=START + 62.0, patience=10)
    assert is_behind([OVER], [replace(RECORD, ended_at=None)], at=START + 62.0, patience=10)
    assert is_behind([OVER], [replace(RECORD, submitted_at=START - 60)], at=START + 62.0, patience=10)
    assert not is_behind([OVER], [RECORD], at=START + 62.0, patience=10)
    assert not is_behind([OVER], [], at=START + 90.0, patience=10)
    assert not is_behind([RUNNING], [], at=START + 62.0, patience=10)


def test_without_accounting_the_controller_gives_the_exit_codes() -> None:
    never_started = replace(OVER, state="CANCELLED", started_at=None)

    assert lacks_exit_code(OVER)
    assert not lacks_exit_code(never_started)
    assert with_exit_codes({0: OVER, 1: never_started, 2: RUNNING}, {0: "3:0", 1: "0:0", 2: "0:0"}) == {
        0: replace(OVER, exit_code="3:0"),
        1: never_started,
        2: RUNNING,
    }
