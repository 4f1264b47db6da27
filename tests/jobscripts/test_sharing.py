"""Who sees a job script of somebody else's, who changes it, and whose it is what they make of it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from rest_framework.exceptions import PermissionDenied
from rest_framework.test import APIClient

from jobscripts.api.files import FileViewSet
from jobscripts.api.shares import JobScriptShareViewSet
from jobscripts.models import JobScript, JobScriptShare
from jobscripts.sweeps import Sweep
from submissions.models import JobSubmission
from tests.applications.test_sharing import CAST, asked, in_group
from tests.conftest import signed_in
from tests.factories import make_application, make_script, make_submission, make_user

URL = "/api/job-scripts/{script}/"
LIST = "/api/job-scripts/"


@pytest.fixture
def script(alice: User) -> JobScript:
    """Alice's, made from an application of hers that nobody else sees; with a file beside the entrypoint."""
    script = make_script(alice, make_application(alice, visibility="private", identifier="hidden"))
    script.put_file("more.txt", b"more")
    return script


@pytest.fixture
def cast(script: JobScript, alice: User) -> dict[str, User]:
    people = {
        "owner": alice,
        "staff": make_user("clerk", is_staff=True),
        "editor": make_user("ed"),
        "editing group": in_group("edith", "editors"),
        "reader": make_user("rea"),
        "reading group": in_group("reinhold", "readers"),
        "stranger": make_user("stranger"),
    }
    make_user("someone")
    script.share("editor", user=people["editor"])
    script.share("editor", group=Group.objects.get(name="editors"))
    script.share("reader", group=Group.objects.get(name="readers"))
    script.share("reader", user=people["reader"])
    return people


# --- role and action ------------------------------------------------------------------------------------------------

# Who may, in the order of the cast.
SEEN = (200, 200, 200, 200, 200, 200, 404)
MADE = (201, 201, 201, 201, 201, 201, 404)
CHANGED = (200, 200, 200, 200, 403, 403, 404)
ACTIONS: dict[str, tuple[str, str, Any, tuple[int, int, int, int, int, int, int]]] = {
    "look": ("get", URL, None, SEEN),
    "download": ("get", f"{URL}archive/", None, SEEN),
    "download one file": ("get", f"{URL}files/job.sh/", None, SEEN),
    "clone": ("post", f"{URL}clone/", {}, MADE),
    "clone with other answers": ("post", f"{URL}clone/", {"answers": {"nodes": 3}}, MADE),
    "submit": ("post", "/api/job-submissions/", "submit", MADE),
    "rename": ("patch", URL, {"name": "New"}, CHANGED),
    "choose the entrypoint": ("patch", URL, {"entrypoint": "more.txt"}, CHANGED),
    "save a file": ("put", f"{URL}files/job.sh/", "a file", CHANGED),
    "rename a file": ("patch", f"{URL}files/more.txt/", {"path": "less.txt"}, CHANGED),
    "remove a file": ("delete", f"{URL}files/more.txt/", None, (204, 204, 204, 204, 403, 403, 404)),
    "list shares": ("get", f"{URL}shares/", None, CHANGED),
    "leave it unarchived": ("patch", URL, {"is_archived": False}, CHANGED),
    "archive": ("patch", URL, {"is_archived": True}, (200, 200, 403, 403, 403, 403, 404)),
    "share": ("post", f"{URL}shares/", {"user": "someone"}, (201, 201, 403, 403, 403, 403, 404)),
    "take a share away": ("delete", f"{URL}shares/{{share}}/", None, (204, 204, 403, 403, 403, 403, 404)),
    "delete": ("delete", URL, None, (204, 204, 403, 403, 403, 403, 404)),
}


@pytest.mark.parametrize("place", range(len(CAST)), ids=CAST)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_each_may_do_with_a_shared_script(
    cast: dict[str, User], script: JobScript, place: int, action: str
) -> None:
    method, path, body, expected = ACTIONS[action]
    client = signed_in(cast[CAST[place]])
    url = path.format(script=script.pk, share=JobScriptShare.objects.get(user=cast["reader"]).pk)

    if body == "a file":
        answer = client.generic("PUT", url, b"1")
    else:
        wanted = {"job_script": script.pk, "via": "login_node"} if body == "submit" else body
        answer = getattr(client, method)(url, wanted)

    assert answer.status_code == expected[place], answer.content
    if answer.status_code == 403:
        assert answer.json()["code"] == "permission_denied"
        assert answer.json()["detail"].startswith("Only its owner")


