"""Job scripts over HTTP: rendered, previewed, uploaded, cloned, downloaded."""

import hashlib
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from applications.archive import unpack
from jobscripts.models import JobScript
from tests.archives import upload
from tests.factories import YAML, make_application, make_script

FOLDER = {
    "jobbergate.yaml": YAML.replace(
        b"  default_template: job.sh.j2\n",
        b"  default_template: job.sh.j2\n  supporting_files: [env.j2]\n  verbatim_files: [in.bin]\n"
        b"  job_script_name: A job\n  output_directory: out/here\n",
    ),
    "templates/job.sh.j2": b"#!/bin/bash\n#SBATCH --nodes={{ nodes }}\necho\n", "templates/env.j2": b"N={{ data.nodes }}\n",
    "in.bin": b"\xff\x00",
}  # fmt: skip
PROGRAM = {
    "jobbergate.yaml": b"jobbergate_config: {default_template: t}", "jobbergate.py": b"", "templates/t": b"{{ a }} {{ b }}",
}  # fmt: skip


def test_a_job_script_stores_what_made_it(as_alice, alice):
    make_application(alice, FOLDER, identifier="hello", name="Hello")
    body = {
        "application": "hello",
        "answers": {"nodes": "4"},
        "sbatch_parameters": ["--time=10", "-J a name"],
        "description": "d",
    }

    made = as_alice.post("/api/job-scripts/", body)

    script = '#!/bin/bash\n#SBATCH --nodes=4\n#SBATCH --time=10\n#SBATCH -J "a name"\necho\n'
    files = {"env": b"N=4\n", "in.bin": b"\xff\x00", "job.sh": script.encode()}
    row = made.json()
    assert made.status_code == 201
    assert row == {
        "id": row["id"], "name": "A job", "description": "d", "owner": "alice", "application": row["application"],
        "application_name": "Hello", "version": 1, "is_archived": False, "created_at": row["created_at"],
        "updated_at": row["updated_at"], "answers": {"nodes": 4}, "computed": None,
        "sbatch_parameters": ["--time=10", "-J a name"], "warnings": [], "output_directory": "out/here", "entrypoint": "job.sh",
        "parent": None, "edited_at": None, "files": [
            {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for path, content in files.items()
        ],
    }  # fmt: skip
    assert as_alice.get(f"/api/job-scripts/{row['id']}/").json() == row
    assert unpack(io.BytesIO(as_alice.get(f"/api/job-scripts/{row['id']}/archive/").getvalue())) == files
    for path, content in files.items():
        assert as_alice.get(f"/api/job-scripts/{row['id']}/files/{path}").content == content


def test_a_preview_is_what_would_be_made_and_saves_nothing(as_alice, alice):
    application = make_application(alice, FOLDER)

    shown = as_alice.post("/api/job-scripts/preview/", {"application": application.pk, "answers": {"nodes": 3}})

    assert (shown.status_code, shown.json()) == (200, {
        "name": "A job", "entrypoint": "job.sh", "output_directory": "out/here", "warnings": [],
        "files": [
            {"path": "job.sh", "content": "#!/bin/bash\n#SBATCH --nodes=3\necho\n"}, {"path": "env", "content": "N=3\n"},
            {"path": "in.bin", "content": None},
        ],
    })  # fmt: skip
    assert not JobScript.objects.exists()


@pytest.mark.parametrize(
    ("body", "code", "errors"),
    [
        ({"answers": {"nodes": 65}}, "invalid_answers", {"nodes": ["nodes: 65 is not accepted; give an integer from 1 to 64."]}),
        ({"answers": {"nods": 1}}, "invalid_answers", {"nods": ["nods: no question asks for it. Is nodes meant?"]}),
        ({"sbatch_parameters": ["10"]}, "bad_sbatch_parameter", {
            "sbatch_parameters": ["'10' is not accepted: give an option of sbatch, such as --time=10:00, -N2 or --exclusive."],
        }),
        ({"version": 2}, "not_found", {}),
        ({"application": "nope"}, "not_found", {}),
        ({"answers": []}, "invalid", {"answers": ['Expected a dictionary of items but got type "list".']}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["", "preview/"])
def test_what_cannot_be_made_is_refused_with_a_reason(as_alice, alice, path, body, code, errors):
    application = make_application(alice, FOLDER)

    answer = as_alice.post(f"/api/job-scripts/{path}", {"application": application.pk, "answers": {}, **body})

    assert (answer.status_code, answer.json()["code"], answer.json()["errors"]) == (
        404 if code == "not_found" else 400,
        code,
        errors,
    )
    assert not JobScript.objects.exists()


def test_a_hole_is_an_error_for_a_form_and_a_warning_for_a_program(as_alice, alice):
    declared = make_application(alice, {"templates/job.sh.j2": b"{{ nope }}"})
    program = make_application(alice, PROGRAM)

    refused = as_alice.post("/api/job-scripts/", {"application": declared.pk, "answers": {}})
    made = as_alice.post("/api/job-scripts/", {"application": program.pk, "answers": {"a": 1}, "computed": {}})

    assert (refused.status_code, refused.json()["code"], refused.json()["errors"]) == (
        400, "undefined_variable", {"nope": ["templates/job.sh.j2, line 1: 'nope' is not defined."]},
    )  # fmt: skip
    assert (made.status_code, made.json()["warnings"]) == (201, [
        {"file": "templates/t", "line": 1, "variable": "b", "message": "templates/t, line 1: 'b' is not defined."},
    ])  # fmt: skip


def test_an_archived_application_makes_no_scripts(as_alice, alice):
    application = make_application(alice, is_archived=True)

    assert as_alice.post("/api/job-scripts/", {"application": application.pk, "answers": {}}).status_code == 404


def test_an_older_version_is_rendered_on_demand(as_alice, alice):
    application = make_application(alice)
    application.publish({**FOLDER, "templates/job.sh.j2": b"new"}, alice)

    old = as_alice.post("/api/job-scripts/", {"application": application.pk, "version": 1, "answers": {}}).json()

    assert (old["version"], JobScript.objects.get().read_entrypoint().splitlines()[0]) == (1, "#!/bin/bash")


def test_what_the_code_computed_is_stored_and_wins(as_alice, alice):
    application = make_application(alice, PROGRAM)
    body = {
        "application": application.pk,
        "answers": {"a": 1, "b": 2},
        "computed": {"b": 3, "job_script_name": "named"},
    }

    row = as_alice.post("/api/job-scripts/", body).json()

    assert (row["name"], row["answers"], row["computed"]) == (
        "named",
        {"a": 1, "b": 2},
        {"b": 3, "job_script_name": "named"},
    )
    assert JobScript.objects.get().read_entrypoint() == "1 3"


def test_what_is_computed_for_a_form_is_nobody_s_and_left_out(as_alice, alice):
    application = make_application(alice)
    body = {"application": application.pk, "answers": {}, "computed": {"nodes": 99, "default_template": "x"}}

    row = as_alice.post("/api/job-scripts/", body).json()

    assert (row["computed"], JobScript.objects.get().read_entrypoint().splitlines()[1]) == (None, "#SBATCH --nodes=2")


def test_a_clone_renders_again_with_other_answers(as_alice, alice):
    script = make_script(alice, answers={"nodes": 2}, sbatch_parameters=("--time=1",), name="mine", description="d")

    row = as_alice.post(f"/api/job-scripts/{script.pk}/clone/", {"answers": {"nodes": 3}, "name": "other"}).json()

    assert (row["name"], row["answers"], row["sbatch_parameters"], row["version"]) == (
        "other",
        {"nodes": 3},
        ["--time=1"],
        1,
    )
    assert (
        JobScript.objects.get(pk=row["id"]).read_entrypoint()
        == "#!/bin/bash\n#SBATCH --nodes=3\n#SBATCH --time=1\necho hello\n"
    )


def test_a_changed_answer_wins_over_what_was_computed_from_the_old_one(as_alice, alice):
    application = make_application(alice, PROGRAM)
    body = {"application": application.pk, "answers": {"a": 1}, "computed": {"a": 10, "b": 20}}
    script = as_alice.post("/api/job-scripts/", body).json()

    row = as_alice.post(f"/api/job-scripts/{script['id']}/clone/", {"answers": {"a": 2}}).json()

    assert (row["answers"], row["computed"]) == ({"a": 2}, {"b": 20})
    assert JobScript.objects.get(pk=row["id"]).read_entrypoint() == "2 20"


# --- uploads --------------------------------------------------------------------------------------------------------


def sent(client, *files, **fields):
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post("/api/job-scripts/", {**({"files": uploads} if uploads else {}), **fields}, format="multipart")


def test_one_file_is_its_own_entrypoint(as_alice):
    row = sent(as_alice, ("run.sh", b"#!/bin/sh\r\n")).json()

    assert (row["name"], row["entrypoint"], row["application"], row["version"], row["answers"]) == (
        "run.sh",
        "run.sh",
        None,
        None,
        {},
    )
    assert as_alice.get(f"/api/job-scripts/{row['id']}/files/run.sh").content == b"#!/bin/sh\r\n"


def test_of_several_files_one_is_named(as_alice):
    files = [("run.sh", b"1"), ("data", b"2")]

    assert sent(as_alice, *files).json()["errors"] == {
        "entrypoint": ["'' is not among the files; name one as the entrypoint: data, run.sh."]
    }
    row = sent(as_alice, *files, entrypoint="run.sh", name="n").json()
    assert (row["name"], row["entrypoint"], [file["path"] for file in row["files"]]) == (
        "n",
        "run.sh",
        ["data", "run.sh"],
    )


def test_an_archive_keeps_its_folders(as_alice):
    row = sent(as_alice, archive=upload({"a/run.sh": b"1", "b/c/data": b"2"}), entrypoint="a/run.sh").json()

    assert as_alice.get(f"/api/job-scripts/{row['id']}/files/b/c/data").content == b"2"


def test_either_files_or_an_archive(as_alice):
    assert sent(as_alice).json()["errors"] == {"files": ["Give either files or an archive."]}
    assert sent(as_alice, ("a", b"1"), archive=upload({"b": b"1"})).status_code == 400


@pytest.mark.parametrize("name", ["a\\b", "x" * 256])
def test_a_bad_name_is_refused_or_made_a_flat_one(as_alice, name):
    answer = sent(as_alice, ("x", b"1"), (name, b"2"), entrypoint="x")

    assert answer.status_code in (201, 400)
    assert not JobScript.objects.filter(files__path__contains="\\").exists()


def test_two_files_of_one_name_are_refused(as_alice):
    assert sent(as_alice, ("a", b"1"), ("a", b"2"), entrypoint="a").json()["detail"] == "'a' occurs twice."


def test_an_uploaded_script_is_cloned_as_it_is(as_alice):
    script = sent(as_alice, ("run.sh", b"{{ x }}")).json()

    row = as_alice.post(f"/api/job-scripts/{script['id']}/clone/", {}).json()

    assert (row["files"], row["name"]) == (script["files"], "run.sh")


def test_a_download_is_saved_under_its_own_name_and_never_interpreted(as_alice):
    row = sent(as_alice, ('größe "x".html', b"<script>")).json()

    answer = as_alice.get(f"/api/job-scripts/{row['id']}/files/{row['entrypoint']}")

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''gr%C3%B6%C3%9Fe%20%22x%22.html"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_change_is_of_name_description_and_archive_alone(as_alice, alice):
    script = make_script(alice)

    row = as_alice.patch(
        f"/api/job-scripts/{script.pk}/",
        {"name": "n", "description": "d", "is_archived": True, "owner": "bob", "answers": {"nodes": 9}},
    ).json()

    assert (row["name"], row["description"], row["is_archived"], row["owner"], row["answers"]) == (
        "n",
        "d",
        True,
        "alice",
        {"nodes": 2},
    )
