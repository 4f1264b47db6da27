"""Files of a job script, changed by hand: saved, renamed, removed, and always one of them for sbatch."""

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from applications import archive
from jobscripts.models import JobScript
from jobscripts.sweeps import Sweep
from tests.applications.test_at_the_same_moment import at_once
from tests.factories import make_application, make_script, make_submission

JOB, DATA = b"#!/bin/bash\ntrue\n", b"\xff\x00 1 2 3"


@pytest.fixture
def script(alice: User) -> JobScript:
    """Alice's own, of two files."""
    return JobScript.upload(alice, {"job.sh": JOB, "input/data": DATA}, "job.sh", "By hand")


def at(script: JobScript, path: str = "") -> str:
    return f"/api/job-scripts/{script.pk}/" + (f"files/{path}/" if path else "")


def put(client: APIClient, script: JobScript, path: str, content: bytes, **headers: str) -> Any:
    length = {} if content else {"CONTENT_LENGTH": "0"}
    return client.generic("PUT", at(script, path), content, content_type="text/plain", headers=headers, **length)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- saving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"new", DATA, b'{"json": tru'], ids=str)
def test_a_file_is_saved_as_it_is(as_alice: APIClient, script: JobScript, content: bytes) -> None:
    answer = put(as_alice, script, "a/new file.txt", content)

    row = next(file for file in answer.json()["files"] if file["path"] == "a/new file.txt")
    assert answer.status_code == 201
    assert row == {"path": "a/new file.txt", "size": len(content), "sha256": sha256(content)}
    assert as_alice.get(at(script, "a/new file.txt")).content == content
    assert script.read_files() == {"job.sh": JOB, "input/data": DATA, "a/new file.txt": content}


def test_a_file_that_is_there_is_replaced(as_alice: APIClient, script: JobScript) -> None:
    answer = put(as_alice, script, "job.sh", b"#!/bin/bash\nfalse\n")

    assert (answer.status_code, answer.json()["entrypoint"]) == (200, "job.sh")
    assert script.read_files() == {"job.sh": b"#!/bin/bash\nfalse\n", "input/data": DATA}


def test_a_path_has_one_spelling(as_alice: APIClient, script: JobScript) -> None:
    assert put(as_alice, script, "input//./data", b"new").status_code == 200
    assert script.read_files() == {"job.sh": JOB, "input/data": b"new"}


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "a\\b", "a%01b", "x" * 300, "..", "%C2%85"])
def test_a_path_that_no_upload_may_have_is_refused(as_alice: APIClient, script: JobScript, path: str) -> None:
    answer = as_alice.generic("PUT", f"/api/job-scripts/{script.pk}/files/{path}", b"1")

    assert refused(answer) == (400, "bad_file")
    assert list(answer.json()["errors"]) == ["path"]
    assert refused(as_alice.patch(at(script, "job.sh"), {"path": unquote(path)})) == (400, "bad_file")
    assert script.files.count() == 2


@pytest.mark.parametrize("path", ["job.sh/more", "input", "input/data/more/still"])
def test_a_file_where_a_folder_is_and_a_folder_where_a_file_is_are_conflicts(
    as_alice: APIClient, script: JobScript, path: str
) -> None:
    saved, renamed = put(as_alice, script, path, b"1"), as_alice.patch(at(script, "job.sh"), {"path": "input"})

    assert (refused(saved), refused(renamed)) == ((409, "conflict"), (409, "conflict"))
    assert "is a file and, for" in saved.json()["detail"]


def test_limits_are_those_of_an_upload(as_alice: APIClient, script: JobScript, monkeypatch: pytest.MonkeyPatch) -> None:
    large = put(as_alice, script, "large", b"x" * (archive.MAX_FILE + 1))
    monkeypatch.setattr(archive, "MAX_TOTAL", 2**20)
    together = put(as_alice, script, "large", b"x" * 2**20)
    replaced = put(as_alice, script, "input/data", b"x" * (2**20 - len(JOB)))
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    many = put(as_alice, script, "third", b"")

    assert (refused(large), large.json()["detail"]) == ((400, "bad_file"), "A file has at most 10 MiB.")
    assert (refused(together), together.json()["detail"]) == (
        (400, "bad_file"),
        "The files are larger than 1 MiB together.",
    )
    assert replaced.status_code == 200
    assert (refused(many), many.json()["detail"]) == ((400, "bad_file"), "There are more than 2 files.")


