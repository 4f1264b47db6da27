"""An earlier version's content becomes the newest, as a version of its own; nothing is rewritten."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from applications.models import Application
from tests.factories import FOLDER, make_application

MORE, LESS = {**FOLDER, "more.txt": b"1"}, {**FOLDER, "less.txt": b"0"}


@pytest.fixture
def hello(alice: User) -> Application:
    """Three versions: FOLDER, MORE, LESS."""
    application = make_application(alice, identifier="hello")
    for files in (MORE, LESS):
        application.publish(files, alice)
    return application


def restored(client: APIClient, number: object, body: Any = None) -> Any:
    return client.post(f"/api/applications/hello/versions/{number}/restore/", body)


def test_what_a_version_holds_becomes_the_newest(hello: Application, as_alice: APIClient) -> None:
    answer = restored(as_alice, 2, {})

    row = answer.json()
    assert (answer.status_code, row["number"], row["note"], row["created_by"]) == (
        201,
        4,
        "Restores version 2.",
        "alice",
    )
    hello.refresh_from_db()
    assert (hello.latest_version, hello.version().read_files()) == (4, MORE)
    assert [version.read_files() for version in hello.versions.order_by("number")] == [FOLDER, MORE, LESS, MORE]


def test_a_note_of_one_s_own_is_kept(hello: Application, as_alice: APIClient) -> None:
    assert restored(as_alice, 1, {"note": "Back to simple."}).json()["note"] == "Back to simple."


def test_no_body_is_needed(hello: Application, as_alice: APIClient) -> None:
    assert restored(as_alice, 1).status_code == 201


@pytest.mark.parametrize("number", [3, "latest"])
def test_the_newest_is_restored_already(hello: Application, as_alice: APIClient, number: object) -> None:
    answer = restored(as_alice, number, {"note": "again"})

    assert (answer.status_code, answer.json()["number"], answer.json()["note"]) == (200, 3, "")
    assert hello.versions.count() == 3


def test_what_is_restored_twice_is_one_version_more(hello: Application, as_alice: APIClient) -> None:
    first, second = restored(as_alice, 1), restored(as_alice, 1)

    assert (first.status_code, second.status_code, second.json()["number"]) == (201, 200, 4)


def test_a_captured_form_comes_back_with_its_program(as_alice: APIClient, alice: User) -> None:
    form = {"captured": True, "multi_step": True, "questions": [{"variable": "n", "type": "integer", "message": "?"}]}
    program = {"jobbergate.yaml": b"a: 1", "jobbergate.py": b""}
    application = Application.create(program, alice, form, name="P", identifier="hello")
    application.publish(FOLDER, alice)

    assert restored(as_alice, 1).json()["form"] == form


@pytest.mark.parametrize("number", [4, 0, "99999999999", "x"])
def test_a_version_that_is_not_there_is_not_restored(hello: Application, as_alice: APIClient, number: object) -> None:
    assert restored(as_alice, number).status_code == 404


@pytest.mark.parametrize("body", [{"note": None}, {"note": ["x"]}, {"note": "x" * 10_001}, [1]])
def test_a_note_that_cannot_be_kept_is_refused(hello: Application, as_alice: APIClient, body: Any) -> None:
    assert restored(as_alice, 1, body).status_code == 400
    assert hello.versions.count() == 3
