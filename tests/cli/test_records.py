"""Which of accounting's records are of a submission's own job."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.queue import Queue
from cli.records import LONGEST_GAP, own_records, told_apart
from cli.slurm_text import Row

AT = 1795376316
TIMES = {0: "2026-11-22T19:38:36Z", 60: "2026-11-22T19:39:36Z"}
FIRST = Row(
    7, (0,), False, "FAILED", submitted_at=AT, started_at=AT + 1, ended_at=AT + 60, partition="debug", user="alice",
    uid=1001,
)  # fmt: skip
REQUEUED = replace(FIRST, state="REQUEUED")
SECOND = replace(FIRST, state="COMPLETED", submitted_at=AT + 60, started_at=AT + 61, ended_at=AT + 90)
MUCH_LATER = replace(SECOND, submitted_at=AT + 10**7, started_at=AT + 10**7, ended_at=AT + 10**7 + 5)
BEFORE = replace(FIRST, submitted_at=AT - 10**7, started_at=AT - 10**7, ended_at=AT - 10**7 + 5)


def submission(**fields: Any) -> dict[str, Any]:
    return {
        "slurm_job_id": 7, "tag": "abc", "created_at": TIMES[0], "submitted_at": TIMES[0], "queued_at": TIMES[0],
    } | fields  # fmt: skip


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([FIRST], [FIRST]),
        ([], []),
        # Slurm, or its owner, queued it again.
        ([REQUEUED, SECOND], [SECOND]),
        ([SECOND, REQUEUED], [SECOND]),
        ([replace(REQUEUED, state="PREEMPTED"), SECOND], [SECOND]),
        ([replace(REQUEUED, state="NODE_FAIL"), SECOND], [SECOND]),
        # The books have yet to hear of the run that follows.
        ([REQUEUED], [REQUEUED]),
        # Others had the id before, and have it now.
        ([BEFORE, FIRST, MUCH_LATER], [FIRST]),
        ([BEFORE, MUCH_LATER], []),
        ([replace(FIRST, state="NODE_FAIL"), MUCH_LATER], [replace(FIRST, state="NODE_FAIL")]),
        ([FIRST, SECOND], [FIRST]),
        # The next one to have it is somebody else's.
        ([REQUEUED, replace(SECOND, user="bob", uid=1002)], [REQUEUED]),
        # Without a submit time nobody can tell.
        ([replace(FIRST, submitted_at=None)], []),
    ],
)
def test_the_last_run_of_the_job_whose_submit_time_is_known(records: list[Row], expected: list[Row]) -> None:
    assert own_records(records, submission()) == expected


def test_a_run_that_is_known_already_leads_to_its_job_too() -> None:
    assert own_records([REQUEUED, SECOND], submission(submitted_at=TIMES[60], queued_at=TIMES[60])) == [SECOND]
    assert own_records([BEFORE, REQUEUED, SECOND], submission(queued_at=TIMES[60])) == [SECOND]


def test_before_slurm_has_told_its_submit_time_the_first_job_since_the_submission_was_made_is_ours() -> None:
    unheard = submission(queued_at=None, submitted_at="2026-11-22T19:38:37.5Z")

    assert own_records([BEFORE, FIRST, MUCH_LATER], unheard) == [FIRST]
    assert own_records([BEFORE], unheard) == []


def test_a_job_that_a_person_named_is_the_one_that_has_the_id_now() -> None:
    named = submission(tag="", queued_at=None, submitted_at=None)

    assert own_records([BEFORE, FIRST, MUCH_LATER], named) == [MUCH_LATER]
    assert own_records([BEFORE, FIRST, MUCH_LATER], named | {"submitted_at": TIMES[0], "queued_at": TIMES[0]}) == [
        FIRST
    ]


@pytest.mark.parametrize("user", [None, "alice", 1001])
def test_a_record_of_the_owner_is_believed_whatever_the_owner_is_called_by(user: str | int | None) -> None:
    assert own_records([FIRST], submission(), user) == [FIRST]


@pytest.mark.parametrize("user", ["bob", 1002, "1001", ""])
def test_a_record_of_somebody_else_is_not(user: str | int) -> None:
    assert own_records([FIRST], submission(), user) == []


def test_a_job_that_gave_nodes_back_is_still_in_its_first_run() -> None:
    resized = replace(FIRST, state="RESIZING", ended_at=AT + 10)
    rest = replace(FIRST, submitted_at=AT + 10)

    assert own_records([resized, rest], submission()) == [FIRST]


def test_each_task_of_an_array_has_runs_of_its_own() -> None:
    done = replace(FIRST, array=True, parts=(1,))
    again = [replace(row, array=True, parts=(2,)) for row in (REQUEUED, SECOND)]
    waiting = replace(FIRST, array=True, parts=(3, 4), state="PENDING", started_at=None, ended_at=None)

    assert own_records([done, *again, waiting], submission()) == [done, again[1], waiting]


records = st.builds(
    lambda state, at, lasts, user: replace(
        FIRST, state=state, submitted_at=AT + at, ended_at=AT + at + lasts, user=user, uid=None
    ),
    st.sampled_from(["COMPLETED", "FAILED", "REQUEUED", "PREEMPTED", "RESIZING", "CANCELLED"]),
    st.integers(-(10**6), 10**6),
    st.integers(0, 10**5),
    st.sampled_from(["alice", "bob"]),
)


@given(st.lists(records, max_size=8))
def test_no_job_goes_on_after_its_end_under_another_name_or_after_a_day(found: list[Row]) -> None:
    jobs = told_apart(found)

    assert sum(map(len, jobs)) == len(found)
    for runs in jobs:
        assert len({run.user for run in runs}) == 1
        for run, following in pairwise(runs):
            assert run.state in ("REQUEUED", "PREEMPTED", "RESIZING")
            assert (following.submitted_at or 0) - (run.ended_at or 0) <= LONGEST_GAP


# --- the same in the queue ------------------------------------------------------------------------------------------

ROW = replace(FIRST, state="RUNNING", comment="jobbergate:abc mine", ended_at=None)


def test_a_stranger_s_copy_of_our_tag_is_nobody_s_job() -> None:
    stranger = replace(ROW, job=8, user="mallory", uid=6666)
    queue = Queue([ROW, stranger])

    assert queue.tagged("abc", "alice") == queue.tagged("abc", 1001) == [7]
    assert queue.tagged("abc", "bob") == []
    assert queue.tagged("abc") == [7, 8]


def test_the_recorded_job_is_its_owner_s() -> None:
    queue = Queue([ROW])

    assert queue.of(submission(), "alice") == queue.of(submission(), 1001) == queue.of(submission()) == [ROW]
    assert queue.of(submission(), "mallory") == []


@pytest.mark.parametrize(
    ("row", "ours"),
    [
        (ROW, True),
        # Queued again: the comment goes with it.
        (replace(ROW, submitted_at=AT + 60), True),
        # The comment was changed by hand.
        (replace(ROW, comment="changed"), True),
        (replace(ROW, comment="changed", submitted_at=AT + 60), True),
        # The same id of another second and without our tag.
        (replace(ROW, comment="", submitted_at=AT + 61), False),
        (replace(ROW, comment="jobbergate:other", submitted_at=AT - 61), False),
    ],
)
def test_the_same_id_is_the_same_job_only_with_our_tag_or_a_submit_time_that_is_known(row: Row, ours: bool) -> None:
    assert bool(Queue([row]).of(submission(queued_at=TIMES[60]))) is ours


def test_what_had_the_id_before_the_job_that_a_person_named_is_another_one() -> None:
    named = submission(tag="")

    assert Queue([ROW]).of(named)
    assert not Queue([replace(ROW, submitted_at=AT - 1)]).of(named)
