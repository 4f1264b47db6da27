"""One round of an agent, as the server sees it: who gets what, once, and what may be told twice."""

from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils.timezone import now
from rest_framework.test import APIClient

from jobscripts.models import JobScript
from submissions import dependencies
from submissions.clusters import Cluster
from submissions.models import JobSubmission
from tests.conftest import signed_in
from tests.factories import make_application, make_script, make_submission, make_user

Counts = Callable[[int], Any]
HOLDER = "login1/1/1"


@pytest.fixture
def hilbert(db: None) -> Cluster:
    return Cluster.create("hilbert")[0]


@pytest.fixture
def agent(hilbert: Cluster) -> APIClient:
    assert hilbert.agent is not None
    return signed_in(hilbert.agent)


def waiting(owner: User, **fields: Any) -> JobSubmission:
    return make_submission(owner, via="agent", **fields)


def sync(agent: APIClient, holder: str = HOLDER, cluster: str = "hilbert", **told: Any) -> dict[str, Any]:
    answer = agent.post(f"/api/clusters/{cluster}/sync/", {"holder": holder, **told})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


# --- taking ---------------------------------------------------------------------------------------------------------


def test_what_waits_is_taken_with_its_files_oldest_first(agent: APIClient, alice: User) -> None:
    first, second = waiting(alice), waiting(alice)

    taken = sync(agent, take=10)["taken"]

    assert ids(taken) == [first.pk, second.pk]
    assert (taken[0]["status"], taken[0]["again"], taken[0]["lease_holder"]) == ("submitting", False, HOLDER)
    assert taken[0]["entrypoint"] == taken[0]["files"][0]["path"] == "job.sh"
    assert b64decode(taken[0]["files"][0]["content"]).startswith(b"#!/bin/bash\n")
    assert [event.reason for event in first.events.all()] == [f"Taken by {HOLDER}."]


def test_what_one_has_taken_another_does_not_get(agent: APIClient, alice: User) -> None:
    one = waiting(alice)

    assert ids(sync(agent, take=10)["taken"]) == [one.pk]
    assert sync(agent, holder="login2/1/1", take=10)["taken"] == []
    assert sync(agent, take=10, holding=[one.pk])["taken"] == []


def test_an_answer_that_was_lost_is_given_again(agent: APIClient, alice: User) -> None:
    one = waiting(alice)
    sync(agent, take=10)

    again = sync(agent, take=10, holding=[])["taken"]

    assert (ids(again), again[0]["again"]) == ([one.pk], True)


def test_what_a_dead_holder_or_a_lease_that_ended_left_is_taken_again(agent: APIClient, alice: User) -> None:
    one, two = waiting(alice), waiting(alice)
    one.lease("login1/7/7", now() + timedelta(hours=1))
    two.lease("login9/7/7", now() - timedelta(seconds=1))

    taken = sync(agent, take=10, dead=["login1/7/7"])["taken"]

    assert [(row["id"], row["again"]) for row in taken] == [(one.pk, True), (two.pk, True)]


def test_a_lease_is_longer_for_who_still_holds_it(agent: APIClient, alice: User) -> None:
    one = waiting(alice)
    sync(agent, take=1)
    JobSubmission.objects.update(leased_until=now() + timedelta(seconds=5))

    sync(agent, take=0, holding=[one.pk])

    one.refresh_from_db()
    assert one.leased_until is not None
    assert one.leased_until > now() + timedelta(seconds=100)


def test_what_waits_for_another_one_is_taken_after_it(agent: APIClient, alice: User) -> None:
    parent = waiting(alice)
    child = dependencies.create(alice, make_script(alice), [parent.pk])

    assert ids(sync(agent, take=10)["taken"]) == [parent.pk]
    sync(agent, take=0, holding=[parent.pk], recorded=[{"id": parent.pk, "slurm_job_id": 7}])
    (taken,) = sync(agent, take=10)["taken"]
    assert (taken["id"], taken["sbatch_arguments"]) == (
        child.pk,
        ["--kill-on-invalid-dep=yes", "--dependency=afterok:7"],
    )


