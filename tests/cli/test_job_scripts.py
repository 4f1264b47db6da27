"""`jobbergate job-scripts`: from answers to rendered files, by the real server."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.cli.test_applications import PROGRAMMED
from tests.factories import make_application, make_script

RENDERED = b"#!/bin/bash\n#SBATCH --nodes=%d\necho hello\n"
QUESTIONS = b"""\
jobbergate_config: {default_template: job.sh.j2}
questions:
  - {variable: nodes, type: integer, message: How many nodes?, min: 1, max: 64}
"""


@pytest.fixture(autouse=True)
def hello(alice: User, server: str) -> None:
    make_application(identifier="hello", name="Hello, world")


def test_create_takes_answers_from_words(by_alice: Jobbergate) -> None:
    result = by_alice("job-scripts", "create", "hello", "-n", "Four", "-a", "nodes=4", "--output", "json")

    script = JobScript.objects.get()
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["answers"] == {"nodes": 4}
    assert (script.name, script.owner.get_username()) == ("Four", "alice")
    assert script.read_files() == {"job.sh": RENDERED % 4}


@pytest.mark.parametrize(("name", "text"), [("a.json", '{"nodes": 8}'), ("a.yaml", "nodes: 8\n")])
def test_create_takes_answers_from_a_file(by_alice: Jobbergate, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    result = by_alice("job-scripts", "create", "hello", "--answers", tmp_path / name)

    assert result.exit_code == 0, result.stderr
    assert JobScript.objects.get().answers == {"nodes": 8}


def test_create_takes_answers_from_standard_input_and_words_go_before_them(by_alice: Jobbergate) -> None:
    result = by_alice("job-scripts", "create", "hello", "--answers", "-", "-a", "nodes=9", stdin='{"nodes": 8}')

    assert result.exit_code == 0, result.stderr
    assert JobScript.objects.get().answers == {"nodes": 9}


def test_fast_takes_the_defaults(by_alice: Jobbergate) -> None:
    by_alice("job-scripts", "create", "hello", "--fast")

    assert JobScript.objects.get().answers == {"nodes": 2}


@pytest.mark.usefixtures("alice")
def test_without_a_terminal_a_missing_answer_is_named_and_nothing_is_made(by_alice: Jobbergate) -> None:
    make_application(identifier="ask", files={"jobbergate.yaml": QUESTIONS})

    result = by_alice("job-scripts", "create", "ask")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "nodes" in result.stderr
    assert "-a" in result.stderr
    assert not JobScript.objects.exists()


@pytest.mark.parametrize("answer", ["nodes=0", "nodes=many", "nodse=4"])
def test_an_answer_that_is_not_accepted_is_1_and_says_what_is(by_alice: Jobbergate, answer: str) -> None:
    result = by_alice("job-scripts", "create", "hello", "-a", answer)

    assert result.exit_code == 1
    assert "nodes" in result.stderr
    assert not JobScript.objects.exists()


def test_sbatch_parameters_are_kept_and_written(by_alice: Jobbergate) -> None:
    by_alice("job-scripts", "create", "hello", "--fast", "-p", "--time=10", "-p", "-J x")

    script = JobScript.objects.get()
    assert script.sbatch_parameters == ["--time=10", "-J x"]
    assert b"#SBATCH --time=10\n" in script.read_files()["job.sh"]


def test_an_older_version_can_be_named(by_alice: Jobbergate, alice: User) -> None:
    application = make_application(identifier="twice")
    application.publish({**PROGRAMMED, "templates/job.sh.j2": b"#!/bin/bash\n"}, alice)

    result = by_alice("job-scripts", "create", "twice", "--version", "1", "--fast")

    assert result.exit_code == 0, result.stderr
    assert JobScript.objects.get().read_files() == {"job.sh": RENDERED % 2}


@pytest.mark.parametrize("words", [["--download"], ["-d"]])
def test_download_after_create_is_into_the_current_directory(
    by_alice: Jobbergate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    result = by_alice("job-scripts", "create", "hello", "--fast", "-o", "id", *words)

    assert (result.exit_code, result.stdout) == (0, f"{JobScript.objects.get().pk}\n")
    assert Path("job.sh").read_bytes() == RENDERED % 2


def test_download_after_create_takes_a_directory(by_alice: Jobbergate, tmp_path: Path) -> None:
    by_alice("job-scripts", "create", "hello", "--fast", "-d", tmp_path / "run")

    assert (tmp_path / "run" / "job.sh").read_bytes() == RENDERED % 2


def test_warnings_of_a_script_are_talk_with_file_and_line(by_alice: Jobbergate) -> None:
    files = {"templates/job.sh.j2": b"#!/bin/bash\necho {{ gone }}\n", "jobbergate.yaml": PROGRAMMED["jobbergate.yaml"]}
    lenient = b"jobbergate_config: {default_template: job.sh.j2, undefined: warn}\nquestions: []\n"
    make_application(identifier="lenient", files={**files, "jobbergate.yaml": lenient})

    result = by_alice("job-scripts", "create", "lenient", "-o", "id")

    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{JobScript.objects.get().pk}\n"
    assert result.stderr == "Warning: templates/job.sh.j2, line 2: 'gone' is not defined.\n"


def test_a_hole_in_a_template_is_refused_with_file_and_line(by_alice: Jobbergate) -> None:
    make_application(identifier="hole", files={"templates/job.sh.j2": b"#!/bin/bash\necho {{ gone }}\n"})

    result = by_alice("job-scripts", "create", "hole", "--fast")

    assert result.exit_code == 1
    assert "templates/job.sh.j2" in result.stderr
    assert "line 2" in result.stderr


def test_preview_prints_the_script_and_saves_nothing(by_alice: Jobbergate) -> None:
    result = by_alice("job-scripts", "preview", "hello", "-a", "nodes=3")

    assert (result.exit_code, result.stdout) == (0, (RENDERED % 3).decode())
    assert not JobScript.objects.exists()


def test_preview_of_several_files_names_each(by_alice: Jobbergate) -> None:
    several = (
        b"jobbergate_config: {default_template: job.sh.j2, supporting_files: [more.txt.j2]}\n"
        b"application_config: {nodes: 2}\nquestions: []\n"
    )
    make_application(identifier="several", files={"jobbergate.yaml": several, "templates/more.txt.j2": b"more\n"})

    text = by_alice("job-scripts", "preview", "several").stdout
    data = json.loads(by_alice("job-scripts", "preview", "several", "-o", "json").stdout)

    assert f"==> job.sh <==\n{(RENDERED % 2).decode()}" in text
    assert "==> more.txt <==\nmore\n" in text
    assert {file["path"] for file in data["files"]} == {"job.sh", "more.txt"}


def test_a_script_of_one_s_own_is_kept_as_it_is(by_alice: Jobbergate, tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_bytes(b"#!/bin/bash\necho {{ not a template }}\n")

    result = by_alice("job-scripts", "create", "--upload", tmp_path / "job.sh", "-o", "json")

    script = JobScript.objects.get()
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["application"] is None
    assert (script.name, script.entrypoint) == ("job.sh", "job.sh")
    assert script.read_files() == {"job.sh": b"#!/bin/bash\necho {{ not a template }}\n"}


def test_a_folder_of_one_s_own_names_its_entrypoint(by_alice: Jobbergate, tmp_path: Path) -> None:
    (tmp_path / "mine" / "data").mkdir(parents=True)
    (tmp_path / "mine" / "run.sh").write_text("#!/bin/bash\n")
    (tmp_path / "mine" / "data" / "in.txt").write_text("1\n")

    result = by_alice("job-scripts", "create", "--upload", tmp_path / "mine", "--entrypoint", "run.sh", "-n", "Mine")

    script = JobScript.objects.get()
    assert result.exit_code == 0, result.stderr
    assert (script.name, script.entrypoint) == ("Mine", "run.sh")
    assert script.read_files() == {"run.sh": b"#!/bin/bash\n", "data/in.txt": b"1\n"}


def test_an_upload_takes_no_answers(by_alice: Jobbergate, tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_text("#!/bin/bash\n")

    result = by_alice("job-scripts", "create", "--upload", tmp_path / "job.sh", "-a", "nodes=2")

    assert result.exit_code == 2
    assert not JobScript.objects.exists()


def test_download_writes_the_files(by_alice: Jobbergate, tmp_path: Path) -> None:
    script = make_script()

    result = by_alice("job-scripts", "download", script.pk, "-d", tmp_path / "run", "--output", "json")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == [{"path": str(tmp_path / "run" / "job.sh"), "size": len(RENDERED % 2)}]
    assert result.stderr == f"1 file written to {tmp_path / 'run'}.\n"
    assert (tmp_path / "run" / "job.sh").read_bytes() == RENDERED % 2


def test_download_keeps_what_differs(by_alice: Jobbergate, tmp_path: Path) -> None:
    script = make_script()
    (tmp_path / "job.sh").write_text("mine")

    assert by_alice("job-scripts", "download", script.pk, "-d", tmp_path).exit_code == 1
    assert (tmp_path / "job.sh").read_text() == "mine"
    assert by_alice("job-scripts", "download", script.pk, "-d", tmp_path, "--force").exit_code == 0
    assert (tmp_path / "job.sh").read_bytes() == RENDERED % 2


def test_a_copy_with_other_answers_is_rendered_again(by_alice: Jobbergate) -> None:
    script = make_script()

    result = by_alice("job-scripts", "clone", script.pk, "-a", "nodes=16", "-n", "Sixteen", "-o", "id")

    copy = JobScript.objects.get(pk=int(result.stdout))
    assert (copy.name, copy.answers) == ("Sixteen", {"nodes": 16})
    assert copy.read_files() == {"job.sh": RENDERED % 16}


def test_update_get_and_delete(by_alice: Jobbergate) -> None:
    script = make_script()

    assert by_alice("job-scripts", "update", script.pk, "-n", "New", "--archive").exit_code == 0
    row = json.loads(by_alice("job-scripts", "get", script.pk, "-o", "json").stdout)
    assert (row["name"], row["is_archived"]) == ("New", True)

    assert by_alice("job-scripts", "update", script.pk, "--restore").exit_code == 0
    assert by_alice("job-scripts", "delete", script.pk, "-o", "id").stdout == f"{script.pk}\n"
    assert not JobScript.objects.exists()
