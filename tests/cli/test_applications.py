"""`jobbergate applications`, from a folder on disk to rows at the real server and back."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from applications.models import Application
from applications.versions import ApplicationVersion
from tests.cli.conftest import Jobbergate
from tests.factories import FOLDER, make_application, make_user

PROGRAM = b"""\
from jobbergate_cli import appform
from jobbergate_cli.application_base import JobbergateApplicationBase

class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data):
        return [appform.Integer("nodes", "How many nodes?", minval=1, default=2)]
"""
YAML = b"jobbergate_config: {default_template: job.sh.j2}\napplication_config: {}\n"
PROGRAMMED = {**FOLDER, "jobbergate.yaml": YAML, "jobbergate.py": PROGRAM}


def write_folder(directory: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "hello", FOLDER)


@pytest.fixture
def programmed(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "hello", PROGRAMMED)


def test_create_publishes_a_folder_under_its_own_name(by_alice: Jobbergate, folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"x")

    result = by_alice("applications", "create", folder, "--output", "json")

    application = Application.objects.get()
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["id"] == application.pk
    assert (application.name, application.owner.get_username()) == ("hello", "alice")
    assert application.version().read_files() == FOLDER


def test_create_takes_every_option(by_alice: Jobbergate, folder: Path) -> None:
    words = [
        "-n",
        "Hello",
        "--identifier",
        "hello",
        "--description",
        "Greets.",
        "--visibility",
        "private",
        "--note",
        "The first.",
    ]
    words += ["--tag", "CFD", "--tag", "openfoam"]
    result = by_alice("applications", "create", folder, *words, "-o", "id")

    application = Application.objects.get(pk=int(result.stdout))
    assert (application.name, application.identifier, application.description) == ("Hello", "hello", "Greets.")
    assert (application.visibility, application.tags) == ("private", ["cfd", "openfoam"])
    assert application.version().note == "The first."


def test_a_folder_without_its_yaml_is_refused_before_anything_is_sent(by_alice: Jobbergate, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    result = by_alice("applications", "create", tmp_path / "empty")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "jobbergate.yaml" in result.stderr
    assert not Application.objects.exists()


def test_the_server_s_refusal_is_told(by_alice: Jobbergate, folder: Path) -> None:
    make_application(identifier="hello")

    result = by_alice("applications", "create", folder, "--identifier", "hello")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "identifier" in result.stderr


def test_a_form_is_captured_only_from_code_that_its_user_trusts(by_alice: Jobbergate, programmed: Path) -> None:
    untrusted = by_alice("applications", "create", programmed, "-n", "One")
    trusted = by_alice("applications", "create", programmed, "-n", "Two", "--trust")

    one, two = (Application.objects.get(name=name).version() for name in ("One", "Two"))
    assert (untrusted.exit_code, trusted.exit_code) == (0, 0)
    assert "Published without a form: jobbergate.py was not run" in untrusted.stderr
    assert one.form is None
    assert two.form is not None
    assert two.form["captured"] is True
    assert [question["variable"] for question in two.form["questions"]] == ["nodes"]


def test_code_that_cannot_run_here_is_published_without_a_form(by_alice: Jobbergate, programmed: Path) -> None:
    (programmed / "jobbergate.py").write_bytes(PROGRAM.replace(b"return [", b"return self.nothing["))

    result = by_alice("applications", "create", programmed, "--trust")

    assert result.exit_code == 0
    assert "Warning: Published without a form:" in result.stderr
    assert "jobbergate.py" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_is_trusted_once_is_not_asked_again(by_alice: Jobbergate, programmed: Path) -> None:
    by_alice("applications", "create", programmed, "-n", "One", "--trust")
    by_alice("applications", "create", programmed, "-n", "Two")

    assert Application.objects.get(name="Two").version().form is not None


def test_update_publishes_the_next_version(by_alice: Jobbergate, folder: Path) -> None:
    by_alice("applications", "create", folder, "--identifier", "hello")
    (folder / "README").write_text("Read me.")

    result = by_alice("applications", "update", "hello", folder, "--note", "With a README.", "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert result.stderr == "Version 2 is published.\n"
    assert json.loads(result.stdout)["latest_version"] == 2
    assert Application.objects.get().version().note == "With a README."


def test_update_changes_what_is_named_and_nothing_else(by_alice: Jobbergate, folder: Path) -> None:
    by_alice("applications", "create", folder, "--identifier", "hello", "--description", "Greets.")

    result = by_alice(
        "applications", "update", "hello", "--identifier", "good-bye", "--visibility", "private", "--archive"
    )

    application = Application.objects.get()
    assert result.exit_code == 0, result.stderr
    assert (application.identifier, application.visibility, application.is_archived) == ("good-bye", "private", True)
    assert (application.description, application.latest_version) == ("Greets.", 1)


def test_a_change_that_is_refused_publishes_nothing(by_alice: Jobbergate, folder: Path) -> None:
    by_alice("applications", "create", folder, "--identifier", "hello")
    make_application(make_user("bob"), identifier="taken")
    (folder / "README").write_text("Read me.")

    result = by_alice("applications", "update", "hello", folder, "--identifier", "taken")

    assert result.exit_code == 1
    assert Application.objects.get(identifier="hello").latest_version == 1


def test_a_description_can_be_emptied(by_alice: Jobbergate, folder: Path) -> None:
    by_alice("applications", "create", folder, "--identifier", "hello", "--description", "Greets.")
    by_alice("applications", "update", "hello", "--description", "")

    assert Application.objects.get().description == ""


def test_tags_are_added_and_taken_away(by_alice: Jobbergate) -> None:
    application = make_application(identifier="hello", tags=["cfd", "draft"])

    result = by_alice("applications", "update", "hello", "--tag", "OpenFOAM", "--tag", "cfd", "--untag", "Draft")

    application.refresh_from_db()
    assert (result.exit_code, application.tags) == (0, ["cfd", "openfoam"])


def test_the_list_shows_tags_and_is_narrowed_to_one(by_alice: Jobbergate) -> None:
    make_application(name="One", tags=["cfd", "openfoam"])
    make_application(name="Two", tags=["cfd-2d"])

    table = by_alice("applications", "list").stdout
    chosen = json.loads(by_alice("applications", "list", "--tag", "CFD", "-o", "json").stdout)
    refused = by_alice("applications", "list", "--tag", "a b")

    assert "cfd openfoam" in table
    assert [row["name"] for row in chosen] == ["One"]
    assert (refused.exit_code, "'a b' is not accepted; a tag is" in refused.stderr) == (1, True)


def test_several_are_archived_and_brought_back(by_alice: Jobbergate, bob: User) -> None:
    one, two = make_application(identifier="one"), make_application(identifier="two")
    make_application(bob, identifier="his")

    done = by_alice("applications", "archive", "one", two.pk, "-o", "id")
    listed = by_alice("applications", "list", "--archived", "--mine", "-o", "id").stdout.split()
    back = by_alice("applications", "unarchive", "one", "his", "nothing", "-o", "id")

    assert (done.exit_code, done.stdout.split()) == (0, [str(one.pk), str(two.pk)])
    assert sorted(listed) == sorted(done.stdout.split())
    assert (back.exit_code, back.stdout.split()) == (1, [str(one.pk)])
    assert "Error: his: Only its owner, its editors and staff may change this." in back.stderr
    assert "Error: nothing: " in back.stderr


def test_update_with_nothing_to_change_is_wrong_usage(by_alice: Jobbergate) -> None:
    result = by_alice("applications", "update", "hello")

    assert result.exit_code == 2
    assert "nothing to change" in result.stderr


def test_get_shows_a_row_or_one_of_its_versions(by_alice: Jobbergate) -> None:
    application = make_application(identifier="hello")

    row = json.loads(by_alice("applications", "get", application.pk, "-o", "json").stdout)
    version = json.loads(by_alice("applications", "get", "hello", "--version", "latest", "-o", "json").stdout)

    assert row["identifier"] == "hello"
    assert (version["number"], version["kind"]) == (1, "declarative")
    assert [question["variable"] for question in version["form"]["questions"]] == ["nodes"]


def test_get_for_people_names_every_property(by_alice: Jobbergate) -> None:
    make_application(identifier="hello", name="Hello, world")

    lines = dict(
        line.split(None, 1) for line in by_alice("applications", "get", "hello").stdout.splitlines() if " " in line
    )

    assert lines["name"].strip() == "Hello, world"
    assert lines["identifier"].strip() == "hello"


def test_what_is_not_there_or_not_ours_is_1(by_alice: Jobbergate, bob: User) -> None:
    secret = make_application(bob, visibility="private", identifier="secret")

    for name in ("no-such-thing", secret.pk, "secret"):
        result = by_alice("applications", "get", name)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("Error: ")


def test_delete_says_what_is_gone(by_alice: Jobbergate) -> None:
    application = make_application(identifier="hello")

    result = by_alice("applications", "delete", "hello", "--output", "json")

    assert (result.exit_code, json.loads(result.stdout)) == (0, {"id": application.pk, "deleted": True})
    assert result.stderr == f"The application {application.pk} is deleted.\n"
    assert not Application.objects.exists()


def test_download_writes_the_folder_of_a_version(by_alice: Jobbergate, tmp_path: Path) -> None:
    make_application(identifier="hello", files={"data/table.bin": bytes(range(256))})

    result = by_alice("applications", "download", "hello", "-d", tmp_path / "here", "--output", "id")

    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "here" / "data" / "table.bin").read_bytes() == bytes(range(256))
    assert {Path(line) for line in result.stdout.splitlines()} == {
        path for path in (tmp_path / "here").rglob("*") if path.is_file()
    }


def test_download_makes_a_new_folder_by_default(
    by_alice: Jobbergate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_application(identifier="hello")
    monkeypatch.chdir(tmp_path)

    assert by_alice("applications", "download", "hello").exit_code == 0
    assert (tmp_path / "hello" / "jobbergate.yaml").is_file()


def test_download_overwrites_what_differs_only_by_force(by_alice: Jobbergate, tmp_path: Path) -> None:
    make_application(identifier="hello")
    (tmp_path / "jobbergate.yaml").write_text("mine")

    refused = by_alice("applications", "download", "hello", "-d", tmp_path)
    assert refused.exit_code == 1
    assert (tmp_path / "jobbergate.yaml").read_text() == "mine"

    forced = by_alice("applications", "download", "hello", "-d", tmp_path, "--force")
    assert forced.exit_code == 0
    assert (tmp_path / "jobbergate.yaml").read_bytes() == FOLDER["jobbergate.yaml"]


def test_a_colleague_s_application_can_be_cloned(by_alice: Jobbergate, bob: User) -> None:
    original = make_application(bob, identifier="hello")

    result = by_alice("applications", "clone", "hello", "--identifier", "my-hello", "-o", "id")

    assert result.exit_code == 0, result.stderr
    copy = Application.objects.get(pk=int(result.stdout))
    assert (copy.owner.get_username(), copy.identifier) == ("alice", "my-hello")
    assert copy.version().sha256 == original.version().sha256
    assert ApplicationVersion.objects.count() == 2


def test_update_with_what_the_newest_version_holds_says_so(by_alice: Jobbergate, folder: Path) -> None:
    by_alice("applications", "create", folder, "--identifier", "hello")

    result = by_alice("applications", "update", "hello", folder)

    assert (result.exit_code, result.stderr) == (0, "The newest version, 1, holds just that already.\n")


def test_no_code_runs_for_an_update_that_the_server_refuses(by_alice: Jobbergate, tmp_path: Path, bob: User) -> None:
    make_application(bob, identifier="theirs")
    program = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode() + PROGRAM
    folder = write_folder(tmp_path / "mine", {**PROGRAMMED, "jobbergate.py": program})

    theirs = by_alice("applications", "update", "theirs", folder, "--trust")
    nowhere = by_alice("applications", "update", "nowhere", folder, "--trust")

    assert (theirs.exit_code, theirs.stderr) == (1, "Error: Only its owner, its editors and staff may change this.\n")
    assert nowhere.exit_code == 1
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_is_called_by_a_dot_has_its_name(
    by_alice: Jobbergate, programmed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(programmed)
    by_alice("applications", "check", ".", "--trust")

    trusted = json.loads(by_alice("applications", "trust", "list", "-o", "json").stdout)

    assert [row["application"] for row in trusted] == [programmed.name]


def test_what_runs_is_what_was_read_and_trusted(by_alice: Jobbergate, programmed: Path) -> None:
    """A program that is changed while it runs, here by itself, is sent and run as it was."""
    change = f"from pathlib import Path; Path({str(programmed / 'jobbergate.py')!r}).write_text('broken(')\n"
    write_folder(programmed, {"jobbergate.py": change.encode() + PROGRAM, "tests/small/answers.yaml": b"nodes: 3\n"})

    result = by_alice("applications", "create", programmed, "-n", "One", "--trust")

    assert (result.exit_code, result.stderr) == (0, "")
    assert Application.objects.get().version().form["questions"][0]["variable"] == "nodes"
