"""Every route, for everybody: who may not see a thing is told that there is none, who may not change it is refused.

The table is held to the OpenAPI document: a new operation without a row here fails.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from applications.archive import pack
from applications.models import ApplicationShare
from jobscripts.models import JobScriptShare
from jobscripts.sweeps import Sweep
from submissions.clusters import Cluster
from submissions.models import JobSubmission
from submissions.wishes import Wish
from tests.conftest import signed_in
from tests.factories import FOLDER, make_application, make_cluster, make_script, make_submission, make_sweep, make_user

# What is asked of Alice's private things: (method, path) → (body, Bob, Alice, Carol). Without a token all is a 401.
APPLICATION, SCRIPT, SUBMISSION = "/api/applications/{id}/", "/api/job-scripts/{id}/", "/api/job-submissions/{id}/"
SWEEP = "/api/sweeps/{id}/"
FILE = "/api/job-scripts/{script}/files/{path}/"
TABLE: dict[tuple[str, str], tuple[Any, int, int, int]] = {
    ("get", "/api/applications/"): (None, 200, 200, 200),
    ("post", "/api/applications/"): ("archive", 201, 201, 201),
    ("post", "/api/applications/check/"): ("archive", 200, 200, 200),
    ("get", APPLICATION): (None, 404, 200, 200),
    ("patch", APPLICATION): ({"name": "New"}, 404, 200, 200),
    ("delete", APPLICATION): (None, 404, 204, 204),
    ("post", APPLICATION + "clone/"): ({}, 404, 201, 201),
    ("post", APPLICATION + "transfer/"): ({"owner": "carol"}, 404, 200, 200),
    ("get", "/api/applications/{application}/shares/"): (None, 404, 200, 200),
    ("post", "/api/applications/{application}/shares/"): ({"user": "carol"}, 404, 201, 201),
    ("delete", "/api/applications/{application}/shares/{id}/"): ("share", 404, 204, 204),
    ("get", "/api/applications/{application}/versions/"): (None, 404, 200, 200),
    ("post", "/api/applications/{application}/versions/"): ("archive", 404, 201, 201),
    ("get", "/api/applications/{application}/versions/{number}/"): (None, 404, 200, 200),
    ("get", "/api/applications/{application}/versions/{number}/archive/"): (None, 404, 200, 200),
    ("get", "/api/applications/{application}/versions/{number}/schema/"): (None, 404, 200, 200),
    ("post", "/api/applications/{application}/versions/{number}/restore/"): ({}, 404, 200, 200),
    ("get", "/api/job-scripts/"): (None, 200, 200, 200),
    ("post", "/api/job-scripts/"): ({"application": "hidden"}, 404, 201, 201),
    ("post", "/api/job-scripts/preview/"): ({"application": "hidden"}, 404, 200, 200),
    ("post", "/api/job-scripts/check/"): ({"content": ""}, 200, 200, 200),
    ("get", SCRIPT): (None, 404, 200, 200),
    ("patch", SCRIPT): ({"name": "New"}, 404, 200, 200),
    ("delete", SCRIPT): (None, 404, 409, 409),
    ("post", SCRIPT + "check/"): ({}, 404, 200, 200),
    ("post", SCRIPT + "clone/"): ({}, 404, 201, 201),
    ("post", SCRIPT + "rerun/"): ({}, 404, 201, 201),
    ("get", SCRIPT + "archive/"): (None, 404, 200, 200),
    ("post", "/api/job-scripts/bulk/"): ("bulk", 200, 200, 200),
    ("get", FILE): (None, 404, 200, 200),
    ("put", FILE): ("a file", 404, 409, 409),
    ("patch", FILE): ({"path": "new"}, 404, 409, 409),
    ("delete", FILE): (None, 404, 409, 409),
    ("get", "/api/job-scripts/{script}/shares/"): (None, 404, 200, 200),
    ("post", "/api/job-scripts/{script}/shares/"): ({"user": "carol"}, 404, 201, 201),
    ("delete", "/api/job-scripts/{script}/shares/{id}/"): ("share of a script", 404, 204, 204),
    ("get", "/api/sweeps/"): (None, 200, 200, 200),
    ("post", "/api/sweeps/"): ({"application": "hidden", "grid": {"nodes": [1]}}, 404, 201, 201),
    ("get", SWEEP): (None, 404, 200, 200),
    ("patch", SWEEP): ({"name": "New"}, 404, 200, 200),
    ("delete", SWEEP): (None, 404, 204, 204),
    ("post", SWEEP + "submit/"): ({"via": "login_node"}, 404, 200, 200),
    ("post", SWEEP + "cancel/"): (None, 404, 409, 409),
    ("post", SWEEP + "resubmit/"): ({}, 404, 200, 200),
    ("get", "/api/sweeps/{sweep}/points/"): (None, 404, 200, 200),
    ("get", "/api/job-submissions/"): (None, 200, 200, 200),
    ("post", "/api/job-submissions/"): ("script", 404, 201, 201),
    ("post", "/api/job-submissions/cancel/"): ("ids", 200, 200, 200),
    ("post", "/api/job-submissions/report/"): ({"slurm_cluster": "c", "reports": []}, 200, 200, 200),
    ("get", SUBMISSION): (None, 404, 200, 200),
    ("patch", SUBMISSION): ({"name": "New"}, 404, 200, 200),
    ("delete", SUBMISSION): (None, 404, 204, 204),
    ("post", SUBMISSION + "lease/"): ({"holder": "h/1/2"}, 404, 200, 200),
    ("post", SUBMISSION + "record/"): ({"slurm_job_id": 7, "slurm_cluster": "c"}, 404, 200, 200),
    ("post", SUBMISSION + "reject/"): ({"reason": "no"}, 404, 200, 200),
    ("post", SUBMISSION + "cancel/"): (None, 404, 200, 200),
    ("post", SUBMISSION + "resubmit/"): ({}, 404, 201, 201),
    ("get", SUBMISSION + "events/"): (None, 404, 200, 200),
    # Slurm has no job for it.
    ("post", SUBMISSION + "hold/"): (None, 404, 409, 409),
    ("post", SUBMISSION + "release/"): (None, 404, 409, 409),
    ("post", SUBMISSION + "requeue/"): (None, 404, 409, 409),
    ("post", SUBMISSION + "log/"): ({"stream": "stdout"}, 404, 409, 409),
    ("get", SUBMISSION + "wishes/{wish}/"): (None, 404, 200, 200),
    ("get", "/api/clusters/"): (None, 200, 200, 200),
    ("get", "/api/clusters/{name}/"): (None, 200, 200, 200),
    ("post", "/api/clusters/{name}/sync/"): ({"holder": "h/1/2"}, 200, 200, 200),
    ("get", "/api/whoami/"): (None, 200, 200, 200),
}
WITHOUT_TOKEN = {
    "/api-auth-token/",
    "/api-auth-token/refresh/",
    "/api-auth-token/revoke/",
    "/api/jobbergate.schema.json",
}


@pytest.fixture
def hidden(alice: User) -> JobSubmission:
    make_cluster()
    application = make_application(alice, visibility="private", identifier="hidden")
    # Dora edits it; nothing of hers is anybody else's.
    application.share("editor", user=make_user("dora"))
    make_sweep(alice, application)
    script = make_script(alice, application)
    script.share("editor", user=make_user("dora"))
    submission = make_submission(alice, script)
    Wish.objects.create(submission=submission, cluster=Cluster.objects.get(), owner=alice, action="hold")
    return submission


def routes() -> Iterator[tuple[str, str]]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for path, operations in schema["paths"].items():
        yield from ((method, path) for method in operations if path not in WITHOUT_TOKEN)


def ask(client: APIClient, method: str, path: str, wanted: Any, hidden: JobSubmission) -> int:
    ids = {"applications": hidden.job_script.version.application_id, "job-scripts": hidden.job_script_id}  # type: ignore[union-attr]
    sweep = Sweep.objects.filter(owner=hidden.owner).values_list("pk", flat=True).first()
    ids["sweeps"] = sweep or 0
    number = ids.get(path.split("/")[2], hidden.pk)
    if isinstance(wanted, str) and wanted.startswith("share"):
        number = (ApplicationShare if wanted == "share" else JobScriptShare).objects.get().pk
    places = {"application": "hidden", "script": hidden.job_script_id, "number": "latest", "name": "hilbert"}
    wish = Wish.objects.values_list("pk", flat=True).first()
    url = path.format(id=number, path="job.sh", sweep=sweep, wish=wish, **places)
    body = {
        "script": {"job_script": hidden.job_script_id, "via": "login_node"},
        "ids": {"ids": [hidden.pk]},
        "bulk": {"action": "archive", "ids": [hidden.job_script_id]},
        "share": None,
        "share of a script": None,
    }
    if wanted == "archive":
        files = FOLDER | {"more.txt": b"more"}
        data = {"name": "Mine", "archive": SimpleUploadedFile("a.tar.gz", pack(files))}
        return int(getattr(client, method)(url, data, format="multipart").status_code)
    if wanted == "a file":
        return int(client.generic("PUT", url, b"#!/bin/bash\n", content_type="text/x-sh").status_code)
    data = body.get(wanted, wanted) if isinstance(wanted, str) else wanted
    return int(getattr(client, method)(url, data).status_code)


def test_the_table_has_every_operation_of_the_api(db: None) -> None:
    assert set(routes()) == set(TABLE)


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_what_everybody_may_do(hidden: JobSubmission, bob: User, carol: User, method: str, path: str) -> None:
    wanted, *expected = TABLE[method, path]

    # Bob first: what is his to do must leave Alice's things alone, so that hers is still there to ask for.
    assert ask(APIClient(), method, path, wanted, hidden) == 401
    assert ask(signed_in(bob), method, path, wanted, hidden) == expected[0]
    who = {hidden.owner: expected[1]}
    assert {user: ask(signed_in(user), method, path, wanted, hidden) for user in who} == who


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_staff_may_do_what_the_owner_may(hidden: JobSubmission, carol: User, method: str, path: str) -> None:
    wanted, *_, expected = TABLE[method, path]

    assert ask(signed_in(carol), method, path, wanted, hidden) == expected


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "/api/applications/{id}/", {"name": "Taken over"}),
        ("delete", "/api/applications/{id}/", None),
        ("post", "/api/applications/{id}/versions/", "archive"),
    ],
)
def test_a_public_application_is_seen_by_all_and_changed_by_its_owner(
    alice: User, as_bob: APIClient, method: str, path: str, body: Any
) -> None:
    application = make_application(alice)
    url = path.format(id=application.pk)
    data = {"archive": SimpleUploadedFile("a.tar.gz", pack(FOLDER))} if body == "archive" else body

    seen = as_bob.get(f"/api/applications/{application.pk}/")
    answer = getattr(as_bob, method)(url, data, format="multipart" if body == "archive" else "json")

    assert seen.status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_a_cancel_of_somebody_else_s_submission_finds_none(hidden: JobSubmission, as_bob: APIClient) -> None:
    answer = as_bob.post("/api/job-submissions/cancel/", {"ids": [hidden.pk]})

    assert answer.json() == {"results": [], "errors": {str(hidden.pk): "Not found."}, "left": 0}
    hidden.refresh_from_db()
    assert hidden.status == "created"


def test_a_report_on_somebody_else_s_submission_changes_nothing(hidden: JobSubmission, as_bob: APIClient) -> None:
    hidden.record(7, "c")
    reports = [{"id": hidden.pk, "slurm_job_id": 7, "state": "FAILED"}]

    answer = as_bob.post("/api/job-submissions/report/", {"slurm_cluster": "c", "reports": reports})

    assert answer.json() == {"results": [], "ignored": [hidden.pk]}
    hidden.refresh_from_db()
    assert hidden.status == "pending"


def test_a_deactivated_person_is_refused_at_once(alice: User) -> None:
    client = signed_in(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    answer = client.get("/api/whoami/")

    assert (answer.status_code, answer.json()["code"]) == (401, "user_inactive")


def test_a_new_password_ends_the_tokens_of_the_old_one(alice: User) -> None:
    client = signed_in(alice)
    alice.set_password("another one")
    alice.save()

    assert client.get("/api/whoami/").status_code == 401
