"""Who sees an application, who changes it, and whose it is."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from applications.api.serializers import ApplicationChangeSerializer
from applications.api.shares import ApplicationShareViewSet
from applications.api.views import ApplicationViewSet
from applications.models import Application, ApplicationShare
from applications.versions import ApplicationVersion
from jobbergate.core.errors import Conflict, DomainError, NotThere
from tests.archives import upload
from tests.conftest import signed_in
from tests.factories import FOLDER, make_application, make_script, make_user
from tests.submissions.test_at_the_same_moment import together

URL = "/api/applications/hello/"
SHARES = f"{URL}shares/"


@pytest.fixture
def hello(alice: User) -> Application:
    """Alice's, private, in its second version."""
    application = make_application(alice, {"first.txt": b"1"}, identifier="hello", visibility="private")
    application.publish(FOLDER, alice)
    return application


def asked(user: User) -> Request:
    request = Request(APIRequestFactory().post("/"))
    request.user = user
    return request


def in_group(username: str, name: str = "cfd") -> User:
    person = make_user(username)
    person.groups.add(Group.objects.get_or_create(name=name)[0])
    return person


# --- role and action ------------------------------------------------------------------------------------------------

CAST = ["owner", "staff", "editor", "editing group", "reader", "reading group", "stranger"]
# Who may, in the order of the cast; the application is shared, so strangers find none.
ACTIONS: dict[str, tuple[str, str, Any, tuple[int, int, int, int, int, int, int]]] = {
    "look": ("get", URL, None, (200, 200, 200, 200, 200, 200, 404)),
    "look at versions": ("get", f"{URL}versions/", None, (200, 200, 200, 200, 200, 200, 404)),
    "download": ("get", f"{URL}versions/1/archive/", None, (200, 200, 200, 200, 200, 200, 404)),
    "render": ("post", "/api/job-scripts/", {"application": "hello"}, (201, 201, 201, 201, 201, 201, 404)),
    "clone": ("post", f"{URL}clone/", {}, (201, 201, 201, 201, 201, 201, 404)),
    "rename": ("patch", URL, {"name": "New"}, (200, 200, 200, 200, 403, 403, 404)),
    "tag": ("patch", URL, {"tags": ["new"]}, (200, 200, 200, 200, 403, 403, 404)),
    "archive": ("patch", URL, {"is_archived": True}, (200, 200, 200, 200, 403, 403, 404)),
    "publish": ("post", f"{URL}versions/", "archive", (201, 201, 201, 201, 403, 403, 404)),
    "restore": ("post", f"{URL}versions/1/restore/", {}, (201, 201, 201, 201, 403, 403, 404)),
    "list shares": ("get", SHARES, None, (200, 200, 200, 200, 403, 403, 404)),
    "leave its visibility": ("patch", URL, {"visibility": "shared"}, (200, 200, 200, 200, 403, 403, 404)),
    "set its visibility": ("patch", URL, {"visibility": "public"}, (200, 200, 403, 403, 403, 403, 404)),
    "share": ("post", SHARES, {"user": "someone"}, (201, 201, 403, 403, 403, 403, 404)),
    "take a share away": ("delete", f"{SHARES}{{share}}/", None, (204, 204, 403, 403, 403, 403, 404)),
    "transfer": ("post", f"{URL}transfer/", {"owner": "someone"}, (200, 200, 403, 403, 403, 403, 404)),
    "delete": ("delete", URL, None, (204, 204, 403, 403, 403, 403, 404)),
}


@pytest.fixture
def cast(hello: Application, alice: User) -> dict[str, User]:
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
    hello.share("editor", user=people["editor"])
    hello.share("editor", group=Group.objects.get(name="editors"))
    hello.share("reader", group=Group.objects.get(name="readers"))
    hello.share("reader", user=people["reader"])
    return people


