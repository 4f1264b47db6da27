"""New applications, job scripts and submissions by the admin's forms: the same rules as everywhere."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from applications.models import Application
from jobscripts.models import JobScript
from submissions.models import JobSubmission
from tests.admin.forms import saved
from tests.archives import archive_of, entry, upload
from tests.factories import FOLDER, make_application, make_cluster, make_script

APPLICATION, SCRIPT = reverse("admin:applications_application_add"), reverse("admin:jobscripts_jobscript_add")
SUBMISSION = reverse("admin:submissions_jobsubmission_add")


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def test_an_application_is_made_of_an_archive(as_clerk, clerk, alice):
    body = {
        "name": "Hello",
        "identifier": "hello",
        "owner": alice.pk,
        "visibility": "public",
        "archive": upload(FOLDER),
    }

    assert as_clerk.post(APPLICATION, body).status_code == 302

    application = Application.objects.get()
    assert (application.name, application.owner, application.latest_version) == ("Hello", alice, 1)
    assert (application.version().created_by, application.version().read_files()) == (clerk, FOLDER)


def test_an_archive_is_the_next_version_of_an_application(as_clerk, alice):
    application = make_application(alice)
    body = {"name": "Hello", "owner": alice.pk, "visibility": "public", "archive": upload({**FOLDER, "more": b"1"})}

    assert saved(as_clerk, application, body).status_code == 302

    application.refresh_from_db()
    assert (application.latest_version, application.version().read_files()) == (2, {**FOLDER, "more": b"1"})


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (None, "This field is required."),
        (upload(b"hello"), "This is not a complete tar.gz archive: Not a gzipped file (b'he')."),
        (upload(archive_of(entry("../evil", b"x"))), "'../evil' leads out of the folder."),
        (upload({"jobbergate.yaml": b"[1]"}),
         "jobbergate.yaml, line 1: it holds a list; give a mapping with jobbergate_config and application_config."),
    ],
)  # fmt: skip
def test_a_refused_archive_is_a_message_and_makes_nothing(as_clerk, alice, archive, words):
    body = {"name": "Hello", "owner": alice.pk, "visibility": "public", **({"archive": archive} if archive else {})}
    if archive:
        archive.seek(0)

    assert errors(as_clerk.post(APPLICATION, body)) == {"archive": [words]}
    assert not Application.objects.exists()


def test_an_archive_whose_own_test_fails_is_a_message_and_force_publishes_it(as_clerk, alice):
    application = make_application(alice)
    files = {**FOLDER, "tests/small/answers.yaml": b"{nodes: 99}"}
    body = {"name": "Hello", "owner": alice.pk, "visibility": "public"}

    refused = saved(as_clerk, application, {**body, "archive": upload(files)})
    assert errors(refused) == {
        "archive": [
            "Its own test fails: small. Mend what is wrong, or force the publication.",
            "small: nodes: 99 is not accepted; give an integer from 1 to 64.",
        ]
    }
    assert application.versions.count() == 1

    assert saved(as_clerk, application, {**body, "archive": upload(files), "force": "on"}).status_code == 302
    application.refresh_from_db()
    note = "Published in the admin.\nPublished although its own test fails: small."
    assert (application.latest_version, application.version().note) == (2, note)


def test_the_newest_version_s_own_files_again_make_no_version(as_clerk, alice):
    application = make_application(alice)
    body = {"name": "New", "owner": alice.pk, "visibility": "public", "archive": upload(FOLDER)}

    assert saved(as_clerk, application, body).status_code == 302

    application.refresh_from_db()
    assert (application.name, application.latest_version) == ("New", 1)


@pytest.mark.parametrize("identifier", ["123", "-a", "a b", "ä", "a/b", "a" * 65])
def test_an_identifier_that_is_none_is_a_message(as_clerk, alice, identifier):
    body = {"name": "n", "identifier": identifier, "owner": alice.pk, "visibility": "public", "archive": upload(FOLDER)}

    assert list(errors(as_clerk.post(APPLICATION, body))) == ["identifier"]


def test_an_identifier_that_is_taken_is_a_message(as_clerk, alice):
    make_application(alice, identifier="taken")
    body = {"name": "n", "identifier": "taken", "owner": alice.pk, "visibility": "public", "archive": upload(FOLDER)}

    assert list(errors(as_clerk.post(APPLICATION, body))) == ["identifier"]


def test_several_applications_have_no_identifier(as_clerk, alice):
    for name in ("a", "b"):
        body = {"name": name, "identifier": "", "owner": alice.pk, "visibility": "public", "archive": upload(FOLDER)}
        assert as_clerk.post(APPLICATION, body).status_code == 302


def test_a_job_script_is_uploaded(as_clerk, alice):
    body = {"name": "mine", "owner": alice.pk, "upload": SimpleUploadedFile("run.sh", b"#!/bin/sh\n")}

    assert as_clerk.post(SCRIPT, body).status_code == 302

    script = JobScript.objects.get()
    assert (script.name, script.owner, script.entrypoint, script.read_files()) == (
        "mine", alice, "run.sh", {"run.sh": b"#!/bin/sh\n"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["a\\b", "x" * 300])
def test_a_file_with_a_name_that_is_none_is_a_message(as_clerk, alice, name):
    from applications.archive import checked_path

    body = {"name": "mine", "owner": alice.pk, "upload": SimpleUploadedFile("run.sh", b"x" * 10)}
    body["upload"]._name = name
    answer = as_clerk.post(SCRIPT, body)

    assert answer.status_code in (200, 302)
    assert all(checked_path(script.entrypoint) for script in JobScript.objects.all())


def test_a_submission_waits_for_the_cluster_s_agent(as_clerk, alice):
    script, cluster = make_script(alice), make_cluster("hilbert")
    body = {"job_script": script.pk, "owner": alice.pk, "execution_directory": "/x", "sbatch_arguments": '["-N2"]'}

    assert as_clerk.post(SUBMISSION, body).status_code == 302

    submission = JobSubmission.objects.get()
    assert (submission.owner, submission.cluster, submission.status, submission.via, submission.sbatch_arguments) == (
        alice, cluster, "created", "agent", ["-N2"],
    )  # fmt: skip
    assert submission.comment == f"jobbergate:{submission.tag}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"sbatch_arguments": "not json"}, {"sbatch_arguments": '"-N2"'}, {"sbatch_arguments": '{"a": 1}'},
        {"sbatch_arguments": "[1]"}, {"sbatch_arguments": "[[]]"}, {"sbatch_arguments": "3"}, {"sbatch_arguments": '["--wait"]'},
        {"sbatch_arguments": '["-J\\u0000"]'}, {"execution_directory": "relative"}, {"execution_directory": "/a\nb"},
        {"job_script": ""}, {"job_script": "999"}, {"owner": ""}, {"cluster": "999"},
    ],
)  # fmt: skip
def test_a_submission_that_cannot_be_is_a_message(as_clerk, alice, wrong):
    make_cluster("hilbert")
    body = {
        "job_script": make_script(alice).pk,
        "owner": alice.pk,
        "execution_directory": "",
        "sbatch_arguments": "[]",
        **wrong,
    }

    assert errors(as_clerk.post(SUBMISSION, body))
    assert not JobSubmission.objects.exists()


@pytest.mark.parametrize("arguments", ["[]", "", "null"])
def test_a_submission_needs_no_arguments(as_clerk, alice, arguments):
    make_cluster("hilbert")
    body = {
        "job_script": make_script(alice).pk,
        "owner": alice.pk,
        "execution_directory": "",
        "sbatch_arguments": arguments,
    }

    answer = as_clerk.post(SUBMISSION, body)

    assert answer.status_code == 302, errors(answer)
    assert JobSubmission.objects.get().sbatch_arguments == []


def test_without_a_cluster_there_is_a_message(as_clerk, alice):
    body = {"job_script": make_script(alice).pk, "owner": alice.pk, "execution_directory": "", "sbatch_arguments": "[]"}

    assert errors(as_clerk.post(SUBMISSION, body)) == {"__all__": ["There is no cluster yet; ask an operator."]}
