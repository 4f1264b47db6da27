"""What there is to do for submissions, given what the queue shows."""

from typing import Any

import pytest

from cli.planning import Plan, plan
from cli.queue import Queue
from cli.slurm_text import Row

TAG = "5f2b8c1f3f7e4f0e"
NOW = 1795376316.0
BEFORE, AFTER = "2026-11-22T19:30:00Z", "2026-11-22T20:00:00Z"


def submission(**fields: Any) -> dict[str, Any]:
    return {
        "id": 901,
        "tag": TAG,
        "status": "submitting",
        "slurm_job_id": None,
        "slurm_cluster": "",
        "lease_holder": "login1/20111/884122",
        "leased_until": AFTER,
        "created_at": BEFORE,
        "submitted_at": BEFORE,
        "queued_at": None,
        "hold": False,
        "released": False,
        "cancel_requested": False,
    } | fields


def recorded(**fields: Any) -> dict[str, Any]:
    return submission(status="pending", slurm_job_id=7, **fields)


def row(job: int, state: str = "PENDING", reason: str = "JobHeldUser", tag: str = TAG, **fields: Any) -> Row:
    return Row(job, (0,), False, state, reason, comment=f"jobbergate:{tag} mine", **fields)


def planned(one: dict[str, Any], *rows: Row, dead: bool = False) -> Plan:
    return plan([one], Queue(rows), is_dead=lambda holder, tag: dead, host="login1", at=NOW)


# --- not recorded ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dead", [True, False])
@pytest.mark.parametrize("status", ["created", "submitting"])
def test_a_job_with_the_tag_is_taken_in_whoever_made_it(status: str, dead: bool) -> None:
    one = submission(status=status)

    assert planned(one, row(7), row(8, tag="other"), dead=dead) == Plan(adopt=[(one, 7)])


def test_of_two_jobs_with_the_tag_the_first_is_taken_in_and_the_other_waits_until_that_is_recorded() -> None:
    one = submission()

    assert planned(one, row(8), row(7)) == Plan(adopt=[(one, 7)])


def test_a_job_that_is_over_is_taken_in_only_if_there_is_no_other() -> None:
    one = submission()

    assert planned(one, row(7, "CANCELLED"), row(8)) == Plan(adopt=[(one, 8)])
    assert planned(one, row(7, "CANCELLED")) == Plan(adopt=[(one, 7)])


def test_what_was_never_taken_is_handed_over() -> None:
    one = submission(status="created", lease_holder="", leased_until=None)

    assert planned(one) == Plan(hand_over=[(one, "")])


def test_a_dead_holder_is_replaced() -> None:
    one = submission()

    assert planned(one, dead=True) == Plan(hand_over=[(one, "login1/20111/884122")])


def test_a_lease_that_has_run_out_is_taken_over() -> None:
    one = submission(leased_until=BEFORE)

    assert planned(one) == Plan(hand_over=[(one, "")])


def test_a_lease_of_another_machine_is_taken_over_only_if_it_was_for_this_slurm() -> None:
    elsewhere = submission(lease_holder="login2/20111/884122", leased_until=BEFORE)
    one = elsewhere | {"slurm_cluster": "hilbert"}

    assert planned(elsewhere).is_empty
    assert planned(elsewhere, row(7)) == Plan(adopt=[(elsewhere, 7)])
    assert planned(one) == Plan(hand_over=[(one, "")])


def test_a_holder_that_may_be_at_it_is_left_alone() -> None:
    assert planned(submission(), row(8, tag="other")).is_empty


# --- recorded -------------------------------------------------------------------------------------------------------


def test_a_held_job_is_let_go() -> None:
    one = recorded()

    assert planned(one, row(7)) == Plan(release=[one])


@pytest.mark.parametrize("why", [{"hold": True}, {"released": True}])
def test_a_job_that_its_owner_holds_stays_held(why: dict[str, bool]) -> None:
    assert planned(recorded(**why), row(7)).is_empty


@pytest.mark.parametrize("found", [row(7, "RUNNING", ""), row(7, reason="JobHeldAdmin"), row(7, reason="Priority")])
def test_a_job_that_is_not_held_by_us_needs_nothing(found: Row) -> None:
    assert planned(recorded(), found).is_empty


@pytest.mark.parametrize("rows", [[], [row(7, "COMPLETED", "")]])
def test_a_job_that_is_over_or_gone_needs_nothing(rows: list[Row]) -> None:
    assert planned(recorded(cancel_requested=True), *rows).is_empty


def test_another_held_job_with_the_tag_is_cancelled() -> None:
    one = recorded(released=True)

    assert planned(one, row(7, "RUNNING", ""), row(8)) == Plan(cancel=[8])


@pytest.mark.parametrize("other", [row(8, "RUNNING", ""), row(8, "CANCELLED"), row(8, reason="Priority")])
def test_another_job_with_the_tag_that_somebody_let_go_by_hand_is_not_ours_to_end(other: Row) -> None:
    assert planned(recorded(released=True), row(7, "RUNNING", ""), other).is_empty


@pytest.mark.parametrize("found", [row(7), row(7, "RUNNING", "")])
def test_what_its_owner_wants_cancelled_is_cancelled_and_never_let_go(found: Row) -> None:
    assert planned(recorded(cancel_requested=True), found) == Plan(cancel=[7])


def test_a_job_of_the_same_id_that_is_not_ours_is_left_alone() -> None:
    assert planned(recorded(cancel_requested=True), row(7, tag="other")).is_empty


def test_a_job_whose_comment_was_changed_is_known_by_its_second() -> None:
    one = recorded(submitted_at="2026-11-22T19:38:36Z")

    assert planned(one, row(7, tag="changed", submitted_at=1795376316)) == Plan(release=[one])


def test_a_job_that_a_person_named_is_known_by_its_id() -> None:
    one = recorded(tag="", released=True, cancel_requested=True)

    assert planned(one, row(7, "RUNNING", "", tag="other")) == Plan(cancel=[7])


# --- whose they are -------------------------------------------------------------------------------------------------


def planned_for(user: str, one: dict[str, Any], *rows: Row) -> Plan:
    return plan([one], Queue(rows), is_dead=lambda holder, tag: False, host="login1", at=NOW, user_of=lambda _: user)


@pytest.mark.parametrize("one", [submission(), submission(status="created"), recorded(), recorded(released=True)])
def test_a_stranger_s_job_with_our_tag_is_neither_taken_in_nor_let_go_nor_cancelled(one: dict[str, Any]) -> None:
    found = planned_for("alice", one, row(7, user="mallory"), row(8, user="mallory"))

    assert (found.adopt, found.release, found.cancel) == ([], [], [])


def test_the_owner_s_own_are() -> None:
    one, two = submission(), recorded()

    assert planned_for("alice", one, row(6, user="mallory"), row(7, user="alice")) == Plan(adopt=[(one, 7)])
    assert planned_for("alice", two, row(7, user="alice"), row(8, user="alice")) == Plan(release=[two], cancel=[8])
