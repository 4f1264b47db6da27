"""`jobbergate applications share`, `unshare`, `shares` and `transfer`, at the real server."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from applications.models import Application
from tests.cli.conftest import Jobbergate
from tests.cli.terminal import at_a_terminal
from tests.factories import make_application, make_user


@pytest.fixture
def hello(alice: User, bob: User) -> Application:
    Group.objects.create(name="cfd")
    return make_application(alice, identifier="hello", name="Hello", visibility="private")


def shares(application: Application) -> list[str]:
    return [str(share) for share in application.shares.all()]


def test_an_application_is_shared_with_people_and_groups(by_alice: Jobbergate, hello: Application) -> None:
    make_user("eve")

    words = ["--user", "bob", "--user", "eve", "--group", "cfd"]
    result = by_alice("applications", "share", "hello", *words, "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert result.stderr == "It was private; it is shared now.\n"
    assert [(row["user"], row["group"], row["role"]) for row in json.loads(result.stdout)] == [
        ("bob", None, "reader"), ("eve", None, "reader"), (None, "cfd", "reader"),
    ]  # fmt: skip
    hello.refresh_from_db()
    assert hello.visibility == "shared"


def test_an_editor_of_a_private_application_leaves_it_private(by_alice: Jobbergate, hello: Application) -> None:
    result = by_alice("applications", "share", "hello", "--user", "bob", "--editor")

    hello.refresh_from_db()
    assert (result.exit_code, result.stderr) == (0, "")
    assert (shares(hello), hello.visibility) == (["bob, editor"], "private")


def test_a_reader_of_a_public_application_is_told_to_be_none(by_alice: Jobbergate, hello: Application) -> None:
    hello.change(visibility="public")

    result = by_alice("applications", "share", "hello", "--user", "bob")

    assert result.stderr == "It is public: everybody who is signed in sees it anyway.\n"


def test_shares_are_listed(by_alice: Jobbergate, hello: Application) -> None:
    none = by_alice("applications", "shares", "hello")
    hello.share("editor", group=Group.objects.get())

    table = by_alice("applications", "shares", "hello")

    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "It is shared with nobody.\n")
    assert table.stdout.splitlines()[0].split() == ["id", "user", "group", "role", "created"]
    assert "cfd" in table.stdout


def test_a_share_is_taken_away(by_alice: Jobbergate, hello: Application, bob: User) -> None:
    hello.share("reader", user=bob)
    hello.share("reader", group=Group.objects.get())

    result = by_alice("applications", "unshare", "hello", "--user", "bob", "--group", "cfd", "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert result.stderr == "It is not shared with bob any more.\nIt is not shared with cfd any more.\n"
    assert [row["deleted"] for row in json.loads(result.stdout)] == [True, True]
    assert shares(hello) == []


def test_of_several_none_is_taken_away_where_one_is_not_there(
    by_alice: Jobbergate, hello: Application, bob: User
) -> None:
    hello.share("reader", user=bob)

    result = by_alice("applications", "unshare", "hello", "--user", "bob", "--user", "eve")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: It is not shared with the user eve; ")
    assert shares(hello) == ["bob, reader"]


@pytest.mark.parametrize("verb", ["share", "unshare"])
def test_with_whom_has_to_be_said(by_alice: Jobbergate, hello: Application, verb: str) -> None:
    result = by_alice("applications", verb, "hello")

    assert (result.exit_code, result.stderr) == (2, "Error: Say with whom: --user USERNAME or --group GROUP.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["share", "hello", "--user", "nobody"], "There is no active account 'nobody'"),
        (["share", "hello", "--group", "none"], "There is no group 'none'"),
        (["transfer", "hello", "nobody", "--yes"], "There is no active account 'nobody'"),
        (["shares", "his"], "Only its owner, its editors and staff may change this."),
        (["share", "his", "--user", "alice"], "Only its owner and staff may do this."),
        (["transfer", "his", "alice", "--yes"], "Only its owner and staff may do this."),
        (["share", "secret", "--user", "alice"], "Not found."),
    ],
    ids=" ".join,
)
def test_a_refusal_is_one_sentence(
    by_alice: Jobbergate, hello: Application, bob: User, words: list[str], sentence: str
) -> None:
    make_application(bob, identifier="his")
    make_application(bob, identifier="secret", visibility="private")

    result = by_alice("applications", *words)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {sentence}")
    assert result.stderr.count("\n") == 1


def test_a_transfer_makes_the_former_owner_an_editor(by_alice: Jobbergate, hello: Application, bob: User) -> None:
    result = by_alice("applications", "transfer", "hello", "bob", "--yes", "-o", "json")

    hello.refresh_from_db()
    assert (result.exit_code, json.loads(result.stdout)["owner"]) == (0, "bob")
    assert (hello.owner, shares(hello)) == (bob, ["alice, editor"])


def test_a_transfer_that_nobody_can_be_asked_about_is_wrong_usage(by_alice: Jobbergate, hello: Application) -> None:
    result = by_alice("applications", "transfer", "hello", "bob")

    hello.refresh_from_db()
    assert (result.exit_code, result.stderr) == (2, "Error: Nobody can be asked here; --yes goes on without.\n")
    assert hello.owner.get_username() == "alice"


@pytest.mark.usefixtures("by_alice")
@pytest.mark.parametrize(("typed", "code", "owner"), [("y\n", 0, "bob"), ("\n", 130, "alice"), ("n\n", 130, "alice")])
def test_a_transfer_is_asked_about_at_a_terminal(hello: Application, typed: str, code: int, owner: str) -> None:
    shown, exit_code = at_a_terminal(["applications", "transfer", "hello", "bob"], [("Go on?", typed)])

    hello.refresh_from_db()
    assert "Hello (of alice) goes to bob, and only they can give it back." in shown
    assert (exit_code, hello.owner.get_username()) == (code, owner)


def test_an_editor_publishes_and_a_reader_does_not(by_alice: Jobbergate, bob: User, tmp_path: Any) -> None:
    from tests.cli.test_applications import write_folder
    from tests.factories import FOLDER

    folder = write_folder(tmp_path / "folder", {**FOLDER, "more": b"1"})
    for role in ("reader", "editor"):
        make_application(bob, identifier=role, visibility="private").share(
            role, user=User.objects.get(username="alice")
        )

    codes = {role: by_alice("applications", "update", role, folder).exit_code for role in ("reader", "editor")}

    assert codes == {"reader": 1, "editor": 0}


def test_a_name_cannot_forge_lines_of_the_confirmation(by_alice: Jobbergate, hello: Application) -> None:
    hello.change(name="Hello\n(of bob) goes to alice")

    talk, _ = at_a_terminal(["applications", "transfer", "hello", "bob"], [("[y/N]", "n\n")])

    assert "Hello (of bob) goes to alice (of alice) goes to bob, and only they can give it back." in talk


def test_what_was_shared_before_a_refusal_is_told(by_alice: Jobbergate, hello: Application) -> None:
    words = ["--user", "bob", "--user", "nobody", "--group", "cfd"]
    result = by_alice("applications", "share", "hello", *words, "-o", "json")

    assert result.exit_code == 1
    assert [row["user"] for row in json.loads(result.stdout)] == ["bob"]
    assert result.stderr.startswith("It was private; it is shared now.\nError: ")
    assert "nobody" in result.stderr
    assert shares(hello) == ["bob, reader"]
