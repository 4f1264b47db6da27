"""docs/api.md has every path and every word for an error, and its requests are answered as it says."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT
from django.utils.timezone import now
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from applications.models import ApplicationShare
from cli.folder import pack, read_folder
from jobbergate.core.errors import DomainError
from jobscripts import points, sweeping
from jobscripts.models import JobScript, JobScriptShare
from jobscripts.sweeps import Sweep
from submissions.clusters import Cluster
from submissions.models import JobSubmission
from submissions.wishes import Wish
from tests.docs.pages import DOCS, blocks, cells
from tests.examples.conftest import EXAMPLES, publish
from tests.factories import make_cluster, make_user

PAGE = DOCS / "api.md"
HOST = "https://jobbergate.example.org"


@dataclass
class Request:
    """One `curl`, read."""

    method: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    form: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, words: list[str]) -> "Request":
        request, left = cls(), words[1:]
        while left:
            word = left.pop(0)
            if word == "-X":
                request.method = left.pop(0)
            elif word == "-H":
                name, _, value = left.pop(0).partition(": ")
                request.headers[name] = value
            elif word in ("-d", "--data-binary"):
                request.body = left.pop(0)
            elif word == "-F":
                name, _, value = left.pop(0).partition("=")
                request.form[name] = value
            elif word == "-o":
                left.pop(0)
            else:
                request.path = word.removeprefix(HOST)
        request.method = request.method or ("POST" if request.body or request.form else "GET")
        return request


def requests(refresh: str, token: str) -> Iterator[Request]:
    values = {"api": HOST, "refresh": refresh, "token": token}
    for block in blocks(PAGE):
        text = re.sub(r"\$(\w+)", lambda found: values[found[1]], block.text.replace("\\\n", " "))
        for line in text.splitlines() if block.language == "sh" else ():
            if line.startswith("curl"):
                yield Request.read(shlex.split(line))


def send(client: APIClient, request: Request, files: dict[str, bytes]) -> Any:
    headers = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in request.headers.items()}
    sent = {name: headers[name] for name in headers if name != "HTTP_CONTENT_TYPE"}
    if not request.form:
        kind = request.headers.get("Content-Type", "application/json")
        body = files[request.body[1:]] if request.body.startswith("@") else request.body.encode()
        return client.generic(request.method, request.path, body, content_type=kind, **sent)
    data = {
        name: SimpleUploadedFile(value[1:], files[value[1:]]) if value.startswith("@") else value
        for name, value in request.form.items()
    }
    body = client._encode_data(data, "multipart")[0]
    return client.generic(request.method, request.path, body, content_type=MULTIPART_CONTENT, **sent)


@pytest.fixture
def rows(alice: User) -> None:
    """What the page's examples name."""
    alice.set_password("correct horse")
    alice.save()
    publish("estimate-pi", alice)
    make_cluster("hilbert")
    ApplicationShare.objects.create(pk=55, application=alice.applications.get(), user=make_user("bob"))
    Group.objects.create(name="cfd")
    for number in (345, 346):
        script = JobScript.upload(alice, {"job.sh": b"#!/bin/bash\ntrue\n"}, "", "By hand")
        # As if rendered from the example, so that it can be cloned with other answers; under the page's id.
        JobScript.objects.filter(pk=script.pk).update(id=number, version=alice.applications.get().version())
        script.files.update(script_id=number)
    other = JobScript.objects.create(pk=347, owner=alice, name="Another", entrypoint="job.sh")
    other.add({"job.sh": b"#!/bin/bash\ntrue\n"})
    for number in (12, 13):
        grid = points.grid({"samples": [1000, 2000]})
        sweep = sweeping.render(alice, alice.applications.get().version(), grid, {})
        Sweep.objects.filter(pk=sweep.pk).update(id=number)
        JobScript.objects.filter(sweep=sweep.pk).update(sweep=number)
    JobScriptShare.objects.create(pk=56, script_id=346, user=make_user("bob"))
    for number in range(901, 906):
        submission = JobSubmission.create(alice, other)
        JobSubmission.objects.filter(pk=submission.pk).update(id=number, created_at=now())
    running = JobSubmission.create(alice, other, cluster=Cluster.objects.get(), slurm_job_id=4712)
    JobSubmission.objects.filter(pk=running.pk).update(id=906)
    Wish.objects.create(pk=31, submission_id=906, cluster=Cluster.objects.get(), owner=alice, action="log")


def test_every_request_is_answered_with_success(rows: None, alice: User) -> None:
    tokens = RefreshToken.for_user(alice)
    files = {"pi.tar.gz": pack(read_folder(EXAMPLES / "estimate-pi")), "job.sh": b"#!/bin/bash\ntrue\n"}

    answers = []
    for request in requests(str(tokens), str(tokens.access_token)):
        answer = send(APIClient(), request, files)
        answers.append((f"{request.method} {request.path}", answer.status_code, answer.getvalue()))

    assert [answer for answer in answers if not 200 <= answer[1] < 300] == []
    assert len(answers) > 35


@pytest.mark.django_db
def test_every_path_is_there_with_its_methods() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    documented = {row[0].strip("`"): row[1] for row in cells(PAGE, "Every path") if row[0].startswith("`")}

    paths = {
        path: ", ".join(method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if method.lower() in operations)
        for path, operations in schema["paths"].items()
    }

    assert documented == paths


def codes_of(kind: type[DomainError]) -> set[str]:
    return {kind.code}.union(*(codes_of(below) for below in kind.__subclasses__()))


def test_every_word_for_an_error_is_there() -> None:
    documented = {word for row in cells(PAGE, "Errors") for word in re.findall(r"`(\w+)`", row[1])}

    assert codes_of(DomainError) - documented == set()


@pytest.mark.parametrize("text", [block.text for block in blocks(PAGE) if block.language == "json"])
def test_answers_that_are_shown_are_json(text: str) -> None:
    json.loads(text)
