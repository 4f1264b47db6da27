"""Many at once: by their ids, or those of one's own that a filter selects."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from submissions import cancelling, reports
from submissions.models import JobSubmission
from tests.factories import make_cluster, make_script, make_submission, make_sweep

URL = "/api/job-submissions/cancel/"


def statuses() -> dict[int, tuple[str, bool]]:
    return {one.pk: (one.status, one.cancel_requested) for one in JobSubmission.objects.all()}


def test_what_nobody_has_taken_ends_at_once_and_the_others_are_marked(as_alice: APIClient, alice: User) -> None:
    script = make_script(alice)
    waiting, running, done = (make_submission(alice, script) for _ in range(3))
    running.record(7, "hilbert")
    done.record(8, "hilbert")
    reports.apply([{"id": done.pk, "slurm_job_id": 8, "state": "FAILED"}], JobSubmission.objects.all(), "hilbert")

    answer = as_alice.post(URL, {"ids": [waiting.pk, running.pk, done.pk, 999_999]}).json()

    assert statuses() == {
        waiting.pk: ("cancelled", False),
        running.pk: ("pending", True),
        done.pk: ("failed", False),
    }
    assert [row["id"] for row in answer["results"]] == [waiting.pk, running.pk]
    assert answer["errors"] == {str(done.pk): "It is failed already.", "999999": "Not found."}
    assert [event.new_status for event in waiting.events.all()] == ["cancelled"]


def test_a_filter_selects_one_s_own_unfinished_ones(as_carol: APIClient, carol: User, alice: User) -> None:
    script = make_script(alice)
    script.share("reader", user=carol)
    mine, other, theirs = make_submission(carol, script), make_submission(carol), make_submission(alice, script)

    answer = as_carol.post(URL, {"filter": {"job_script": script.pk}}).json()

    assert ([row["id"] for row in answer["results"]], answer["errors"], answer["left"]) == ([mine.pk], {}, 0)
    assert statuses() == {
        mine.pk: ("cancelled", False),
        other.pk: ("created", False),
        theirs.pk: ("created", False),
    }


def test_every_filter_narrows(as_alice: APIClient, alice: User) -> None:
    cluster, sweep = make_cluster("hilbert"), make_sweep(alice, size=1)
    one = make_submission(alice, sweep.scripts.get(), name="Needle", via="agent", cluster=cluster)
    make_submission(alice, name="Hay")
    for wanted in (
        {"sweep": sweep.pk},
        {"cluster": "hilbert"},
        {"search": "needle"},
        {"job_script": one.job_script_id, "status": "created,pending"},
    ):
        JobSubmission.objects.update(status="created", ended_at=None)
        answer = as_alice.post(URL, {"filter": wanted}).json()
        assert [row["id"] for row in answer["results"]] == [one.pk], wanted
    assert as_alice.post(URL, {"filter": {"status": "running"}}).json()["results"] == []


def test_one_request_takes_so_many_and_says_how_many_are_left(
    as_alice: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancelling, "MOST", 2)
    script = make_script(alice)
    made = [make_submission(alice, script) for _ in range(5)]
    for number, one in enumerate(made[:3], start=1):
        one.record(number, "hilbert")

    left = [as_alice.post(URL, {"filter": {"job_script": script.pk}}).json()["left"] for _ in range(4)]

    assert left == [3, 1, 0, 0]
    assert all(status == "cancelled" or asked for status, asked in statuses().values())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": []},
        {"filter": {}},
        {"filter": {"owner": "bob"}},
        {"filter": {"status": ""}},
        {"filter": "all"},
        {"ids": [1], "filter": {"status": "pending"}},
        {"ids": list(range(1, 502))},
    ],
)
def test_nothing_is_cancelled_by_a_slip(as_alice: APIClient, alice: User, body: Any) -> None:
    make_submission(alice)

    answer = as_alice.post(URL, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [status for status, _ in statuses().values()] == ["created"]


@pytest.mark.parametrize("size", [1, 20])
def test_it_costs_the_same_however_many_they_are(
    as_alice: APIClient, alice: User, django_assert_num_queries: Any, size: int
) -> None:
    script = make_script(alice)
    made = [make_submission(alice, script) for _ in range(size + 1)]
    made[0].record(1, "hilbert")
    # Who asks; a savepoint and its end, the rows, locked, the two kinds of change, and the events.
    with django_assert_num_queries(7):
        as_alice.post(URL, {"ids": [one.pk for one in made]})
    JobSubmission.objects.filter(pk__in=[one.pk for one in made[1:]]).update(status="created", ended_at=None)
    # And which they are, and how many are left; none to mark.
    with django_assert_num_queries(8):
        as_alice.post(URL, {"filter": {"job_script": script.pk}})


def test_resubmit_takes_other_arguments_in_place_of_the_earlier(as_alice: APIClient, alice: User) -> None:
    submission = make_submission(alice, sbatch_arguments=["--time=10", "-N2"])
    url = f"/api/job-submissions/{submission.pk}/resubmit/"

    rows = [as_alice.post(url, body).json() for body in ({}, {"sbatch_arguments": ["-N4"]}, {"sbatch_arguments": []})]

    assert [row["sbatch_arguments"] for row in rows] == [["--time=10", "-N2"], ["-N4"], []]
    refused = as_alice.post(url, {"sbatch_arguments": ["--wrap=ls"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_sbatch_parameter")
