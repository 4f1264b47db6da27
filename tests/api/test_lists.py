"""Lists: keyset pages in every order, words, filters, and what is refused."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from applications.models import Application
from tests.factories import make_application, make_submission

URL = "/api/applications/"


def make_many(owner: User, names: str) -> list[Application]:
    return [make_application(owner, name=name) for name in names]


def walk(client: APIClient, url: str, link: str) -> list[list[int]]:
    """The ids of each page that `next` or `previous` leads to."""
    pages = []
    while url:
        answer = client.get(url).json()
        pages.append([row["id"] for row in answer["results"]])
        url = answer[link]
    return pages


@pytest.mark.parametrize("ordering", ["id", "-id", "name", "-name", "updated_at", "-updated_at"])
def test_pages_forwards_and_backwards_are_the_whole_list(as_alice: APIClient, alice: User, ordering: str) -> None:
    made = make_many(alice, "bababcc")
    Application.objects.filter(pk__in=[made[1].pk, made[2].pk]).update(updated_at=made[0].updated_at)
    field, sign = ordering.lstrip("-"), -1 if ordering.startswith("-") else 1
    rows = list(Application.objects.values_list(field, "pk"))
    expected = [pk for _, pk in sorted(rows)][::sign]

    forwards = walk(as_alice, f"{URL}?limit=2&ordering={ordering}", "next")
    last = as_alice.get(f"{URL}?limit=2&ordering={ordering}").json()
    while last["next"]:
        last = as_alice.get(last["next"]).json()
    backwards = walk(as_alice, last["previous"], "previous")

    assert [pk for page in forwards for pk in page] == expected
    assert [pk for page in reversed(backwards) for pk in page] == expected[: -len(forwards[-1])]


def test_a_row_that_comes_meanwhile_moves_no_other(as_alice: APIClient, alice: User) -> None:
    made = make_many(alice, "abcd")
    first = as_alice.get(f"{URL}?limit=2").json()
    make_application(alice, name="new")

    second = as_alice.get(first["next"]).json()

    assert [row["id"] for row in second["results"]] == [made[1].pk, made[0].pk]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("heat", ["Heat equation"]),
        ("EQUATION heat", ["Heat equation"]),
        ("heat wave", []),
        ("übung", ["Übung 100%"]),
        ("100%", ["Übung 100%"]),
        ("%", ["Übung 100%"]),
        ("_", []),
        ("\\", []),
        ("diffusion", ["Heat equation"]),
        ("he-1", ["Heat equation"]),
    ],
)
def test_a_search_finds_rows_that_have_all_words(as_alice: APIClient, alice: User, text: str, found: list[str]) -> None:
    make_application(alice, name="Heat equation", description="A diffusion.", identifier="he-1")
    make_application(alice, name="Übung 100%")

    answer = as_alice.get(URL, {"search": text})

    assert [row["name"] for row in answer.json()["results"]] == found


def test_a_changed_name_is_found_and_the_old_one_is_not(as_alice: APIClient, alice: User) -> None:
    application = make_application(alice, name="Before")

    as_alice.patch(f"{URL}{application.pk}/", {"name": "After"})

    assert [len(as_alice.get(URL, {"search": text}).json()["results"]) for text in ("after", "before")] == [1, 0]


def test_archived_rows_are_shown_on_demand_alone(as_alice: APIClient, alice: User) -> None:
    kept, archived = make_application(alice, name="a"), make_application(alice, name="b", is_archived=True)

    shown = [[row["id"] for row in as_alice.get(URL + query).json()["results"]] for query in ("", "?archived=true")]

    assert shown == [[kept.pk], [archived.pk]]
    assert as_alice.get(f"{URL}{archived.pk}/").status_code == 200


def test_owner_me_is_mine_alone(as_bob: APIClient, alice: User, bob: User) -> None:
    make_application(alice)
    mine = make_application(bob)

    assert [row["id"] for row in as_bob.get(URL, {"owner": "me"}).json()["results"]] == [mine.pk]
    assert [row["owner"] for row in as_bob.get(URL, {"owner": "alice"}).json()["results"]] == ["alice"]


def test_submissions_are_filtered_by_what_slurm_said(as_alice: APIClient, alice: User) -> None:
    waiting, done = make_submission(alice), make_submission(alice)
    done.record(77, "hilbert")
    url = "/api/job-submissions/"

    def found(**filters: Any) -> list[int]:
        return [row["id"] for row in as_alice.get(url, filters).json()["results"]]

    assert found(status="pending,running") == [done.pk]
    assert found(slurm_job_id=77, slurm_cluster="hilbert") == [done.pk]
    assert found(unfinished="true") == [done.pk, waiting.pk]
    assert found(unfinished="false") == []
    assert found(job_script=waiting.job_script_id) == [waiting.pk]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("ordering=description", "ordering"),
        ("ordering=name,id", "ordering"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WzEsMiwzLDRd", "cursor"),
        ("onwer=me", "onwer"),
        ("archived=perhaps", "archived"),
        ("visibility=secret", "visibility"),
        ("search=%00", "search"),
        ("search=a+b+c+d+e+f+g+h+i+j+k", "search"),
    ],
)
def test_what_no_list_understands_is_refused_by_name(as_alice: APIClient, query: str, field: str) -> None:
    answer = as_alice.get(f"{URL}?{query}")

    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, "invalid", [field])


@pytest.mark.parametrize("rows", ["versions", "shares"])
@pytest.mark.parametrize("query", ["note=finer", "search=finer", "archived=true"])
def test_rows_of_an_application_know_no_filters(as_alice: APIClient, alice: User, rows: str, query: str) -> None:
    make_application(alice, identifier="hello")

    answer = as_alice.get(f"/api/applications/hello/{rows}/?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.partition("=")[0]])
    assert as_alice.get(f"/api/applications/hello/{rows}/?limit=1").status_code == 200


def test_a_cursor_of_another_order_is_refused(as_alice: APIClient, alice: User) -> None:
    make_many(alice, "abc")
    link = as_alice.get(f"{URL}?limit=1&ordering=name").json()["next"]

    answer = as_alice.get(link.replace("ordering=name", "ordering=-name"))

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["cursor"])


@pytest.mark.parametrize("id", ["0", "99999999999999999999999", "-1", "x y", "%00"])
def test_an_id_that_cannot_be_is_not_found(as_alice: APIClient, id: str) -> None:
    for noun in ("applications", "job-scripts", "job-submissions"):
        assert as_alice.get(f"/api/{noun}/{id}/").status_code == 404
