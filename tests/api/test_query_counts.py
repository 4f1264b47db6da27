"""Nothing on a request's path grows with the number of rows: the number of queries is pinned."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from applications.archive import pack
from applications.models import Application
from jobscripts.drafts import recipes
from jobscripts.models import JobScript
from tests.factories import FOLDER, make_application, make_cluster, make_script, make_submission, make_sweep, make_user

Counts = Callable[[int], Any]


@pytest.fixture(params=[1, 20], ids=["one row", "twenty rows"])
def rows(request: pytest.FixtureRequest, alice: User) -> int:
    number: int = request.param
    make_cluster()
    application = make_application(alice, identifier="hello")
    for _ in range(number):
        make_submission(alice, make_script(alice, application))
    for place in range(number - 1):
        make_application(alice, name=f"{place}")
    return number


@pytest.mark.parametrize(
    ("url", "queries"),
    [
        # Who asks, and the rows.
        ("/api/applications/", 2),
        ("/api/applications/?search=hello&owner=me&ordering=name", 2),
        ("/api/job-scripts/", 2),
        ("/api/job-scripts/?shared=true&ordering=name&search=hello", 2),
        ("/api/job-submissions/", 2),
        ("/api/job-submissions/?unfinished=true&status=created", 2),
        ("/api/clusters/", 2),
        ("/api/applications/hello/", 2),
        # Who asks, the application, and its versions; of one, its files too.
        ("/api/applications/hello/versions/", 3),
        ("/api/applications/hello/versions/1/", 5),
        ("/api/applications/hello/shares/", 3),
        ("/api/whoami/", 1),
    ],
)
def test_reading(as_alice: APIClient, rows: int, django_assert_num_queries: Counts, url: str, queries: int) -> None:
    with django_assert_num_queries(queries):
        answer = as_alice.get(url)
    assert answer.status_code == 200


def test_reading_as_somebody_it_is_shared_with(
    as_bob: APIClient, bob: User, rows: int, django_assert_num_queries: Counts
) -> None:
    for application in Application.objects.all():
        application.change(visibility="private")
        application.share("reader", user=bob)
    for url in ("/api/applications/", "/api/applications/?tag=cfd", "/api/applications/hello/"):
        with django_assert_num_queries(2):
            assert as_bob.get(url).status_code == 200


def test_getting_one_of_many(as_alice: APIClient, alice: User, rows: int, django_assert_num_queries: Counts) -> None:
    submission = make_submission(alice)
    with django_assert_num_queries(3):
        as_alice.get(f"/api/job-scripts/{submission.job_script_id}/")
    with django_assert_num_queries(2):
        as_alice.get(f"/api/job-submissions/{submission.pk}/")
    with django_assert_num_queries(3):
        as_alice.get(f"/api/job-submissions/{submission.pk}/events/")


def test_rendering_a_version_that_was_rendered_before(
    as_alice: APIClient, rows: int, django_assert_max_num_queries: Counts
) -> None:
    as_alice.post("/api/job-scripts/", {"application": "hello"})
    # Who asks, the application, its version, a savepoint and its end, the script, its files, and the files again.
    with django_assert_max_num_queries(10):
        answer = as_alice.post("/api/job-scripts/", {"application": "hello"})
    assert answer.status_code == 201


def test_publishing_does_not_ask_for_each_file(
    as_alice: APIClient, alice: User, django_assert_max_num_queries: Counts
) -> None:
    recipes.kept.clear()
    files = FOLDER | {f"data/{number}.txt": b"x" for number in range(90)}
    archive = SimpleUploadedFile("a.tar.gz", pack(files))
    with django_assert_max_num_queries(16):
        answer = as_alice.post("/api/applications/", {"name": "Many", "archive": archive}, format="multipart")
    assert answer.status_code == 201


def test_submitting(as_alice: APIClient, alice: User, rows: int, django_assert_max_num_queries: Counts) -> None:
    script = make_script(alice)
    # Who asks, the script, a savepoint and its end, the script once more, locked, its entrypoint, and the submission.
    with django_assert_max_num_queries(7):
        answer = as_alice.post("/api/job-submissions/", {"job_script": script.pk, "via": "login_node"})
    assert answer.status_code == 201


def test_a_report_on_many_is_one_round(as_alice: APIClient, alice: User, django_assert_max_num_queries: Counts) -> None:
    script = make_script(alice)
    reports = []
    for number in range(1, 41):
        submission = make_submission(alice, script)
        submission.record(number, "hilbert")
        reports.append({"id": submission.pk, "slurm_job_id": number, "state": "RUNNING"})
    # On SQLite two statements write these, on PostgreSQL one.
    with django_assert_max_num_queries(7):
        answer = as_alice.post("/api/job-submissions/report/", {"slurm_cluster": "hilbert", "reports": reports})
    assert {row["status"] for row in answer.json()["results"]} == {"running"}


@pytest.mark.parametrize("size", [2, 30])
def test_a_sweep_costs_what_it_costs_however_many_points_it_has(
    as_alice: APIClient, alice: User, django_assert_max_num_queries: Counts, size: int
) -> None:
    make_application(alice, identifier="hello")
    body = {"application": "hello", "grid": {"nodes": list(range(1, size + 1))}}
    # Who asks, application, version, its files twice, a savepoint and its end; sweep, scripts, files; and the states.
    with django_assert_max_num_queries(13):
        number = as_alice.post("/api/sweeps/", body).json()["id"]
    with django_assert_max_num_queries(12):
        made = as_alice.post(f"/api/sweeps/{number}/submit/", {"via": "login_node"}).json()
    assert len(made["submissions"]) == size
    for url in (f"/api/sweeps/{number}/", f"/api/sweeps/{number}/points/", f"/api/sweeps/{number}/points/?status=x"):
        with django_assert_max_num_queries(5):
            assert as_alice.get(url).status_code == 200
    with django_assert_max_num_queries(18):
        assert as_alice.post(f"/api/sweeps/{number}/cancel/").status_code == 200
    with django_assert_max_num_queries(13):
        again = as_alice.post(f"/api/sweeps/{number}/resubmit/", {}).json()
    assert len(again["submissions"]) == size


def test_an_array_costs_what_it_costs_however_many_tasks_it_has(
    as_alice: APIClient, alice: User, django_assert_max_num_queries: Counts
) -> None:
    alike = {"templates/job.sh.j2": b"#!/bin/sh\necho {{ nodes }}\n"}
    sweep = make_sweep(alice, make_application(alice, alike), size=30)
    with django_assert_max_num_queries(20):
        made = as_alice.post(f"/api/sweeps/{sweep.pk}/submit/", {"via": "login_node"}).json()
    assert len(made["submissions"]) == 1
    with django_assert_max_num_queries(5):
        assert len(as_alice.get(f"/api/sweeps/{sweep.pk}/points/").json()["results"]) == 30


def test_archiving_many_scripts_is_one_change(
    as_alice: APIClient, alice: User, bob: User, rows: int, django_assert_num_queries: Counts
) -> None:
    ids = [*JobScript.objects.values_list("pk", flat=True), make_script(bob).pk]
    # Who asks, which of them are theirs, the change, and the rows.
    with django_assert_num_queries(4):
        answer = as_alice.post("/api/job-scripts/bulk/", {"action": "archive", "ids": ids})
    assert len(answer.json()["results"]) == rows


def test_saving_a_file_costs_the_same_beside_many(
    as_alice: APIClient, rows: int, django_assert_num_queries: Counts
) -> None:
    script = JobScript.upload(
        make_user("alice"), {f"{number}.sh": b"#!1" for number in range(rows * 10)}, "0.sh", "Many"
    )
    url = f"/api/job-scripts/{script.pk}/files/new.sh"
    # Who asks, the script, locked by the view and for the change, each with a savepoint and its end, whether it is
    # submitted, what is there, the sizes of all, the old and the new file, the entrypoint, the script; then the script and its files.
    with django_assert_num_queries(17):
        answer = as_alice.generic("PUT", url, b"2")
    assert answer.status_code == 201


@pytest.mark.parametrize("shared", [1, 20])
def test_a_list_of_scripts_is_of_one_s_own_or_of_others_and_never_asks_for_both(
    as_bob: APIClient, bob: User, shared: int
) -> None:
    for _ in range(shared):
        make_script().share("reader", user=bob)
    with CaptureQueriesContext(connection) as captured:
        assert as_bob.get("/api/job-scripts/").json()["results"] == []
        assert len(as_bob.get("/api/job-scripts/?shared=true").json()["results"]) == shared

    own, others = [query["sql"] for query in captured if "job_script" in query["sql"] or "jobscript" in query["sql"]]
    assert "share" not in own
    assert " OR " not in others
    assert " UNION " in others
