"""Many job scripts at once: archived, brought back, deleted; each that cannot be is named with the reason."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from applications.versions import ApplicationVersion
from jobscripts.models import JobScript
from tests.factories import make_application, make_script, make_submission, make_user

URL = "/api/job-scripts/bulk/"
NOT_THEIRS = "Only its owner and staff may do this."


def bulk(client: APIClient, action: str, *scripts: JobScript | int) -> Any:
    ids = [script if isinstance(script, int) else script.pk for script in scripts]
    return client.post(URL, {"action": action, "ids": ids}).json()


def archived(*scripts: JobScript) -> list[bool]:
    return [JobScript.objects.get(pk=script.pk).is_archived for script in scripts]


def test_scripts_are_archived_and_brought_back(as_alice: APIClient, alice: User) -> None:
    first, second, other = make_script(alice), make_script(alice), make_script(alice)

    done = bulk(as_alice, "archive", first, second, second)

    assert done["errors"] == {}
    assert [(row["id"], row["is_archived"]) for row in done["results"]] == [(second.pk, True), (first.pk, True)]
    assert done["results"] == as_alice.get("/api/job-scripts/?archived=true").json()["results"]
    assert archived(first, second, other) == [True, True, False]
    assert done["results"][0]["updated_at"] > done["results"][0]["created_at"]
    assert [row["is_archived"] for row in bulk(as_alice, "unarchive", first)["results"]] == [False]
    assert archived(first, second) == [False, True]


@pytest.mark.parametrize("action", ["archive", "unarchive", "delete"])
def test_what_is_not_one_s_own_is_named_and_the_rest_is_done(as_bob: APIClient, bob: User, action: str) -> None:
    mine, hidden, shared, edited = make_script(bob), make_script(), make_script(), make_script()
    shared.share("reader", user=bob)
    edited.share("editor", user=bob)

    done = bulk(as_bob, action, mine, hidden, shared, edited, 10**15)

    assert [row["id"] for row in done["results"]] == [mine.pk]
    assert done["errors"] == {
        str(hidden.pk): "Not found.", str(10**15): "Not found.", str(shared.pk): NOT_THEIRS, str(edited.pk): NOT_THEIRS,
    }  # fmt: skip
    assert archived(hidden, shared, edited) == [False] * 3


def test_what_was_submitted_is_not_deleted(as_alice: APIClient, alice: User) -> None:
    used, unused = make_script(alice), make_script(alice)
    make_submission(alice, used)

    done = bulk(as_alice, "delete", used, unused)

    assert ([row["id"] for row in done["results"]], list(done["errors"])) == ([unused.pk], [str(used.pk)])
    assert "was submitted 1 times" in done["errors"][str(used.pk)]
    assert list(JobScript.objects.all()) == [used]


def test_a_version_goes_with_the_last_of_its_scripts(as_alice: APIClient, alice: User) -> None:
    application = make_application(alice)
    scripts = [make_script(alice, application) for _ in range(3)]
    application.delete()

    assert len(bulk(as_alice, "delete", *scripts)["results"]) == 3

    assert not ApplicationVersion.objects.exists()


def test_staff_do_it_for_everybody(as_carol: APIClient) -> None:
    scripts = [make_script(make_user("alice")), make_script(make_user("bob"))]

    assert len(bulk(as_carol, "archive", *scripts)["results"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "burn", "ids": [1]}, "action"),
        ({"ids": [1]}, "action"),
        ({"action": "archive", "ids": []}, "ids"),
        ({"action": "archive", "ids": list(range(1, 502))}, "ids"),
        ({"action": "archive", "ids": [2**63]}, "ids"),
        ({"action": "archive", "ids": "all"}, "ids"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(as_alice: APIClient, body: Any, field: str) -> None:
    answer = as_alice.post(URL, body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