def test_what_can_never_begin_is_rejected(agent: APIClient, alice: User) -> None:
    parent = waiting(alice)
    child = dependencies.create(alice, make_script(alice), [parent.pk])
    parent.cancel()

    assert sync(agent, take=10)["taken"] == []
    child.refresh_from_db()
    assert (child.status, f"Submission {parent.pk}" in child.reason) == ("rejected", True)


def test_large_files_are_sent_a_submission_at_a_time(
    agent: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("submissions.taking.MOST_BYTES", 1)
    first, second = waiting(alice), waiting(alice)

    assert ids(sync(agent, take=10)["taken"]) == [first.pk]
    assert ids(sync(agent, take=10, holding=[first.pk])["taken"]) == [second.pk]


def test_of_owners_of_whom_an_agent_has_enough_nothing_is_taken(agent: APIClient, alice: User, bob: User) -> None:
    hers, his = waiting(alice), waiting(bob)

    assert ids(sync(agent, take=10, without=["alice"])["taken"]) == [his.pk]
    assert ids(sync(agent, take=10, holding=[his.pk])["taken"]) == [hers.pk]


def test_what_is_for_a_login_node_is_not_taken(agent: APIClient, alice: User) -> None:
    make_submission(alice)

    assert sync(agent, take=10)["taken"] == []


# --- telling --------------------------------------------------------------------------------------------------------


def test_a_job_is_recorded_once_and_that_may_be_told_twice(agent: APIClient, alice: User) -> None:
    one = waiting(alice)
    sync(agent, take=1)
    told = [{"id": one.pk, "slurm_job_id": 7, "execution_directory": "/home/alice/here"}]

    first, second = sync(agent, recorded=told), sync(agent, recorded=told)
    other = sync(agent, recorded=[{"id": one.pk, "slurm_job_id": 8}])

    for answer in (first, second, other):
        (row,) = answer["recorded"]
        assert (row["slurm_job_id"], row["slurm_cluster"], row["status"]) == (7, "hilbert", "pending")
    assert first["recorded"][0]["execution_directory"] == "/home/alice/here"
    assert [event.new_status for event in one.events.all()] == ["submitting", "pending"]


def test_a_job_of_a_submission_that_is_gone_is_told_so(agent: APIClient, alice: User) -> None:
    assert sync(agent, recorded=[{"id": 99, "slurm_job_id": 7}])["recorded"] == []


def test_a_refusal_rejects_and_one_after_a_wish_to_cancel_cancels(agent: APIClient, alice: User) -> None:
    one, two = waiting(alice), waiting(alice)
    sync(agent, take=2)
    JobSubmission.objects.get(pk=two.pk).cancel()

    told = sync(agent, holding=[one.pk, two.pk])
    assert ids(told["to_cancel"]) == [two.pk]
    sync(agent, rejected=[{"id": one.pk, "reason": "no partition"}, {"id": two.pk, "reason": "cancelled"}])

    assert list(JobSubmission.objects.order_by("pk").values_list("status", "reason")) == [
        ("rejected", "no partition"),
        ("cancelled", "cancelled"),
    ]


def test_what_is_to_be_cancelled_is_told_to_who_can_and_some_of_it_at_a_time(
    agent: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("submissions.sync.MOST_TO_CANCEL", 2)
    elsewhere = waiting(alice)
    elsewhere.lease("login9/1/1", now() + timedelta(hours=1))
    elsewhere.cancel()
    assert sync(agent)["to_cancel"] == []

    followed = {waiting(alice, slurm_job_id=number, cluster=elsewhere.cluster).pk for number in range(1, 4)}
    JobSubmission.objects.filter(pk__in=followed).update(cancel_requested=True)
    told = [set(ids(sync(agent)["to_cancel"])) for _ in range(40)]
    assert [len(some) for some in told] == [2] * 40
    assert set().union(*told) == followed


def test_what_is_in_the_way_for_now_is_shown_and_the_lease_stays(agent: APIClient, alice: User) -> None:
    one = waiting(alice)
    sync(agent, take=1)

    sync(agent, holding=[one.pk], delayed=[{"id": one.pk, "reason": "No space left on device"}])

    one.refresh_from_db()
    assert (one.status, one.reason, one.lease_holder) == ("submitting", "No space left on device", HOLDER)


def test_what_has_ended_is_settled_and_what_is_not_there_too(agent: APIClient, alice: User) -> None:
    one, two = waiting(alice), waiting(alice)
    sync(agent, take=2)
    sync(agent, recorded=[{"id": one.pk, "slurm_job_id": 7}, {"id": two.pk, "slurm_job_id": 8}])

    ended = {"id": one.pk, "slurm_job_id": 7, "state": "COMPLETED", "exit_code": "0:0"}
    running = {"id": two.pk, "slurm_job_id": 8, "state": "RUNNING"}
    answer = sync(agent, reports=[ended, running, {"id": 10**9, "slurm_job_id": 9, "state": "RUNNING"}])

    assert answer["settled"] == [one.pk, 10**9]
    assert list(JobSubmission.objects.order_by("pk").values_list("status", flat=True)) == ["completed", "running"]


def test_a_tag_in_the_queue_is_told_whose_it_is(agent: APIClient, alice: User) -> None:
    one = make_submission(alice, cluster=Cluster.objects.get())
    other = make_submission(alice)

    assert ids(sync(agent, tags=[one.tag, other.tag, "f" * 32])["tagged"]) == [one.pk]


def test_a_wish_is_told_until_it_is_answered(agent: APIClient, alice: User) -> None:
    one = waiting(alice)
    one.record(7, "hilbert")
    wish = one.wish(alice, "hold")

    (told,) = sync(agent)["wishes"]
    assert (told["id"], told["action"], told["submission"]["slurm_job_id"]) == (wish.pk, "hold", 7)
    assert sync(agent, answers=[{"wish": wish.pk, "error": "Job has already finished"}])["wishes"] == []
    # The first answer counts.
    sync(agent, answers=[{"wish": wish.pk, "answer": {}}])
    wish.refresh_from_db()
    assert wish.error == "Job has already finished"


def test_room_that_an_ended_point_makes_is_given_to_the_next_one(agent: APIClient, alice: User) -> None:
    make_application(alice, identifier="hello")
    as_alice = signed_in(alice)
    sweep = as_alice.post("/api/sweeps/", {"application": "hello", "grid": {"nodes": [1, 2, 3]}}).json()
    as_alice.post(f"/api/sweeps/{sweep['id']}/submit/", {"via": "agent", "single": True, "max_queued": 1})
    (first,) = sync(agent, take=10)["taken"]
    sync(agent, recorded=[{"id": first["id"], "slurm_job_id": 7}])

    sync(agent, reports=[{"id": first["id"], "slurm_job_id": 7, "state": "COMPLETED", "exit_code": "0:0"}])

    (second,) = sync(agent, take=10)["taken"]
    assert second["job_script"] != first["job_script"]
    assert JobSubmission.objects.count() == 2


def test_a_sweep_that_cannot_go_on_keeps_nobody_from_being_heard(agent: APIClient, alice: User) -> None:
    make_application(alice, identifier="hello")
    as_alice = signed_in(alice)
    sweep = as_alice.post("/api/sweeps/", {"application": "hello", "grid": {"nodes": [1, 2, 3]}}).json()
    as_alice.post(f"/api/sweeps/{sweep['id']}/submit/", {"via": "agent", "single": True, "max_queued": 1})
    (first,) = sync(agent, take=10)["taken"]
    sync(agent, recorded=[{"id": first["id"], "slurm_job_id": 7}])
    # What its owner makes of the points that wait.
    for script in JobScript.objects.exclude(pk=first["job_script"]):
        script.files.update(content=b"#!/bin/bash\n#SBATCH --clusters=noether\n")

    ended = {"id": first["id"], "slurm_job_id": 7, "state": "COMPLETED", "exit_code": "0:0"}

    assert sync(agent, reports=[ended])["settled"] == [first["id"]]
    refused = as_alice.post(f"/api/sweeps/{sweep['id']}/submit/", {"via": "agent", "single": True})
    assert (refused.status_code, "--clusters" in refused.json()["detail"]) == (400, True)


def test_many_tags_are_found_by_their_index(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("It is about what PostgreSQL plans.")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = JobSubmission.objects.tagged([f"{number:032x}" for number in range(500)]).order_by().explain()

    assert "submission_tag_once" in plan


# --- who ------------------------------------------------------------------------------------------------------------


def test_a_person_moves_their_own_and_nobody_else_s(hilbert: Cluster, alice: User, bob: User) -> None:
    mine, other = waiting(alice), waiting(bob)
    as_alice = signed_in(alice)

    assert ids(sync(as_alice, take=10)["taken"]) == [mine.pk]
    assert sync(as_alice, recorded=[{"id": other.pk, "slurm_job_id": 7}])["recorded"] == []
    assert sync(as_alice, tags=[other.tag])["tagged"] == []
    sync(as_alice, rejected=[{"id": other.pk, "reason": "no"}], facts={"slurm_version": "99"})
    other.refresh_from_db()
    hilbert.refresh_from_db()
    assert (other.status, hilbert.slurm_version, hilbert.last_contact_at) == ("created", "", None)


def test_an_agent_sees_and_moves_its_own_cluster_s_and_nothing_else(agent: APIClient, alice: User) -> None:
    Cluster.create("noether")
    here = waiting(alice, cluster=Cluster.objects.get(name="hilbert"))
    there = waiting(alice, cluster=Cluster.objects.get(name="noether"))

    assert ids(agent.get("/api/job-submissions/").json()["results"]) == [here.pk]
    assert agent.get(f"/api/job-submissions/{there.pk}/").status_code == 404
    assert agent.post("/api/clusters/noether/sync/", {"holder": HOLDER}).status_code == 404
    assert [row["name"] for row in agent.get("/api/clusters/").json()["results"]] == ["hilbert"]
    assert ids(sync(agent, take=10)["taken"]) == [here.pk]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/applications/"),
        ("get", "/api/job-scripts/"),
        ("get", "/api/sweeps/"),
        ("post", "/api/job-submissions/"),
        ("post", "/api/job-scripts/preview/"),
        ("get", "/api/job-scripts/{script}/files/job.sh"),
        ("post", "/api/job-submissions/{id}/cancel/"),
        ("delete", "/api/job-submissions/{id}/"),
        ("post", "/api/job-submissions/report/"),
        ("post", "/api/job-submissions/cancel/"),
        ("post", "/api/applications/import/"),
        ("post", "/api/job-scripts/bulk/"),
        ("post", "/api/job-scripts/check/"),
    ],
)
def test_everything_else_is_not_for_agents(agent: APIClient, alice: User, method: str, path: str) -> None:
    one = waiting(alice)

    answer = getattr(agent, method)(path.format(id=one.pk, script=one.job_script_id), {})

    assert answer.status_code in (403, 404), answer.content


def test_who_had_an_agent_s_password_has_nothing_after_a_new_one(agent: APIClient, hilbert: Cluster) -> None:
    hilbert.refresh_from_db()
    hilbert.new_password()

    assert agent.post("/api/clusters/hilbert/sync/", {"holder": HOLDER}).status_code == 401


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_an_idle_round_is_few_queries(agent: APIClient, django_assert_num_queries: Counts) -> None:
    sync(agent)
    # Who asks, the cluster, what to cancel, wishes; a transaction to take in, in which there is nothing to take.
    with django_assert_num_queries(7):
        sync(agent, take=10)


@pytest.mark.parametrize("size", [2, 40])
def test_a_busy_round_is_as_many_queries_however_many_jobs(
    agent: APIClient, django_assert_max_num_queries: Counts, size: int
) -> None:
    alice = make_user("alice")
    script = make_script(alice)
    ended, made, refused = ([make_submission(alice, script, via="agent") for _ in range(size)] for _ in range(3))
    for _ in range(0, 3 * size, 100):
        sync(agent, take=100)
    sync(agent, recorded=[{"id": one.pk, "slurm_job_id": one.pk} for one in ended])
    for _ in range(size):
        make_submission(alice, script, via="agent")
    held = [one.pk for one in (*made, *refused)]

    with django_assert_max_num_queries(40):
        answer = sync(
            agent,
            take=50,
            holding=held,
            reports=[{"id": one.pk, "slurm_job_id": one.pk, "state": "FAILED"} for one in ended],
            recorded=[{"id": one.pk, "slurm_job_id": one.pk} for one in made],
            rejected=[{"id": one.pk, "reason": "no"} for one in refused],
            tags=[one.tag for one in ended],
        )
    assert len(answer["taken"]) == size