def test_a_file_of_unknown_length_is_refused_and_not_taken_for_an_empty_one(
    as_alice: APIClient, script: JobScript
) -> None:
    answer = as_alice.generic("PUT", at(script, "job.sh"), HTTP_TRANSFER_ENCODING="chunked")

    assert refused(answer) == (400, "parse_error")
    assert script.read_file("job.sh") == JOB


# --- what the client has seen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("quoted", ['"{}"', "{}"])
def test_only_what_was_seen_is_replaced(as_alice: APIClient, script: JobScript, quoted: str) -> None:
    seen = quoted.format(sha256(JOB))

    first = put(as_alice, script, "job.sh", b"first", **{"If-Match": seen})
    second = put(as_alice, script, "job.sh", b"second", **{"If-Match": seen})

    assert first.status_code == 200
    assert refused(second) == (409, "changed_meanwhile")
    assert sha256(b"first") in second.json()["detail"]
    assert script.read_file("job.sh") == b"first"


def test_a_request_whose_answer_was_lost_may_be_sent_again(as_alice: APIClient, script: JobScript) -> None:
    answers = [put(as_alice, script, "job.sh", b"new", **{"If-Match": f'"{sha256(JOB)}"'}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_nothing_is_replaced_where_nothing_was_seen(as_alice: APIClient, script: JobScript) -> None:
    unseen = {"If-None-Match": "*"}

    assert refused(put(as_alice, script, "job.sh", b"1", **unseen)) == (409, "changed_meanwhile")
    assert put(as_alice, script, "new.sh", b"1", **unseen).status_code == 201


def test_what_is_gone_is_not_brought_back(as_alice: APIClient, script: JobScript) -> None:
    script.remove_file("input/data")

    answer = put(as_alice, script, "input/data", b"1", **{"If-Match": f'"{sha256(DATA)}"'})

    assert refused(answer) == (409, "changed_meanwhile")


@pytest.mark.parametrize("header", ["*", "abc", '"' + "A" * 64 + '"', ""])
def test_a_hash_that_is_none_is_refused(as_alice: APIClient, script: JobScript, header: str) -> None:
    assert refused(put(as_alice, script, "job.sh", b"1", **{"If-Match": header})) == (400, "invalid")


# --- renaming, removing, and the entrypoint -------------------------------------------------------------------------


def test_a_file_is_renamed(as_alice: APIClient, script: JobScript) -> None:
    answer = as_alice.patch(at(script, "input/data"), {"path": "input/mesh/data"})

    assert (answer.status_code, [file["path"] for file in answer.json()["files"]]) == (
        200,
        ["input/mesh/data", "job.sh"],
    )
    assert script.read_files() == {"job.sh": JOB, "input/mesh/data": DATA}


def test_the_entrypoint_goes_along_with_its_name(as_alice: APIClient, script: JobScript) -> None:
    answer = as_alice.patch(at(script, "job.sh"), {"path": "bin/run.sh"})

    assert answer.json()["entrypoint"] == "bin/run.sh"
    script.refresh_from_db()
    assert script.read_entrypoint().encode() == JOB


def test_a_file_may_become_a_folder_of_its_own_name(as_alice: APIClient, script: JobScript) -> None:
    assert as_alice.patch(at(script, "job.sh"), {"path": "job.sh/run"}).json()["entrypoint"] == "job.sh/run"


def test_a_name_that_is_taken_is_a_conflict(as_alice: APIClient, script: JobScript) -> None:
    answer = as_alice.patch(at(script, "input/data"), {"path": "job.sh"})

    assert (refused(answer), list(answer.json()["errors"])) == ((409, "conflict"), ["path"])
    assert script.read_files() == {"job.sh": JOB, "input/data": DATA}


@pytest.mark.parametrize("body", [{}, {"path": ""}, {"path": None}, {"path": ["a"]}, []], ids=str)
def test_a_rename_names_a_path(as_alice: APIClient, script: JobScript, body: Any) -> None:
    assert refused(as_alice.patch(at(script, "job.sh"), body)) == (400, "invalid")


def test_a_file_is_removed(as_alice: APIClient, script: JobScript) -> None:
    assert as_alice.delete(at(script, "input/data")).status_code == 204
    assert as_alice.delete(at(script, "input/data")).status_code == 404
    assert as_alice.get(at(script, "input/data")).status_code == 404
    assert script.read_files() == {"job.sh": JOB}


def test_the_entrypoint_is_not_removed_before_another_is_chosen(as_alice: APIClient, script: JobScript) -> None:
    kept = as_alice.delete(at(script, "job.sh"))
    chosen = as_alice.patch(at(script), {"entrypoint": "input/data"})
    removed = as_alice.delete(at(script, "job.sh"))

    assert refused(kept) == (400, "bad_entrypoint")
    assert (chosen.status_code, chosen.json()["entrypoint"]) == (200, "input/data")
    assert removed.status_code == 204


@pytest.mark.parametrize("path", ["nowhere.sh", "input", "JOB.sh"])
def test_only_one_of_the_files_can_be_the_entrypoint(as_alice: APIClient, script: JobScript, path: str) -> None:
    answer = as_alice.patch(at(script), {"entrypoint": path, "name": "New"})

    assert refused(answer) == (400, "bad_entrypoint")
    assert answer.json()["errors"] == {
        "entrypoint": [f"{path!r} is not among the files; name one as the entrypoint: input/data, job.sh."]
    }
    script.refresh_from_db()
    assert (script.entrypoint, script.name) == ("job.sh", "By hand")


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_file_that_is_not_there_is_not_found(as_alice: APIClient, script: JobScript, method: str) -> None:
    answer = getattr(as_alice, method)(at(script, "nowhere"), {"path": "x"} if method == "patch" else None)

    assert refused(answer) == (404, "not_found")


# --- what was rendered, and what was submitted ----------------------------------------------------------------------

CHANGES: dict[str, Callable[[APIClient, JobScript], Any]] = {
    "save": lambda client, script: put(client, script, "more.txt", b"1"),
    "replace": lambda client, script: put(client, script, "job.sh", b"1"),
    "rename": lambda client, script: client.patch(at(script, "job.sh"), {"path": "x"}),
    "remove": lambda client, script: client.delete(at(script, "input.txt")),
    "choose": lambda client, script: client.patch(at(script), {"entrypoint": "input.txt"}),
}


def rendered(alice: User, **columns: Any) -> JobScript:
    yaml = b"jobbergate_config: {default_template: job.sh.j2, supporting_files: [input.txt]}\nquestions: []\n"
    application = make_application(
        alice, {"jobbergate.yaml": yaml, "templates/job.sh.j2": JOB, "templates/input.txt": b"1"}
    )
    return make_script(alice, application, **columns)


@pytest.mark.parametrize("change", CHANGES)
def test_a_rendered_script_says_that_it_was_edited_and_keeps_what_made_it(
    as_alice: APIClient, alice: User, change: str
) -> None:
    script = rendered(alice, sbatch_parameters=("--time=1",))
    before = as_alice.get(at(script)).json()

    assert CHANGES[change](as_alice, script).status_code < 300

    after = as_alice.get(at(script)).json()
    made = ("application", "version", "answers", "computed", "sbatch_parameters", "warnings")
    assert (before["edited_at"], after["edited_at"] is not None) == (None, True)
    assert {name: after[name] for name in made} == {name: before[name] for name in made}
    assert after["updated_at"] > before["updated_at"]


@pytest.mark.parametrize(
    "change",
    [
        lambda client, script: put(client, script, "job.sh", script.read_file("job.sh")),
        lambda client, script: client.patch(at(script, "job.sh"), {"path": "job.sh"}),
        lambda client, script: client.patch(at(script), {"entrypoint": "job.sh"}),
        lambda client, script: client.patch(at(script), {"name": "New"}),
    ],
)
def test_what_changes_no_file_is_no_edit(as_alice: APIClient, alice: User, change: Any) -> None:
    script = rendered(alice)

    assert change(as_alice, script).json()["edited_at"] is None


def test_a_script_of_one_s_own_is_never_called_edited(as_alice: APIClient, script: JobScript) -> None:
    assert put(as_alice, script, "job.sh", b"1").json()["edited_at"] is None


@pytest.mark.parametrize("change", CHANGES)
def test_a_script_that_was_submitted_changes_no_more(as_alice: APIClient, alice: User, change: str) -> None:
    script = rendered(alice)
    submission = make_submission(alice, script)
    before = script.read_files()

    answer = CHANGES[change](as_alice, script)

    assert refused(answer) == (409, "in_use")
    assert "clone it" in answer.json()["detail"]
    assert script.read_files() == before
    submission.delete()
    assert CHANGES[change](as_alice, script).status_code < 300


@pytest.mark.parametrize("change", CHANGES)
def test_a_point_of_a_sweep_is_read_and_cloned_and_not_changed(as_alice: APIClient, alice: User, change: str) -> None:
    script = rendered(alice)
    sweep = Sweep.objects.create(owner=alice, name="Sweep", size=1)
    JobScript.objects.filter(pk=script.pk).update(sweep=sweep, point=0)

    assert refused(CHANGES[change](as_alice, script)) == (409, "in_use")
    assert as_alice.get(at(script, "job.sh")).content == JOB
    copy = as_alice.post(f"{at(script)}clone/", {}).json()
    assert CHANGES[change](as_alice, JobScript.objects.get(pk=copy["id"])).status_code < 300


def test_a_clone_of_an_edited_script_is_edited_too(as_alice: APIClient, alice: User) -> None:
    script = rendered(alice, sbatch_parameters=("--time=1",))
    edited = put(as_alice, script, "job.sh", b"#!/bin/sh\n").json()

    copy = as_alice.post(f"{at(script)}clone/", {}).json()

    own = ("id", "created_at", "updated_at", "parent")
    assert {name: value for name, value in copy.items() if name not in own} == {
        name: value for name, value in edited.items() if name not in own
    }
    assert copy["parent"] == script.pk


def test_other_answers_render_again_what_was_edited(as_alice: APIClient, alice: User) -> None:
    script = make_script(alice)
    script.put_file("job.sh", b"edited")

    copy = as_alice.post(f"{at(script)}clone/", {"answers": {"nodes": 8}}).json()

    assert (copy["edited_at"], copy["parent"]) == (None, script.pk)
    assert b"--nodes=8" in JobScript.objects.get(pk=copy["id"]).read_files()["job.sh"]


# --- at the same moment ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(3))
def test_of_those_who_saw_the_same_one_replaces_it(round: int, alice: User) -> None:
    pk = JobScript.upload(alice, {"job.sh": JOB}, "job.sh", "By hand").pk

    def saving(content: bytes) -> Callable[[], Any]:
        script = JobScript.objects.get(pk=pk)
        return lambda: script.put_file("job.sh", content, sha256(JOB))

    results = at_once(*(saving(str(number).encode()) for number in range(4)))

    assert sorted(map(str, results)) == ["False", *["changed_meanwhile"] * 3]
    assert JobScript.objects.get(pk=pk).read_file("job.sh") == str(results.index(False)).encode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(3))
def test_there_is_one_entrypoint_whoever_comes_first(round: int, alice: User) -> None:
    pk = JobScript.upload(alice, {"a": b"#!1", "b": b"#!2"}, "a", "By hand").pk
    first, second, third, fourth = (JobScript.objects.get(pk=pk) for _ in range(4))

    at_once(
        lambda: first.rename_file("a", "c"),
        lambda: second.choose_entrypoint("b"),
        lambda: third.remove_file("a"),
        lambda: fourth.change(name="New"),
    )

    script = JobScript.objects.get(pk=pk)
    assert script.entrypoint in script.read_files()
    assert script.name == "New"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(3))
def test_what_is_submitted_is_what_is_there(round: int, alice: User) -> None:
    pk = JobScript.upload(alice, {"job.sh": b"#!/bin/bash\n"}, "job.sh", "By hand").pk
    changed, submitted = (JobScript.objects.get(pk=pk) for _ in range(2))

    saved, submission = at_once(
        lambda: changed.put_file("job.sh", b"#!/bin/bash\n#SBATCH --comment=new\n"),
        lambda: make_submission(alice, submitted),
    )

    assert saved == (False if "new" in submission.comment else "in_use")