def test_what_a_reader_makes_of_it_is_theirs(as_bob: APIClient, bob: User, script: JobScript) -> None:
    script.share("reader", user=bob)

    copy = as_bob.post(f"{LIST}{script.pk}/clone/", {}).json()
    submission = as_bob.post("/api/job-submissions/", {"job_script": script.pk, "via": "login_node"}).json()

    assert (copy["owner"], copy["parent"]) == ("bob", script.pk)
    assert (submission["owner"], submission["job_script"]) == ("bob", script.pk)
    assert not JobScriptShare.objects.filter(script=copy["id"]).exists()
    assert [row["id"] for row in as_bob.get(LIST).json()["results"]] == [copy["id"]]


def test_whoever_ran_it_sees_what_they_ran_when_it_is_shared_no_more(
    as_alice: APIClient, as_bob: APIClient, bob: User, script: JobScript
) -> None:
    share, _ = script.share("editor", user=bob)
    url = f"{LIST}{script.pk}/"
    submission = make_submission(bob, script)
    as_alice.delete(f"{url}shares/{share.pk}/")

    assert as_bob.get(f"{url}archive/").status_code == 200
    assert as_bob.post(f"/api/job-submissions/{submission.pk}/resubmit/", {}).status_code == 201
    assert as_bob.patch(url, {"name": "New"}).status_code == 403
    JobSubmission.objects.all().delete()
    assert as_bob.get(url).status_code == 404


def test_a_script_that_a_reader_submitted_stays(as_alice: APIClient, bob: User, script: JobScript) -> None:
    make_submission(bob, script)

    answers = [as_alice.delete(f"{LIST}{script.pk}/"), as_alice.generic("PUT", f"{LIST}{script.pk}/files/x", b"1")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "in_use")] * 2
    assert as_alice.get("/api/job-submissions/").json()["results"] == []


# --- lists ----------------------------------------------------------------------------------------------------------


def ids(client: APIClient, **query: Any) -> list[int]:
    return [row["id"] for row in client.get(LIST, query).json()["results"]]


def test_a_list_is_of_one_s_own_and_another_of_what_others_share(cast: dict[str, User], script: JobScript) -> None:
    own = {role: make_script(person).pk for role, person in cast.items()}

    for role, person in cast.items():
        client = signed_in(person)
        if role == "staff":
            assert ids(client) == sorted([script.pk, *own.values()], reverse=True)
        else:
            assert ids(client) == [own[role], script.pk] if role == "owner" else [own[role]]
        sees = role not in ("owner", "staff", "stranger")
        assert ids(client, shared="true") == [script.pk] * sees
        assert ids(client, shared="false") == ids(client)


def test_what_others_share_is_listed_once_searched_and_ordered(as_bob: APIClient, alice: User) -> None:
    bob = in_group("bob", "cfd")
    in_group("alice", "cfd")
    b, a = make_script(alice, name="b, hello"), make_script(alice, name="a")
    archived, mine = make_script(alice, is_archived=True, name="c"), make_script(bob, name="mine")
    for script in (a, b, archived):
        script.share("reader", group=Group.objects.get())
        script.share("editor", user=bob)
    mine.share("reader", group=Group.objects.get())

    assert ids(as_bob, shared="true") == [a.pk, b.pk]
    assert ids(as_bob, shared="true", ordering="-name") == [b.pk, a.pk]
    assert ids(as_bob, shared="true", search="hello") == [b.pk]
    assert ids(as_bob, shared="true", archived="true") == [archived.pk]
    assert ids(as_bob, shared="true", owner="me") == []
    assert ids(as_bob, owner="alice") == []
    assert ids(signed_in(alice), shared="true") == [mine.pk]
    page = as_bob.get(LIST, {"shared": "true", "limit": 1}).json()
    assert [row["id"] for row in as_bob.get(page["next"]).json()["results"]] == [b.pk]


