"""What an agent is asked to do with a job that Slurm has: by whom, when not, and what is shown of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from rest_framework.test import APIClient

from submissions import reports
from submissions.clusters import Cluster
from submissions.models import JobSubmission
from submissions.wishes import KEPT, LASTS, Wish
from tests.conftest import signed_in
from tests.factories import make_cluster, make_submission

URL = "/api/job-submissions/"


@pytest.fixture
def running(alice: User) -> JobSubmission:
    submission = make_submission(alice, via="agent", cluster=make_cluster())
    submission.record(7, "hilbert")
    return submission


def end(submission: JobSubmission) -> None:
    told = [{"id": submission.pk, "slurm_job_id": 7, "state": "COMPLETED"}]
    reports.apply(told, JobSubmission.objects.all(), "hilbert")


def ask(client: APIClient, submission: JobSubmission, action: str, body: Any = None) -> Any:
    return client.post(f"{URL}{submission.pk}/{action}/", body)


@pytest.mark.parametrize("action", ["hold", "release", "requeue"])
def test_a_wish_waits_for_the_agent_and_shows_its_answer(
    as_alice: APIClient, running: JobSubmission, action: str
) -> None:
    answer = ask(as_alice, running, action)

    wish = Wish.objects.get()
    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["id"], shown["action"], shown["submission"]) == (wish.pk, action, running.pk)
    assert (shown["answered_at"], shown["error"], shown["answer"]) == (None, "", {})
    wish.fulfil({}, "Slurm refuses it.", now())
    wish.save()
    later = as_alice.get(f"{URL}{running.pk}/wishes/{wish.pk}/").json()
    assert (later["error"], later["answered_at"] is None) == ("Slurm refuses it.", False)


def test_a_log_is_asked_for_with_what_piece_of_it(as_alice: APIClient, running: JobSubmission) -> None:
    body = {"stream": "stderr", "task": 3, "offset": 10, "size": 262_144, "from_end": False}

    answer = ask(as_alice, running, "log", body)

    assert answer.status_code == 202
    assert Wish.objects.get().arguments == body


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"stream": "stdin"},
        {"stream": "stdout", "size": 262_145},
        {"stream": "stdout", "size": 0},
        {"stream": "stdout", "offset": -1},
        {"stream": "stdout", "offset": 2**63},
        {"stream": "stdout", "task": -1},
        {"stream": "stdout", "task": "all"},
        [],
    ],
)
def test_a_piece_has_bounds(as_alice: APIClient, running: JobSubmission, body: Any) -> None:
    answer = ask(as_alice, running, "log", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Wish.objects.exists()


def test_what_has_ended_may_be_queued_again_and_read_and_nothing_else(
    as_alice: APIClient, running: JobSubmission
) -> None:
    end(running)

    codes = {
        action: ask(as_alice, running, action, {"stream": "stdout"}) for action in ("hold", "release", "requeue", "log")
    }

    assert {action: answer.status_code for action, answer in codes.items()} == {
        "hold": 409,
        "release": 409,
        "requeue": 202,
        "log": 202,
    }
    assert codes["hold"].json()["code"] == "already_final"


def test_without_a_job_or_an_agent_there_is_nobody_to_ask(
    as_alice: APIClient, alice: User, running: JobSubmission
) -> None:
    waiting, here = make_submission(alice, via="agent"), make_submission(alice)
    here.record(8, "hilbert")

    assert ask(as_alice, waiting, "hold").json()["code"] == "no_job"
    assert ask(as_alice, here, "hold").json()["code"] == "no_agent"


def test_nobody_else_asks_or_looks_but_staff(
    as_alice: APIClient, as_bob: APIClient, as_carol: APIClient, running: JobSubmission
) -> None:
    wish = ask(as_alice, running, "log", {"stream": "stdout"}).json()["id"]
    url = f"{URL}{running.pk}/wishes/{wish}/"

    assert ask(as_bob, running, "requeue").status_code == 404
    assert [client.get(url).status_code for client in (as_alice, as_bob, as_carol)] == [200, 404, 200]


def test_a_wish_is_of_its_own_submission_alone(as_bob: APIClient, bob: User, running: JobSubmission) -> None:
    wish = running.wish(running.owner, "log", stream="stdout")
    mine = make_submission(bob)

    for name in (str(wish.pk), "0", "x", "9" * 30, "1%00"):
        assert as_bob.get(f"{URL}{mine.pk}/wishes/{name}/").status_code == 404


def test_an_agent_s_account_wishes_nothing(running: JobSubmission) -> None:
    cluster, _ = Cluster.create("noether")
    assert cluster.agent is not None
    JobSubmission.objects.update(cluster=cluster)

    assert ask(signed_in(cluster.agent), running, "hold").status_code == 403


def test_an_agent_that_is_silent_for_long_will_not_do_it_any_more(as_alice: APIClient, running: JobSubmission) -> None:
    wish = running.wish(running.owner, "hold")
    Wish.objects.update(created_at=now() - LASTS - timedelta(seconds=1))

    shown = as_alice.get(f"{URL}{running.pk}/wishes/{wish.pk}/").json()

    assert shown["error"] == "The agent of hilbert did not answer within 60 minutes."


def test_old_wishes_are_forgotten_and_pieces_of_logs_sooner(running: JobSubmission) -> None:
    ages = {("hold", "old"): KEPT, ("hold", "young"): LASTS, ("log", "old"): LASTS, ("log", "young"): LASTS / 2}
    made = {}
    for (action, age), kept in ages.items():
        made[action, age] = running.wish(running.owner, action).pk
        Wish.objects.filter(pk=made[action, age]).update(created_at=now() - kept - timedelta(seconds=1))

    new = running.wish(running.owner, "release").pk

    left = {made["hold", "young"], made["log", "young"], new}
    assert set(Wish.objects.values_list("pk", flat=True)) == left