@pytest.mark.parametrize("place", range(len(CAST)), ids=CAST)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_each_may_do_with_a_shared_application(cast: dict[str, User], place: int, action: str) -> None:
    method, path, body, expected = ACTIONS[action]
    client, url = signed_in(cast[CAST[place]]), path.format(share=ApplicationShare.objects.get(user=cast["reader"]).pk)

    if body == "archive":
        answer = client.post(url, {"archive": upload({**FOLDER, "new": b"1"})}, format="multipart")
    else:
        answer = getattr(client, method)(url, body)

    assert answer.status_code == expected[place], answer.content
    if answer.status_code == 403:
        assert answer.json()["code"] == "permission_denied"
        assert answer.json()["detail"].startswith("Only its owner")


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        ("private", (True, True, True, True, False, False, False)),
        ("shared", (True, True, True, True, True, True, False)),
        ("public", (True,) * 7),
    ],
)
def test_who_sees_it(cast: dict[str, User], hello: Application, visibility: str, seen: tuple[bool, ...]) -> None:
    Application.objects.filter(pk=hello.pk).update(visibility=visibility)

    assert tuple(Application.objects.visible_to(cast[role]).filter(pk=hello.pk).exists() for role in CAST) == seen
    for role, sees in zip(CAST, seen, strict=True):
        client = signed_in(cast[role])
        assert [row["id"] for row in client.get("/api/applications/").json()["results"]] == [hello.pk] * sees
        assert client.get(URL).status_code == (200 if sees else 404)


def test_whoever_has_several_shares_sees_one_row(hello: Application, django_assert_num_queries: Any) -> None:
    bob = in_group("bob", "cfd")
    in_group("bob", "hpc")
    for group in Group.objects.all():
        hello.share("reader", group=group)
    hello.share("editor", user=bob)
    client = signed_in(bob)

    with django_assert_num_queries(2):
        rows = client.get("/api/applications/").json()["results"]

    assert [row["id"] for row in rows] == [hello.pk]
    assert Application.objects.visible_to(bob).count() == 1


def test_whoever_leaves_the_group_sees_it_no_more(hello: Application) -> None:
    bob = in_group("bob")
    hello.share("reader", group=Group.objects.get(name="cfd"))
    assert signed_in(bob).get(URL).status_code == 200

    bob.groups.clear()

    assert signed_in(bob).get(URL).status_code == 404


def test_a_clone_of_a_shared_application_is_private_and_has_no_shares(
    hello: Application, as_bob: APIClient, bob: User
) -> None:
    hello.tags = ["cfd"]
    hello.save()
    hello.share("reader", user=bob)

    row = as_bob.post(f"{URL}clone/", {}).json()

    assert (row["owner"], row["visibility"], row["tags"]) == ("bob", "private", ["cfd"])
    assert not ApplicationShare.objects.filter(application=row["id"]).exists()