def test_a_point_of_a_sweep_that_is_shared_can_be_found(as_bob: APIClient, alice: User, bob: User) -> None:
    script = make_script(alice)
    sweep = Sweep.objects.create(owner=alice, name="Sweep", size=1)
    JobScript.objects.filter(pk=script.pk).update(sweep=sweep, point=0)
    script.share("reader", user=bob)

    assert ids(as_bob, shared="true") == [script.pk]
    assert ids(signed_in(alice)) == []


@pytest.mark.parametrize("value", ["1", "yes", "True", ""])
def test_shared_is_true_or_false(as_bob: APIClient, value: str) -> None:
    answer = as_bob.get(LIST, {"shared": value})

    assert answer.status_code == (400 if value else 200)
    if value:
        assert list(answer.json()["errors"]) == ["shared"]


# --- shares ---------------------------------------------------------------------------------------------------------


def test_a_share_is_made_changed_listed_and_taken_away(
    as_alice: APIClient, as_bob: APIClient, bob: User, script: JobScript
) -> None:
    url = f"{LIST}{script.pk}/"

    made = as_alice.post(f"{url}shares/", {"user": "bob"})
    changed = as_alice.post(f"{url}shares/", {"user": "bob", "role": "editor"})

    assert (made.status_code, changed.status_code) == (201, 200)
    assert changed.json() == {**made.json(), "role": "editor"}
    assert as_bob.get(f"{url}shares/").json()["results"] == [changed.json()]
    assert as_alice.delete(f"{url}shares/{made.json()['id']}/").status_code == 204
    assert as_bob.get(url).status_code == 404
    assert as_alice.delete(f"{url}shares/{made.json()['id']}/").status_code == 404


@pytest.mark.parametrize(
    "body", [{"user": "alice"}, {"user": "nobody"}, {"group": "none"}, {}, {"user": "bob", "role": "x"}]
)
def test_a_share_that_cannot_be_is_refused(as_alice: APIClient, bob: User, script: JobScript, body: Any) -> None:
    answer = as_alice.post(f"{LIST}{script.pk}/shares/", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not JobScriptShare.objects.exists()


def test_a_share_of_another_script_is_not_there(as_alice: APIClient, alice: User, bob: User, script: JobScript) -> None:
    other, _ = make_script(alice).share("reader", user=bob)

    assert as_alice.delete(f"{LIST}{script.pk}/shares/{other.pk}/").status_code == 404
    assert JobScriptShare.objects.exists()


@pytest.mark.parametrize("script_id", ["x", "99", "9" * 30, "-1"])
def test_shares_and_files_of_no_script_are_not_there(as_alice: APIClient, script_id: str) -> None:
    for path in ("shares/", "files/job.sh"):
        assert as_alice.get(f"{LIST}{script_id}/{path}").status_code == 404


@pytest.mark.parametrize("columns", [{}, {"role": "owner"}, {"group": True}])
def test_the_database_keeps_its_promises_itself(script: JobScript, bob: User, columns: dict[str, Any]) -> None:
    whom = {"user": bob} if columns else {}
    if columns.pop("group", False):
        columns["group"] = Group.objects.create(name="cfd")

    with pytest.raises(IntegrityError), transaction.atomic():
        JobScriptShare.objects.create(script=script, **whom, **columns)


@pytest.mark.parametrize("view_class", [JobScriptShareViewSet, FileViewSet])
def test_whose_rights_ended_meanwhile_changes_nothing(script: JobScript, bob: User, view_class: Any) -> None:
    share, _ = script.share("editor", user=bob)
    request = asked(bob)
    action = "list" if view_class is JobScriptShareViewSet else "destroy"
    view = view_class(request=request, kwargs={"script": str(script.pk), "path": "more.txt"}, action=action)
    request.method = "DELETE"
    assert view.resource == script
    share.delete()

    with pytest.raises(PermissionDenied), view.locked():
        pytest.fail("He edits it no more.")
