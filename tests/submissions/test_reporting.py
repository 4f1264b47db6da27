"""What somebody who speaks to Slurm reports becomes a status that is never a guess."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions import reports, states
from submissions.models import JobSubmission
from tests.factories import make_submission

# squeue(1) of 22.05, and what later versions added.
WORDS = {
    "BOOT_FAIL": "boot_fail", "CANCELLED": "cancelled", "COMPLETED": "completed", "DEADLINE": "deadline",
    "FAILED": "failed", "NODE_FAIL": "node_fail", "OUT_OF_MEMORY": "out_of_memory", "PENDING": "pending",
    "PREEMPTED": "preempted", "RUNNING": "running", "SUSPENDED": "suspended", "TIMEOUT": "timeout",
    "COMPLETING": "completing", "CONFIGURING": "running", "RESIZING": "running", "SIGNALING": "running",
    "STAGE_OUT": "completing", "STOPPED": "suspended", "REQUEUED": "pending", "REQUEUE_FED": "pending",
    "REQUEUE_HOLD": "pending", "RESV_DEL_HOLD": "pending", "SPECIAL_EXIT": "pending", "REVOKED": "revoked",
    "LAUNCH_FAILED": "launch_failed", "RECONFIG_FAIL": "reconfig_fail", "POWER_UP_NODE": "power_up_node",
    "EXPEDITING": "expediting", "UPDATE_DB": "update_db",
    "CANCELLED by 1000": "cancelled", "COMPLETED+": "completed", "running": "running", "SOMETHING_NEW": "something_new",
    "W" * 64: "w" * 32,
    "RUNNING,POWER_UP_NODE": "running", "POWER_UP_NODE|RUNNING": "running", "PENDING,REQUEUED": "pending",
    "COMPLETED,COMPLETING": "completing", "NODE_FAIL|COMPLETING|REQUEUED": "completing", "FAILED,LAUNCH_FAILED": "failed",
    "CANCELLED,REVOKED": "cancelled", "SOMETHING,NEW": "something",
}  # fmt: skip
FINAL = {
    "boot_fail", "cancelled", "completed", "deadline", "failed", "node_fail", "out_of_memory", "timeout", "revoked",
    "preempted",
}  # fmt: skip


@pytest.fixture
def running(alice: Any) -> JobSubmission:
    submission = make_submission(alice)
    submission.record(7, "hilbert")
    return submission


def report(client: Any, *reports: dict[str, Any], cluster: str = "hilbert") -> Any:
    answer = client.post("/api/job-submissions/report/", {"slurm_cluster": cluster, "reports": list(reports)})
    assert answer.status_code == 200, answer.content
    return answer.json()


def on(submission: JobSubmission, state: str | None, **facts: Any) -> dict[str, Any]:
    return {"id": submission.pk, "slurm_job_id": submission.slurm_job_id, "state": state, **facts}


@pytest.mark.parametrize(("word", "status"), WORDS.items())
def test_slurm_s_word_becomes_a_status(as_alice, running, word, status):
    [row] = report(as_alice, on(running, word))["results"]

    assert row["status"] == status
    assert JobSubmission.objects.get(pk=running.pk).is_final == (status in FINAL)


@given(st.text(max_size=80))
def test_any_word_is_a_status_and_none_that_is_not_slurm_s_is_final(word):
    status = states.status_of(word)

    assert 1 <= len(status) <= 32
    assert not states.is_final(status) or status.upper() in word.upper()


def test_the_facts_of_a_report_are_columns(as_alice, running):
    facts = {
        "reason": "NonZeroExitCode", "partition": "long", "account": "cfd", "nodes": "n[1-2]",
        "submitted_at": "2026-05-12T07:31:10Z", "started_at": "2026-05-12T07:31:12Z", "ended_at": "2026-05-12T09:02:47Z",
        "requested_cpus": 256, "requested_memory": 2**40, "time_limit": 7200, "cpu_time": 1.5, "peak_memory": 2**33,
        "released": True,
    }  # fmt: skip

    [row] = report(as_alice, on(running, "FAILED", exit_code="7:9", **facts))["results"]

    assert {name: row[name] for name in facts} == facts
    assert (row["status"], row["exit_code"], row["signal"]) == ("failed", 7, 9)


def test_what_a_later_report_does_not_say_is_kept(as_alice, running):
    report(as_alice, on(running, "RUNNING", partition="long", nodes="n1", released=True))

    [row] = report(as_alice, on(running, "COMPLETED", partition=None, released=False))["results"]

    assert (row["partition"], row["nodes"], row["released"]) == ("long", "n1", True)


def test_a_job_that_slurm_does_not_know_is_unknown_and_looked_for_again(as_alice, running):
    [row] = report(as_alice, on(running, None, exit_code="0:0"))["results"]
    assert (row["status"], row["reason"], row["exit_code"], row["ended_at"]) == (
        "unknown", "Neither the queue nor accounting knows this job any more.", None, None,
    )  # fmt: skip

    [row] = report(as_alice, on(running, "COMPLETED", exit_code="0:0"))["results"]
    assert (row["status"], row["exit_code"]) == ("completed", 0)


def test_a_final_state_stays_final(as_alice, running):
    report(as_alice, on(running, "COMPLETED"))

    for state in ("RUNNING", "FAILED", None):
        [row] = report(as_alice, on(running, state))["results"]
        assert row["status"] == "completed"


def test_a_report_on_another_job_changes_nothing(as_alice, running):
    [row] = report(as_alice, {**on(running, "FAILED"), "slurm_job_id": 8})["results"]

    assert row["status"] == "pending"


def test_the_same_number_on_another_cluster_is_another_job(as_alice, running):
    [row] = report(as_alice, on(running, "FAILED"), cluster="noether")["results"]

    assert (row["status"], row["slurm_cluster"]) == ("pending", "hilbert")


def test_a_report_on_what_has_no_job_changes_nothing(as_alice, alice):
    created = make_submission(alice)

    [row] = report(as_alice, {"id": created.pk, "slurm_job_id": 7, "state": "RUNNING"})["results"]

    assert (row["status"], row["slurm_job_id"]) == ("created", None)


def test_reports_on_other_people_s_submissions_are_ignored(as_bob, as_carol, running):
    for client in (as_bob, as_carol):
        assert report(client, on(running, "FAILED"), {**on(running, "FAILED"), "id": 10**12}) == {
            "results": [], "ignored": [running.pk, 10**12],
        }  # fmt: skip

    running.refresh_from_db()
    assert running.status == "pending"


def test_of_two_reports_on_one_submission_the_last_counts(as_alice, running):
    [row] = report(as_alice, on(running, "RUNNING"), on(running, "COMPLETED"))["results"]

    assert row["status"] == "completed"


def test_the_same_again_is_no_event(as_alice, running):
    for _ in range(3):
        report(as_alice, on(running, "RUNNING"))

    assert [event.new_status for event in running.events.all()] == ["pending", "running"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"state": []}, "state"), ({"exit_code": "7"}, "exit_code"), ({"exit_code": "a:b"}, "exit_code"),
        ({"slurm_job_id": 0}, "slurm_job_id"), ({"slurm_job_id": 2**32}, "slurm_job_id"), ({"id": 2**63}, "id"),
        ({"started_at": "yesterday"}, "started_at"), ({"tasks": [1]}, "tasks"), ({"peak_memory": -1}, "peak_memory"),
        ({"cpu_time": "nan"}, "cpu_time"), ({"requested_cpus": 2**31}, "requested_cpus"),
    ],
)  # fmt: skip
def test_what_slurm_cannot_have_said_is_refused(as_alice, running, wrong, field):
    body = {"slurm_cluster": "hilbert", "reports": [{**on(running, "RUNNING"), **wrong}]}

    answer = as_alice.post("/api/job-submissions/report/", body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["reports"])
    assert field in answer.json()["errors"]["reports"][0]


# --- arrays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tasks", "status", "counts"),
    [
        (["PENDING", "PENDING"], "pending", {"pending": 2}),
        (["RUNNING", "PENDING"], "running", {"pending": 1, "running": 1}),
        (["COMPLETED", "PENDING"], "pending", {"completed": 1, "pending": 1}),
        (["FAILED", "RUNNING"], "running", {"failed": 1, "running": 1}),
        (["COMPLETED", "COMPLETING"], "completing", {"completed": 1, "completing": 1}),
        (["COMPLETED", "SUSPENDED"], "suspended", {"completed": 1, "suspended": 1}),
        (["COMPLETED", "PREEMPTED"], "preempted", {"completed": 1, "preempted": 1}),
        (["COMPLETED", "COMPLETED"], "completed", {"completed": 2}),
        (["COMPLETED", "FAILED", "TIMEOUT"], "failed", {"completed": 1, "failed": 1, "timeout": 1}),
        (["COMPLETED", "TIMEOUT", "CANCELLED"], "timeout", {"cancelled": 1, "completed": 1, "timeout": 1}),
        (["COMPLETED", "CANCELLED by 0"], "cancelled", {"cancelled": 1, "completed": 1}),
        (["COMPLETED", "NODE_FAIL"], "node_fail", {"completed": 1, "node_fail": 1}),
        (["COMPLETED", "NEWWORD"], "newword", {"completed": 1, "newword": 1}),
    ],
)
def test_an_array_is_final_when_all_its_tasks_are(as_alice, running, tasks, status, counts):
    named = {str(index): word for index, word in enumerate(tasks)}

    [row] = report(as_alice, on(running, "RUNNING", tasks=named))["results"]

    assert (row["status"], row["tasks"]) == (status, counts)
    assert JobSubmission.objects.get(pk=running.pk).is_final == all(word.split()[0].lower() in FINAL for word in tasks)


def test_a_task_that_slurm_has_forgotten_stays_known(as_alice, running):
    report(as_alice, on(running, "RUNNING", tasks={"0": "FAILED", "1": "RUNNING"}))

    [row] = report(as_alice, on(running, "COMPLETED", tasks={"1": "COMPLETED"}))["results"]

    assert (row["status"], row["tasks"]) == ("failed", {"completed": 1, "failed": 1})


words = st.sampled_from([word for word in WORDS if len(word) < 20 and word.isidentifier()])


@given(
    st.dictionaries(st.integers(0, 20).map(str), words, min_size=1), st.dictionaries(st.integers(0, 20).map(str), words)
)
def test_no_array_is_final_while_a_task_is_not(first, later):
    tasks = states.merged_tasks(states.merged_tasks({}, first), later)

    assert sum(states.counts(tasks).values()) == len({**first, **later})
    assert states.is_final(states.status_of_array(tasks)) == all(status in FINAL for status in tasks.values())


# --- queued again ---------------------------------------------------------------------------------------------------

FIRST, SECOND, THIRD = "2026-05-12T07:31:10Z", "2026-05-12T08:00:00Z", "2026-05-12T09:00:00Z"
LIVE = ["PENDING", "REQUEUED", "RUNNING", "COMPLETING", "SOMETHING_NEW"]
ENDED = sorted(FINAL)


@pytest.fixture
def queued(as_alice: Any, running: JobSubmission) -> JobSubmission:
    """Slurm has told when it was queued."""
    report(as_alice, on(running, "RUNNING", submitted_at=FIRST, queued_at=FIRST, started_at=FIRST, peak_memory=5))
    return running


def test_the_time_of_submission_is_slurm_s_own(as_alice, running):
    by_our_clock = as_alice.get(f"/api/job-submissions/{running.pk}/").json()
    [row] = report(as_alice, on(running, "PENDING", submitted_at=FIRST, queued_at=FIRST))["results"]

    assert (by_our_clock["queued_at"], by_our_clock["attempts"]) == (None, 1)
    assert by_our_clock["submitted_at"] != FIRST
    assert (row["submitted_at"], row["queued_at"], row["attempts"]) == (FIRST, FIRST, 1)


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("ended", ENDED)
def test_an_ended_job_that_is_queued_again_is_in_its_second_attempt(as_alice, queued, ended, state):
    report(as_alice, on(queued, ended.upper(), queued_at=FIRST, ended_at=SECOND, exit_code="7:0", cpu_time=2.0))

    [row] = report(as_alice, on(queued, state, reason="BeginTime", submitted_at=SECOND, queued_at=SECOND))["results"]

    assert row["status"] == states.status_of(state)
    assert (row["attempts"], row["submitted_at"], row["queued_at"]) == (2, FIRST, SECOND)
    assert [row[name] for name in ("started_at", "ended_at", "exit_code", "signal", "cpu_time", "peak_memory")] == (
        [None] * 6
    )
    last = queued.events.last()
    assert (last.old_status, last.new_status, last.reason) == (ended, row["status"], "requeued, attempt 2, BeginTime")


@pytest.mark.parametrize("told", [None, FIRST, "2026-05-12T07:00:00Z"])
@pytest.mark.parametrize("state", [*LIVE, "FAILED"])
def test_what_was_asked_before_the_end_does_not_bring_a_job_back(as_alice, queued, state, told):
    report(as_alice, on(queued, "COMPLETED", queued_at=FIRST, exit_code="0:0"))

    [row] = report(as_alice, on(queued, state, queued_at=told))["results"]

    assert (row["status"], row["exit_code"], row["attempts"]) == ("completed", 0, 1)


@pytest.mark.parametrize("ended", ["FAILED", "COMPLETED", "CANCELLED"])
def test_a_run_that_has_ended_once_more_before_anybody_looked_counts(as_alice, queued, ended):
    report(as_alice, on(queued, "FAILED", queued_at=FIRST, exit_code="7:0"))

    [row] = report(as_alice, on(queued, ended, queued_at=SECOND, exit_code="0:0"))["results"]

    assert (row["status"], row["exit_code"], row["attempts"]) == (ended.lower(), 0, 2)
    assert queued.events.last().reason == "requeued, attempt 2"


def test_a_job_that_slurm_has_forgotten_stays_as_it_ended(as_alice, queued):
    report(as_alice, on(queued, "CANCELLED", queued_at=FIRST))

    [row] = report(as_alice, on(queued, None, queued_at=SECOND))["results"]

    assert (row["status"], row["attempts"]) == ("cancelled", 1)


@pytest.mark.parametrize("wrong", [{"slurm_job_id": 8}, {"cluster": "noether"}])
def test_no_other_job_brings_an_ended_one_back(as_alice, queued, wrong):
    report(as_alice, on(queued, "COMPLETED", queued_at=FIRST))
    cluster = wrong.pop("cluster", "hilbert")

    [row] = report(as_alice, on(queued, "RUNNING", queued_at=SECOND) | wrong, cluster=cluster)["results"]

    assert (row["status"], row["attempts"]) == ("completed", 1)


def test_what_never_told_when_it_was_queued_stays_ended(as_alice, running):
    report(as_alice, on(running, "COMPLETED"))

    [row] = report(as_alice, on(running, "RUNNING", queued_at=SECOND))["results"]

    assert row["status"] == "completed"


def test_an_attempt_that_nobody_saw_wait_is_an_event_too(as_alice, queued):
    [row] = report(as_alice, on(queued, "RUNNING", queued_at=SECOND))["results"]

    assert (row["status"], row["attempts"]) == ("running", 2)
    last = queued.events.last()
    assert (last.old_status, last.new_status, last.reason) == ("running", "running", "requeued, attempt 2")


def test_a_report_on_the_run_before_changes_nothing(as_alice, queued):
    report(as_alice, on(queued, "PENDING", queued_at=SECOND))

    for state in ("RUNNING", "FAILED", "PREEMPTED"):
        [row] = report(as_alice, on(queued, state, queued_at=FIRST))["results"]
        assert (row["status"], row["queued_at"], row["attempts"]) == ("pending", SECOND, 2)


def test_a_task_that_is_queued_again_has_no_exit_code(as_alice, running):
    tasks, codes = {"1": "FAILED", "2": "COMPLETED"}, {"1": "7:0", "2": "0:0"}
    report(as_alice, on(running, "FAILED", tasks=tasks, task_exit_codes=codes, queued_at=FIRST))

    [row] = report(as_alice, on(running, "PENDING", tasks={"1": "PENDING"}, queued_at=SECOND))["results"]

    running.refresh_from_db()
    assert (row["status"], row["tasks"], row["attempts"]) == ("pending", {"completed": 1, "pending": 1}, 2)
    assert running.task_exit_codes == {"2": "0:0"}


def test_an_array_whose_requeued_task_slurm_has_forgotten_is_still_followed(as_alice, running):
    report(as_alice, on(running, "RUNNING", tasks={"1": "COMPLETED", "2": "RUNNING"}, queued_at=SECOND))

    [row] = report(as_alice, on(running, "FAILED", tasks={"2": "FAILED"}, queued_at=FIRST))["results"]

    assert (row["status"], row["queued_at"]) == ("failed", SECOND)


@pytest.mark.parametrize(("ended", "still"), [("CANCELLED", False), ("COMPLETED", False), ("NODE_FAIL", True)])
def test_whether_a_cancellation_outlives_the_run_it_was_meant_for(as_alice, queued, ended, still):
    queued.cancel()
    report(as_alice, on(queued, ended, queued_at=FIRST))

    [row] = report(as_alice, on(queued, "PENDING", queued_at=SECOND))["results"]

    assert (row["status"], row["cancel_requested"]) == ("pending", still)


@pytest.mark.parametrize(
    ("exit_code", "reason", "said"),
    [
        ("7:0", "NonZeroExitCode", "NonZeroExitCode, exit code 7"),
        ("0:9", "RaisedSignal:9(Killed)", "RaisedSignal:9(Killed), killed by signal 9"),
        ("3:15", "", "exit code 3, killed by signal 15"),
        ("0:0", "", ""),
        (None, "", ""),
    ],
)
def test_the_event_of_an_end_says_how_it_ended(as_alice, running, exit_code, reason, said):
    report(as_alice, on(running, "FAILED", exit_code=exit_code, reason=reason))

    assert running.events.last().reason == said


steps = st.lists(st.tuples(st.sampled_from([*LIVE, "COMPLETED", "FAILED", "NODE_FAIL"]), st.integers(1, 5)), max_size=8)


@given(steps)
def test_whatever_is_reported_only_a_later_run_undoes_an_end(found):
    """Without a database: `is_believed`, `begin_again` and `take` are all there is to it."""
    submission = JobSubmission(slurm_job_id=7, slurm_cluster="h", status="pending", reason="")
    for state, second in found:
        at = datetime.fromtimestamp(second, UTC)
        told = {"slurm_job_id": 7, "state": state, "queued_at": at}
        before, known, attempts = submission.status, submission.queued_at, submission.attempts
        if reports.is_believed(submission, told, "h"):
            if reports.is_requeue(submission, told):
                reports.begin_again(submission)
            reports.take(submission, told)
        if states.is_final(before) and submission.status != before:
            assert known is not None
            assert at > known
        assert submission.attempts == attempts + (known is not None and submission.queued_at > known)