def test_an_owner_s_shares_are_not_asked_for(hello: Application, alice: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert hello.may_be_changed_by(alice)


# --- shares ---------------------------------------------------------------------------------------------------------


def test_a_private_application_that_gets_a_reader_is_shared(as_alice: APIClient, hello: Application, bob: User) -> None:
    answer = as_alice.post(SHARES, {"user": "bob"})

    row = answer.json()
    assert answer.status_code == 201
    assert row == {
        "id": ApplicationShare.objects.get().pk, "user": "bob", "group": None, "role": "reader",
        "created_at": row["created_at"],
    }  # fmt: skip
    assert as_alice.get(URL).json()["visibility"] == "shared"
    assert as_alice.get(SHARES).json() == {"next": None, "previous": None, "results": [row]}


def test_a_private_application_that_gets_an_editor_stays_private(as_alice: APIClient, hello: Application) -> None:
    Group.objects.create(name="cfd")

    answer = as_alice.post(SHARES, {"group": "cfd", "role": "editor"})

    assert (answer.status_code, answer.json()["group"], answer.json()["role"]) == (201, "cfd", "editor")
    assert as_alice.get(URL).json()["visibility"] == "private"


def test_a_public_application_that_gets_a_reader_stays_public(as_alice: APIClient, alice: User, bob: User) -> None:
    make_application(alice, identifier="hello")

    assert as_alice.post(SHARES, {"user": "bob"}).status_code == 201
    assert as_alice.get(URL).json()["visibility"] == "public"


def test_another_role_takes_the_place_of_the_earlier_one(as_alice: APIClient, hello: Application, bob: User) -> None:
    first = as_alice.post(SHARES, {"user": "bob"}).json()

    again = as_alice.post(SHARES, {"user": "bob", "role": "editor"})

    assert (again.status_code, again.json()) == (200, {**first, "role": "editor"})
    assert hello.shares.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"user": "nobody"}, "user", "There is no active account 'nobody'; give a username."),
        ({"user": "gone"}, "user", "There is no active account 'gone'; give a username."),
        ({"user": "Bob"}, "user", "There is no active account 'Bob'; give a username."),
        ({"group": "none"}, "group", "There is no group 'none'; groups are made by superusers, in the admin."),
        ({"user": "alice"}, "user", "alice owns it already."),
        ({}, "user", "Give either a user or a group."),
        ({"user": "bob", "group": "cfd"}, "user", "Give either a user or a group."),
        ({"user": "bob", "role": "owner"}, "role", '"owner" is not a valid choice.'),
        ({"user": ""}, "user", "This field may not be blank."),
        ({"user": None}, "user", "This field may not be null."),
        ({"user": ["bob"]}, "user", "Not a valid string."),
    ],
)
def test_a_share_that_cannot_be_is_refused_by_its_field(
    as_alice: APIClient, hello: Application, bob: User, body: dict[str, Any], field: str, words: str
) -> None:
    make_user("gone", is_active=False)
    Group.objects.create(name="cfd")

    answer = as_alice.post(SHARES, body)

    assert (answer.status_code, answer.json()["code"], answer.json()["errors"]) == (400, "invalid", {field: [words]})
    assert not ApplicationShare.objects.exists()


def test_a_share_is_taken_away(as_alice: APIClient, as_bob: APIClient, hello: Application, bob: User) -> None:
    share = as_alice.post(SHARES, {"user": "bob"}).json()

    assert as_bob.get(URL).status_code == 200
    assert as_alice.delete(f"{SHARES}{share['id']}/").status_code == 204
    assert as_bob.get(URL).status_code == 404
    assert as_alice.delete(f"{SHARES}{share['id']}/").status_code == 404


def test_a_share_of_another_application_is_not_there(as_alice: APIClient, hello: Application, bob: User) -> None:
    other = make_application(bob, visibility="private", identifier="other")
    other.share("reader", user=make_user("rea"))

    answer = as_alice.delete(f"{SHARES}{other.shares.get().pk}/")

    assert (answer.status_code, other.shares.count()) == (404, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"user": "bob", "group": "cfd"},
        {},
        {"user": "bob", "role": "owner"},
        {"user": "rea"},
        {"group": "rea"},
    ],
    ids=str,
)
def test_the_database_keeps_its_promises_itself(hello: Application, bob: User, columns: dict[str, str]) -> None:
    people = {name: make_user(name) for name in ("bob", "rea")}
    groups = {name: Group.objects.create(name=name) for name in ("cfd", "rea")}
    hello.share("reader", user=people["rea"])
    hello.share("reader", group=groups["rea"])
    row: dict[str, Any] = {"role": "reader", **columns}
    if "user" in row:
        row["user"] = people[row["user"]]
    if "group" in row:
        row["group"] = groups[row["group"]]

    with pytest.raises(IntegrityError), transaction.atomic():
        ApplicationShare.objects.create(application=hello, **row)


def test_a_deleted_group_takes_its_shares_along(hello: Application) -> None:
    bob = in_group("bob")
    hello.share("reader", group=Group.objects.get())

    Group.objects.all().delete()

    assert not ApplicationShare.objects.exists()
    assert not Application.objects.visible_to(bob).exists()


# --- what follows from seeing ---------------------------------------------------------------------------------------


