"""Tags are few, plain words; an application is found by each of them, whatever the database."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from rest_framework.test import APIClient

from applications.models import Application
from applications.tags import normalised
from tests.archives import upload
from tests.factories import FOLDER, make_application

URL = "/api/applications/"


def found(client: APIClient, **query: str) -> list[str]:
    return sorted(row["name"] for row in client.get(URL, query).json()["results"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        (["cfd"], ["cfd"]),
        (["OpenFOAM", "cfd", "CFD", " cfd "], ["cfd", "openfoam"]),
        (["c++", "2d", "a.b_c-d", "0"], ["0", "2d", "a.b_c-d", "c++"]),
        (["x" * 50], ["x" * 50]),
        ([f"t{number:02}" for number in range(20)] * 2, [f"t{number:02}" for number in range(20)]),
    ],
)
def test_the_same_tags_are_always_the_same_list(given: list[str], kept: list[str]) -> None:
    assert normalised(given) == kept


@pytest.mark.parametrize(
    "given",
    [[""], ["-a"], [".a"], ["a b"], ["#a"], ['a"'], ["ä"], ["a\n b"], ["x" * 51], ["a,b"], ["a\0"], [f"t{n}" for n in range(21)]],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_tag_is_refused(given: list[str]) -> None:
    with pytest.raises(ValidationError):
        normalised(given)


@pytest.mark.parametrize(
    "tags",
    [["a b"], "cfd", None, 3, {"a": "b"}, [None], [["a"]], [{}], [True], [""], [f"t{n}" for n in range(21)]],
    ids=str,
)
def test_a_change_with_what_is_no_tag_is_refused_by_name(as_alice: APIClient, alice: User, tags: Any) -> None:
    application = make_application(alice, tags=["kept"])

    answer = as_alice.patch(f"{URL}{application.pk}/", {"tags": tags})

    application.refresh_from_db()
    assert (answer.status_code, list(answer.json()["errors"]), application.tags) == (400, ["tags"], ["kept"])


def test_tags_come_with_an_upload_as_a_repeated_field(as_alice: APIClient) -> None:
    body = {"name": "n", "tags": ["OpenFOAM", "cfd"], "archive": upload(FOLDER)}

    answer = as_alice.post(URL, body, format="multipart")

    assert (answer.status_code, answer.json()["tags"]) == (201, ["cfd", "openfoam"])


def test_an_upload_with_what_is_no_tag_makes_nothing(as_alice: APIClient) -> None:
    answer = as_alice.post(URL, {"name": "n", "tags": ["a b"], "archive": upload(FOLDER)}, format="multipart")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["tags"])
    assert not Application.objects.exists()


def test_tags_are_replaced_and_taken_away(as_alice: APIClient, alice: User) -> None:
    application = make_application(alice, tags=["old"])
    url = f"{URL}{application.pk}/"

    assert as_alice.patch(url, {"tags": ["New", "b"]}).json()["tags"] == ["b", "new"]
    assert as_alice.patch(url, {"name": "n"}).json()["tags"] == ["b", "new"]
    assert as_alice.patch(url, {"tags": []}).json()["tags"] == []
    assert found(as_alice, search="new") == []


def test_a_clone_has_the_tags_of_the_original_or_its_own(as_bob: APIClient, alice: User) -> None:
    application = make_application(alice, tags=["cfd"])
    url = f"{URL}{application.pk}/clone/"

    assert [as_bob.post(url, body).json()["tags"] for body in ({}, {"tags": ["mine"]}, {"tags": []})] == [
        ["cfd"], ["mine"], [],
    ]  # fmt: skip


@pytest.fixture
def catalogue(alice: User) -> None:
    make_application(alice, name="tagged", tags=["cfd", "c++"])
    make_application(alice, name="longer", tags=["cfd-2d"])
    make_application(alice, name="written of", description="All of #cfd and #c_d.", tags=["other"])
    make_application(alice, name="underscored", tags=["c_d"])
    make_application(alice, name="no tags")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"tag": "cfd"}, ["tagged"]),
        ({"tag": "CFD"}, ["tagged"]),
        ({"tag": "c++"}, ["tagged"]),
        ({"tag": "c_d"}, ["underscored"]),
        ({"tag": "cf"}, []),
        ({"tag": "cfd-2d"}, ["longer"]),
        ({"tag": "cfd", "search": "c++"}, ["tagged"]),
        ({"tag": "cfd", "owner": "me"}, ["tagged"]),
        ({"search": "#cfd"}, ["longer", "tagged", "written of"]),
        ({"search": "cfd"}, ["longer", "tagged", "written of"]),
        ({"search": "#cfd tagged"}, ["tagged"]),
    ],
    ids=str,
)
def test_applications_are_found_by_their_tags(
    catalogue: None, as_alice: APIClient, query: dict[str, str], names: list[str]
) -> None:
    assert found(as_alice, **query) == names


@pytest.mark.parametrize("tag", ["a b", "#cfd", '"', 'cfd", "x', "%", "x" * 51])
def test_a_filter_with_what_is_no_tag_is_refused_by_name(as_alice: APIClient, tag: str) -> None:
    answer = as_alice.get(URL, {"tag": tag})

    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, "invalid", ["tag"])


def test_a_list_by_tag_is_two_queries(catalogue: None, as_alice: APIClient, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        as_alice.get(URL, {"tag": "cfd"})


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the index is PostgreSQL's")
def test_the_index_of_words_finds_tags(catalogue: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Application.objects.tagged("cfd").order_by().explain()

    assert "applications_application_search" in plan
    assert "Seq Scan" not in plan
