"""`jobbergate job-scripts edit`, `upload`, `rename`, `remove`, `show` and `download`, at the real server."""

import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from cli.client import Client
from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.factories import make_script, make_submission

JOB, DATA = b"#!/bin/bash\ntrue\n", b"\xff\x00 1 2 3"
Editor = Callable[[str], None]


@pytest.fixture
def script(alice: User, server: str) -> JobScript:
    return JobScript.upload(alice, {"job.sh": JOB, "input/my data": DATA}, "job.sh", "By hand")


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """`editor("echo more >> $1")` is what $EDITOR does."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "typed"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("VISUAL", raising=False)
    (tmp_path / "typed").mkdir()

    def does(commands: str) -> None:
        program = tmp_path / "an editor"
        program.write_text(f"#!/bin/sh\n{commands}\n")
        program.chmod(0o755)
        monkeypatch.setenv("EDITOR", f"{shlex.quote(str(program))}")

    return does


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "typed").rglob("*") if path.is_file()]


# --- edit -----------------------------------------------------------------------------------------------------------


def test_the_entrypoint_is_edited(by_alice: Jobbergate, script: JobScript, editor: Editor, tmp_path: Path) -> None:
    editor('echo "echo more" >> "$1"; echo "$1" > ' + shlex.quote(str(tmp_path / "name")))

    result = by_alice("job-scripts", "edit", script.pk, "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["id"] == script.pk
    assert script.read_files() == {"job.sh": JOB + b"echo more\n", "input/my data": DATA}
    assert (tmp_path / "name").read_text().endswith("/job.sh\n")
    assert list((tmp_path / "typed").iterdir()) == []


def test_another_file_is_edited_bytes_and_all(by_alice: Jobbergate, script: JobScript, editor: Editor) -> None:
    editor('printf x >> "$1"')

    assert by_alice("job-scripts", "edit", script.pk, "input/my data").exit_code == 0
    assert script.read_file("input/my data") == DATA + b"x"


def test_a_file_that_is_not_there_is_made(by_alice: Jobbergate, script: JobScript, editor: Editor) -> None:
    editor('printf new >> "$1"')

    assert by_alice("job-scripts", "edit", script.pk, "a/new.txt").exit_code == 0
    assert script.read_file("a/new.txt") == b"new"


def test_a_rendered_script_is_said_to_be_edited(by_alice: Jobbergate, alice: User, editor: Editor) -> None:
    rendered = make_script(alice)
    editor('echo true >> "$1"')

    row = json.loads(by_alice("job-scripts", "edit", rendered.pk, "-o", "json").stdout)

    assert (row["edited_at"] is not None, row["answers"]) == (True, {"nodes": 2})


def test_visual_goes_before_editor_and_may_have_arguments(
    by_alice: Jobbergate, script: JobScript, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor('printf "%s" "$1" >> "$2"')
    monkeypatch.setenv("VISUAL", os.environ["EDITOR"] + " '--wait; $(id)'")
    monkeypatch.setenv("EDITOR", "false")

    assert by_alice("job-scripts", "edit", script.pk).exit_code == 0
    assert script.read_file("job.sh") == JOB + b"--wait; $(id)"


def test_nothing_is_saved_when_nothing_was_changed(
    by_alice: Jobbergate, script: JobScript, editor: Editor, tmp_path: Path
) -> None:
    editor("true")
    before = JobScript.objects.get().updated_at

    result = by_alice("job-scripts", "edit", script.pk)

    assert (result.exit_code, result.stderr) == (0, "Nothing was changed, and nothing is saved.\n")
    assert JobScript.objects.get().updated_at == before
    assert list((tmp_path / "typed").iterdir()) == []


def test_when_the_editor_fails_nothing_is_saved_and_what_was_typed_is_kept(
    by_alice: Jobbergate, script: JobScript, editor: Editor, tmp_path: Path
) -> None:
    editor('echo typed >> "$1"; exit 3')

    result = by_alice("job-scripts", "edit", script.pk)

    (file,) = kept(tmp_path)
    assert (result.exit_code, script.read_file("job.sh")) == (1, JOB)
    assert f"What you typed is kept in {file}." in result.stderr
    assert "failed (exit status 3); nothing is saved." in result.stderr
    assert file.read_bytes() == JOB + b"typed\n"


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ("/nowhere/ed", 1, "The editor /nowhere/ed cannot be started: No such file or directory; set $EDITOR."),
        ("'ed", 2, "$VISUAL or $EDITOR cannot be read as a command: No closing quotation."),
        ("rm -f", 1, "cannot be read: No such file or directory."),
    ],
)
def test_an_editor_that_cannot_be_is_told(
    by_alice: Jobbergate,
    script: JobScript,
    editor: Editor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    code: int,
    words: str,
) -> None:
    monkeypatch.setenv("EDITOR", value)

    result = by_alice("job-scripts", "edit", script.pk)

    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert list((tmp_path / "typed").iterdir()) == []


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(
    by_alice: Jobbergate, script: JobScript, editor: Editor, tmp_path: Path
) -> None:
    (tmp_path / "other").write_bytes(b"#!/bin/bash\nother\n")
    config, program = os.environ["JOBBERGATE_CONFIG_DIR"], Path(sys.executable).parent / "jobbergate"
    save = f"JOBBERGATE_CONFIG_DIR={config} {program} job-scripts upload {script.pk} {tmp_path}/other --as job.sh"
    editor(f'{save} >/dev/null || exit 9; echo mine >> "$1"')

    result = by_alice("job-scripts", "edit", script.pk)

    (file,) = kept(tmp_path)
    assert (result.exit_code, script.read_file("job.sh")) == (1, b"#!/bin/bash\nother\n")
    assert "'job.sh' is not what you have seen" in result.stderr
    assert file.read_bytes() == JOB + b"mine\n"
    again = re.search("To save it all the same: jobbergate (.*)\n", result.stderr)
    assert again is not None
    assert by_alice(*shlex.split(again[1])).exit_code == 0
    assert script.read_file("job.sh") == JOB + b"mine\n"


def test_what_cannot_be_changed_is_told_before_anybody_types(
    by_alice: Jobbergate, alice: User, bob: User, script: JobScript, editor: Editor, tmp_path: Path
) -> None:
    make_submission(alice, script)
    his = make_script(bob)
    his.share("reader", user=alice)
    editor(f"touch {shlex.quote(str(tmp_path / 'started'))}")

    submitted, read = by_alice("job-scripts", "edit", script.pk), by_alice("job-scripts", "edit", his.pk)

    assert (submitted.exit_code, read.exit_code) == (1, 1)
    assert "was submitted, so its files stay as they are; clone it" in submitted.stderr
    assert read.stderr == "Error: Only its owner, its editors and staff may change this.\n"
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a\nb"])
def test_a_path_that_leads_elsewhere_is_edited_nowhere(
    by_alice: Jobbergate, script: JobScript, editor: Editor, path: str
) -> None:
    editor('echo typed >> "$1"')

    assert by_alice("job-scripts", "edit", script.pk, path).exit_code == 1
    assert script.files.count() == 2


# --- upload, rename, remove, show -----------------------------------------------------------------------------------


def test_files_are_uploaded_under_their_names(by_alice: Jobbergate, script: JobScript, tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_bytes(b"new")
    (tmp_path / "empty").write_bytes(b"")

    result = by_alice("job-scripts", "upload", script.pk, tmp_path / "job.sh", tmp_path / "empty", "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert script.read_files() == {"job.sh": b"new", "empty": b"", "input/my data": DATA}
    assert [file["path"] for file in json.loads(result.stdout)["files"]] == ["empty", "input/my data", "job.sh"]


def test_one_file_is_uploaded_under_another_path(by_alice: Jobbergate, script: JobScript, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"new")
    (tmp_path / "y").write_bytes(b"new")

    one = by_alice("job-scripts", "upload", script.pk, tmp_path / "x", "--as", "input/größe #1?.txt")
    two = by_alice("job-scripts", "upload", script.pk, tmp_path / "x", tmp_path / "y", "--as", "z")

    assert (one.exit_code, two.exit_code) == (0, 2)
    assert script.read_file("input/größe #1?.txt") == b"new"


def test_what_was_saved_before_a_refusal_is_told(by_alice: Jobbergate, script: JobScript, tmp_path: Path) -> None:
    for name in ("first", "input", "third"):
        (tmp_path / name).write_bytes(b"1")

    result = by_alice("job-scripts", "upload", script.pk, *(tmp_path / name for name in ("first", "input", "third")))

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "first: saved before.\nError: 'input' is a file and, for 'input/my data', a folder."
    )
    assert sorted(script.read_files()) == ["first", "input/my data", "job.sh"]


def test_a_file_that_is_too_large_is_refused_before_anything_is_sent(
    by_alice: Jobbergate, script: JobScript, tmp_path: Path
) -> None:
    (tmp_path / "small").write_bytes(b"1")
    (tmp_path / "large").write_bytes(b"x" * (10 * 2**20 + 1))

    result = by_alice("job-scripts", "upload", script.pk, tmp_path / "small", tmp_path / "large")

    assert (result.exit_code, result.stderr) == (1, "Error: large is larger than 10 MiB.\n")
    assert script.files.count() == 2


def test_two_files_of_one_name_are_refused(by_alice: Jobbergate, script: JobScript, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "x").write_bytes(b"1")
    (tmp_path / "a" / "x").write_bytes(b"2")

    result = by_alice("job-scripts", "upload", script.pk, tmp_path / "x", tmp_path / "a" / "x")

    assert (result.exit_code, result.stderr) == (1, "Error: x occurs twice.\n")


def test_what_is_wrong_with_a_changed_entrypoint_is_told(
    by_alice: Jobbergate, script: JobScript, tmp_path: Path
) -> None:
    (tmp_path / "wrong.sh").write_text("#!/bin/sh\n#SBATCH --tme=1\n")

    result = by_alice("job-scripts", "upload", script.pk, tmp_path / "wrong.sh", "--as", script.entrypoint)

    assert result.exit_code == 0
    assert f"{script.entrypoint}:2: error: sbatch has no option --tme." in result.stderr


def test_a_file_is_renamed_and_the_entrypoint_goes_along(by_alice: Jobbergate, script: JobScript) -> None:
    result = by_alice("job-scripts", "rename", script.pk, "job.sh", "bin/run.sh", "-o", "json")

    assert (result.exit_code, json.loads(result.stdout)["entrypoint"]) == (0, "bin/run.sh")
    taken = by_alice("job-scripts", "rename", script.pk, "input/my data", "bin/run.sh")
    assert (taken.exit_code, "There is a file 'bin/run.sh' already" in taken.stderr) == (1, True)


def test_files_are_removed_and_the_entrypoint_is_not(by_alice: Jobbergate, script: JobScript) -> None:
    kept = by_alice("job-scripts", "remove", script.pk, "input/my data", "job.sh")

    assert (kept.exit_code, kept.stdout) == (1, "")
    assert kept.stderr.startswith("input/my data: removed before.\nError: 'job.sh' is the entrypoint, and stays;")
    assert script.read_files() == {"job.sh": JOB}


def test_another_entrypoint_is_chosen(by_alice: Jobbergate, script: JobScript) -> None:
    result = by_alice("job-scripts", "update", script.pk, "--entrypoint", "input/my data", "-o", "json")

    assert (result.exit_code, json.loads(result.stdout)["entrypoint"]) == (0, "input/my data")
    assert by_alice("job-scripts", "remove", script.pk, "job.sh").exit_code == 0
    assert by_alice("job-scripts", "update", script.pk, "--entrypoint", "job.sh").exit_code == 1


def test_a_file_is_shown(by_alice: Jobbergate, script: JobScript) -> None:
    data = json.loads(by_alice("job-scripts", "show", script.pk, "input/my data", "-o", "json").stdout)
    binary = by_alice("job-scripts", "show", script.pk, "input/my data")

    assert by_alice("job-scripts", "show", script.pk).stdout == JOB.decode()
    assert (data["size"], data["content"]) == (len(DATA), None)
    assert (binary.exit_code, "is not text" in binary.stderr) == (1, True)
    assert by_alice("job-scripts", "show", script.pk, "nowhere").exit_code == 1


@pytest.mark.parametrize("words", [["show"], ["rename"], ["remove"]])
@pytest.mark.parametrize("path", ["..", "a//b", "../../whoami", ""])
def test_a_path_never_asks_for_something_else(
    by_alice: Jobbergate, script: JobScript, words: list[str], path: str
) -> None:
    result = by_alice("job-scripts", *words, script.pk, path, *(["x"] if words == ["rename"] else []))

    assert result.exit_code in (1, 2) or (words == ["show"] and not path)
    assert script.read_files() == {"job.sh": JOB, "input/my data": DATA}


# --- download -------------------------------------------------------------------------------------------------------


def test_a_download_that_is_not_what_the_server_names_is_not_written(
    by_alice: Jobbergate, script: JobScript, tmp_path: Path
) -> None:
    # As if a disk of the server, or a proxy on the way, had changed a byte.
    script.files.filter(path="job.sh").update(content=b"#!/bin/bash\nevil\n")

    result = by_alice("job-scripts", "download", script.pk, "-d", tmp_path / "run")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: job.sh: not as the server names it")
    assert not (tmp_path / "run").exists()


def test_a_file_that_comes_between_the_names_and_the_contents_is_noticed(
    by_alice: Jobbergate, script: JobScript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Client.download

    def changed_first(client: Client, path: str) -> bytes:
        script.files.filter(path="input/my data").delete()
        return download(client, path)

    monkeypatch.setattr(Client, "download", changed_first)

    result = by_alice("job-scripts", "download", script.pk, "-d", tmp_path / "run")

    assert (result.exit_code, "input/my data: not as the server names it" in result.stderr) == (1, True)


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("where", ["file", "folder", "outside"])
def test_nothing_is_written_through_a_link(
    by_alice: Jobbergate, script: JobScript, tmp_path: Path, where: str, force: list[str]
) -> None:
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    run.mkdir()
    elsewhere.mkdir()
    (elsewhere / "job.sh").write_bytes(b"theirs")
    links = {"file": (run / "job.sh", elsewhere / "job.sh"), "folder": (run / "input", elsewhere)}
    link, target = links.get(where, (run / "input", Path("/")))
    link.symlink_to(target)

    result = by_alice("job-scripts", "download", script.pk, "-d", run, *force)

    assert (result.exit_code, result.stdout) == (1, "")
    assert (elsewhere / "job.sh").read_bytes() == b"theirs"
    assert sorted(path.name for path in elsewhere.iterdir()) == ["job.sh"]
    assert sorted(path.name for path in run.iterdir()) == [link.name]


def test_of_files_one_of_which_is_in_the_way_none_is_written(
    by_alice: Jobbergate, script: JobScript, tmp_path: Path
) -> None:
    (tmp_path / "job.sh").write_bytes(b"mine")

    refused = by_alice("job-scripts", "download", script.pk, "-d", tmp_path)
    forced = by_alice("job-scripts", "download", script.pk, "-d", tmp_path, "--force")
    again = by_alice("job-scripts", "download", script.pk, "-d", tmp_path)

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"{tmp_path}/job.sh exists with another content" in refused.stderr
    assert (forced.exit_code, again.exit_code) == (0, 0)
    assert (tmp_path / "job.sh").read_bytes() == JOB
    assert (tmp_path / "input" / "my data").read_bytes() == DATA


def test_how_many_files_were_written_before_a_failure_is_told(
    by_alice: Jobbergate, script: JobScript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = os.replace, []

    def full(*args: object, **kwargs: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        replace(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("cli.writing.os.replace", full)

    result = by_alice("job-scripts", "download", script.pk, "-d", tmp_path / "run")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "No space left on device. Before it, 1 of 2 files were written." in result.stderr
