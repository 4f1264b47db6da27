"""A request that is sent again, because its answer was lost, makes no second row."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from applications.archive import pack
from applications.models import Application
from jobscripts.models import JobScript
from submissions.models import JobSubmission
from tests.conftest import signed_in
from tests.factories import FOLDER, make_application, make_script, make_user

KEY = {"HTTP_IDEMPOTENCY_KEY": "5cb6e1c8"}


def test_the_same_request_again_gives_the_same_row(as_alice: APIClient, alice: User) -> None:
    make_application(alice, identifier="hello")
    body = {"application": "hello", "answers": {"nodes": 3}}

    first, second = (as_alice.post("/api/job-scripts/", body, **KEY) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert JobScript.objects.count() == 1


def test_an_upload_again_gives_the_same_application(as_alice: APIClient) -> None:
    def send() -> int:
        archive = SimpleUploadedFile("a.tar.gz", pack(FOLDER))
        answer = as_alice.post("/api/applications/", {"name": "A", "archive": archive}, format="multipart", **KEY)
        return int(answer.json()["id"])

    assert send() == send()
    assert Application.objects.count() == 1


def test_another_request_under_the_same_key_is_refused(as_alice: APIClient, alice: User) -> None:
    make_application(alice, identifier="hello")
    as_alice.post("/api/job-scripts/", {"application": "hello"}, **KEY)

    answer = as_alice.post("/api/job-scripts/", {"application": "hello", "name": "Other"}, **KEY)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_reused")


def test_another_person_s_key_is_another_key(as_alice: APIClient, as_bob: APIClient, alice: User) -> None:
    make_application(alice, identifier="hello")

    made = [client.post("/api/job-scripts/", {"application": "hello"}, **KEY) for client in (as_alice, as_bob)]

    assert [answer.json()["owner"] for answer in made] == ["alice", "bob"]


def test_a_key_of_a_refused_request_can_be_used_again(as_alice: APIClient, alice: User) -> None:
    make_application(alice, identifier="hello")
    refused = as_alice.post("/api/job-scripts/", {"application": "hello", "answers": {"nodes": 0}}, **KEY)

    answer = as_alice.post("/api/job-scripts/", {"application": "hello", "answers": {"nodes": 1}}, **KEY)

    assert (refused.status_code, answer.status_code) == (400, 201)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(as_alice: APIClient, alice: User, key: str) -> None:
    answer = as_alice.post("/api/job-submissions/", {"job_script": 1}, HTTP_IDEMPOTENCY_KEY=key)

    assert (answer.status_code, answer.json()["code"]) in ((400, "invalid"), (404, "not_found"))


@pytest.mark.django_db(transaction=True)
def test_of_requests_at_the_same_moment_one_makes_the_row() -> None:
    alice = make_user("alice")
    script = make_script(alice)

    def submit(_: int) -> int:
        body = {"job_script": script.pk, "via": "login_node"}
        try:
            return int(signed_in(alice).post("/api/job-submissions/", body, **KEY).json()["id"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(submit, range(8)))

    assert made == set(JobSubmission.objects.values_list("pk", flat=True))
    assert len(made) == 1
