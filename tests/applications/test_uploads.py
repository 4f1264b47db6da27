"""A refused upload names what is wrong and stores nothing."""

import tarfile

import pytest

from applications.models import Application
from applications.versions import ApplicationFile
from tests.archives import archive_of, entry, link, upload
from tests.factories import FOLDER, TEMPLATE, YAML, make_application

YAML_ENTRY = entry("jobbergate.yaml", YAML)
TEMPLATE_ENTRY = entry("templates/job.sh.j2", TEMPLATE)
BAD = {
    "outside": (archive_of(YAML_ENTRY, entry("../evil", b"x")), "bad_archive", "'../evil' leads out of the folder."),
    "link": (
        archive_of(YAML_ENTRY, link("a", "/etc/passwd")),
        "bad_archive",
        "'a' is a link; an archive may hold only files and folders.",
    ),
    "device": (
        archive_of(YAML_ENTRY, entry("null", type=tarfile.CHRTYPE)),
        "bad_archive",
        "'null' is a device or pipe; an archive may hold only files and folders.",
    ),
    "no archive": (b"hello", "bad_archive", "This is not a complete tar.gz archive: Not a gzipped file (b'he')."),
    "no yaml": (archive_of(TEMPLATE_ENTRY), "bad_config", "jobbergate.yaml: it is missing at the top of the folder."),
    "yaml below": (
        archive_of(entry("folder/jobbergate.yaml", YAML)),
        "bad_config",
        "jobbergate.yaml: it is missing at the top of the folder.",
    ),
    "no questions": (
        archive_of(entry("jobbergate.yaml", b"jobbergate_config: {}"), TEMPLATE_ENTRY),
        "bad_config",
        "jobbergate.yaml: it has no questions, and there is no jobbergate.py to ask any.",
    ),
    "no template": (
        archive_of(YAML_ENTRY),
        "template_error",
        "jobbergate.yaml: there is no template 'job.sh.j2'; there are: none.",
    ),
    "broken yaml": (
        archive_of(entry("jobbergate.yaml", b"a: 1\nb: [\n"), TEMPLATE_ENTRY),
        "bad_config",
        "jobbergate.yaml, line 3: did not find expected node content",
    ),
    "broken template": (
        archive_of(YAML_ENTRY, entry("templates/job.sh.j2", b"#!/bin/sh\n{% if %}")),
        "template_error",
        "templates/job.sh.j2, line 2: Expected an expression, got 'end of statement block'",
    ),
}


@pytest.mark.parametrize(("content", "code", "words"), BAD.values(), ids=BAD.keys())
def test_a_refused_archive_makes_no_application(as_alice, content, code, words):
    answer = as_alice.post("/api/applications/", {"name": "Bad", "archive": upload(content)}, format="multipart")

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (400, code, words)
    assert not Application.objects.exists()
    assert not ApplicationFile.objects.exists()


@pytest.mark.parametrize(("content", "code", "words"), BAD.values(), ids=BAD.keys())
def test_a_refused_archive_makes_no_version(as_alice, alice, content, code, words):
    application = make_application(alice)

    answer = as_alice.post(
        f"/api/applications/{application.pk}/versions/", {"archive": upload(content)}, format="multipart"
    )

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (400, code, words)
    application.refresh_from_db()
    assert (application.latest_version, application.versions.count()) == (1, 1)


@pytest.mark.parametrize(("content", "code", "words"), list(BAD.values())[:4], ids=list(BAD)[:4])
def test_a_refused_archive_makes_no_job_script(as_alice, content, code, words):
    answer = as_alice.post("/api/job-scripts/", {"archive": upload(content)}, format="multipart")

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (400, code, words)
    assert as_alice.get("/api/job-scripts/").json()["results"] == []


@pytest.mark.parametrize("body", [{}, {"archive": ""}, {"archive": "text"}])
def test_an_archive_has_to_be_a_file(as_alice, body):
    answer = as_alice.post("/api/applications/", {"name": "Bad", **body}, format="multipart")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["archive"])


def test_an_application_is_made_of_an_archive(as_alice):
    answer = as_alice.post(
        "/api/applications/",
        {"name": "Hello", "identifier": "hello", "description": "Says it.", "visibility": "private", "note": "First.",
         "tags": ["Hello", "cfd"], "archive": upload(FOLDER)},
        format="multipart",
    )  # fmt: skip

    assert answer.status_code == 201
    row = answer.json()
    times = {"created_at": row["created_at"], "updated_at": row["updated_at"]}
    assert row == {
        "id": row["id"], "name": "Hello", "identifier": "hello", "description": "Says it.", "owner": "alice", "tags": ["cfd", "hello"],
        "visibility": "private", "is_archived": False, "latest_version": 1, **times,
    }  # fmt: skip
    version = as_alice.get("/api/applications/hello/versions/1/").json()
    assert version == {
        "id": version["id"], "application": row["id"], "number": 1, "kind": "declarative", "sha256": version["sha256"],
        "note": "First.", "size": len(YAML) + len(TEMPLATE), "created_by": "alice", "created_at": version["created_at"],
        "config": {"jobbergate_config": {"default_template": "job.sh.j2"}, "application_config": {}},
        "form": {"captured": False, "multi_step": False, "questions": [
            {"variable": "nodes", "type": "integer", "message": "How many nodes?", "default": 2, "min": 1, "max": 64},
        ]},
        "files": [{"path": "jobbergate.yaml", "size": len(YAML)}, {"path": "templates/job.sh.j2", "size": len(TEMPLATE)}],
    }  # fmt: skip


def test_a_version_is_downloaded_as_it_was_uploaded(as_alice, alice):
    import io

    from applications.archive import unpack

    make_application(alice, {"data/größe.bin": bytes(range(256))}, identifier="mine")

    answer = as_alice.get("/api/applications/mine/versions/latest/archive/")

    assert unpack(io.BytesIO(answer.getvalue())) == {**FOLDER, "data/größe.bin": bytes(range(256))}
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "application/gzip",
        'attachment; filename="mine-1.tar.gz"',
    )