def test_a_script_stays_with_its_maker_when_the_share_goes(hello: Application, as_bob: APIClient, bob: User) -> None:
    hello.share("reader", user=bob)
    script = as_bob.post("/api/job-scripts/", {"application": "hello"}).json()
    hello.shares.all().delete()

    assert as_bob.get(f"/api/job-scripts/{script['id']}/").status_code == 200
    assert as_bob.post("/api/job-scripts/", {"application": "hello"}).status_code == 404


def test_deletion_takes_the_shares_and_leaves_what_scripts_need(
    hello: Application, as_alice: APIClient, bob: User
) -> None:
    hello.share("editor", user=bob)
    script = make_script(bob, hello)

    assert as_alice.delete(URL).status_code == 204

    assert not ApplicationShare.objects.exists()
    assert list(ApplicationVersion.objects.values_list("number", flat=True)) == [2]
    script.refresh_from_db()
    assert script.version is not None


# --- another owner --------------------------------------------------------------------------------------------------


def test_a_transfer_makes_the_former_owner_an_editor(
    hello: Application, as_alice: APIClient, as_bob: APIClient, bob: User, alice: User
) -> None:
    hello.share("editor", user=bob)
    hello.share("reader", user=make_user("rea"))

    answer = as_alice.post(f"{URL}transfer/", {"owner": "bob"})

    assert (answer.status_code, answer.json()["owner"]) == (200, "bob")
    rows = as_bob.get(SHARES).json()["results"]
    assert [(row["user"], row["role"]) for row in rows] == [("rea", "reader"), ("alice", "editor")]
    assert as_alice.patch(URL, {"name": "Still mine to edit"}).status_code == 200
    assert as_alice.delete(URL).status_code == 403
    assert as_bob.delete(URL).status_code == 204


def test_two_owners_may_have_used_the_same_key(as_alice: APIClient, as_bob: APIClient, bob: User) -> None:
    def made(client: APIClient, identifier: str) -> int:
        body = {"name": "n", "identifier": identifier, "archive": upload(FOLDER)}
        answer = client.post("/api/applications/", body, format="multipart", HTTP_IDEMPOTENCY_KEY="same")
        return int(answer.json()["id"])

    hers, his = made(as_alice, "hello"), made(as_bob, "his")

    assert as_alice.post(f"{URL}transfer/", {"owner": "bob"}).status_code == 200
    assert made(as_bob, "his") == his
    assert Application.objects.get(pk=hers).idempotency_key is None


def test_a_transfer_to_its_owner_changes_nothing(hello: Application, as_alice: APIClient) -> None:
    assert as_alice.post(f"{URL}transfer/", {"owner": "alice"}).status_code == 200
    assert not ApplicationShare.objects.exists()


@pytest.mark.parametrize("name", ["nobody", "gone", "", None])
def test_a_transfer_to_nobody_is_refused(hello: Application, as_alice: APIClient, name: str | None) -> None:
    make_user("gone", is_active=False)

    answer = as_alice.post(f"{URL}transfer/", {"owner": name})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["owner"])


def test_of_two_transfers_at_once_the_second_finds_another_owner(hello: Application, bob: User) -> None:
    stale = Application.objects.get(pk=hello.pk)
    assert stale.owner.get_username() == "alice"
    hello.transfer(bob)

    with pytest.raises(Conflict, match="alice gave it to somebody else meanwhile"):
        stale.transfer(make_user("rea"))


def test_what_somebody_has_got_meanwhile_is_not_shared_with_them(hello: Application, bob: User) -> None:
    stale = Application.objects.get(pk=hello.pk)
    hello.transfer(bob)

    with pytest.raises(DomainError, match="bob owns it already"):
        stale.share("reader", user=bob)
    assert [str(share) for share in hello.shares.all()] == ["alice, editor"]


@pytest.mark.parametrize("action", ["create", "destroy"])
def test_whoever_has_given_it_away_meanwhile_shares_it_no_more(
    hello: Application, alice: User, bob: User, action: str
) -> None:
    view = ApplicationShareViewSet(request=asked(alice), kwargs={"application": "hello"}, action=action)
    assert view.application.owner == alice
    hello.transfer(bob)

    with pytest.raises(PermissionDenied), view.locked():
        pytest.fail("It is Bob's now.")


def test_whoever_has_given_it_away_meanwhile_does_not_delete_it(hello: Application, alice: User, bob: User) -> None:
    stale = Application.objects.get(pk=hello.pk)
    hello.transfer(bob)

    with pytest.raises(PermissionDenied):
        ApplicationViewSet(request=asked(alice), action="destroy").perform_destroy(stale)
    assert Application.objects.filter(pk=hello.pk).exists()


def test_an_editor_s_unchanged_visibility_does_not_undo_the_owner_s(hello: Application, bob: User) -> None:
    hello.share("editor", user=bob)
    hello.change(visibility="public")
    stale = Application.objects.get(pk=hello.pk)
    hello.change(visibility="private")
    wanted = ApplicationChangeSerializer(stale, data={"name": "New", "visibility": "public"}, partial=True)
    assert wanted.is_valid()

    ApplicationViewSet(request=asked(bob), action="partial_update").perform_update(wanted)

    hello.refresh_from_db()
    assert (hello.name, hello.visibility) == ("New", "private")


def test_a_deletion_of_what_was_deleted_meanwhile_finds_nothing(hello: Application) -> None:
    stale = Application.objects.get(pk=hello.pk)
    hello.delete()

    with pytest.raises(NotThere):
        stale.delete()


def test_a_change_leaves_alone_what_somebody_else_changed_meanwhile(hello: Application, bob: User) -> None:
    stale = Application.objects.get(pk=hello.pk)
    hello.transfer(bob)
    Application.objects.filter(pk=hello.pk).update(visibility="shared")

    stale.change(name="New")

    hello.refresh_from_db()
    assert (hello.name, hello.owner, hello.visibility) == ("New", bob, "shared")


def test_a_change_of_what_was_deleted_meanwhile_finds_nothing(hello: Application) -> None:
    stale = Application.objects.get(pk=hello.pk)
    hello.delete()

    with pytest.raises(NotThere):
        stale.change(name="New")


def test_nobody_shares_with_whom_it_was_given_to_meanwhile(hello: Application, bob: User) -> None:
    stale = Application.objects.get(pk=hello.pk)
    hello.transfer(bob)

    with pytest.raises(DomainError, match="bob owns it already"):
        stale.share("reader", user=bob)


def test_what_was_deleted_meanwhile_cannot_be_deleted_or_published(hello: Application, alice: User) -> None:
    stale = Application.objects.get(pk=hello.pk)
    hello.delete()

    with pytest.raises(NotThere):
        stale.delete()
    with pytest.raises(NotThere):
        stale.publish({**FOLDER, "new": b""}, alice)
    assert not ApplicationVersion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_sharing_and_giving_away_at_the_same_moment_end_in_one_owner_without_a_share() -> None:
    alice, bob = make_user("alice"), make_user("bob")
    for round in range(8):
        pk = make_application(alice, identifier=f"shared-{round}").pk
        Application.objects.get(pk=pk).share("editor", user=bob)

        def step(number: int, pk: int = pk) -> None:
            application = Application.objects.get(pk=pk)
            application.share("reader", user=bob) if number % 2 else application.transfer(bob)

        problems = [found for found in together(step) if found is not None]

        application = Application.objects.get(pk=pk)
        assert application.owner == bob
        assert not application.shares.filter(user=bob).exists()
        assert all(isinstance(problem, DomainError) for problem in problems)


@pytest.mark.django_db(transaction=True)
def test_publishing_and_deleting_at_the_same_moment_leave_no_version_behind() -> None:
    alice = make_user("alice")
    for round in range(8):
        pk = make_application(alice, identifier=f"gone-{round}").pk

        def step(number: int, pk: int = pk) -> None:
            application = Application.objects.filter(pk=pk).first()
            if application is None:
                return
            if number % 2:
                application.publish({**FOLDER, "new": str(number).encode()}, alice)
            else:
                application.delete()

        assert all(found is None or isinstance(found, NotThere) for found in together(step))

    assert not ApplicationVersion.objects.filter(application=None).exists()
    assert not Application.objects.exists()
