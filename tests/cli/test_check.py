"""`jobbergate applications check`, and what publishing makes of an application's own tests."""

import json
from pathlib import Path

import pytest

from applications.models import Application
from tests.cli.conftest import Jobbergate
from tests.cli.terminal import at_a_terminal
from tests.cli.test_applications import PROGRAM, PROGRAMMED, write_folder
from tests.factories import FOLDER

EXPECTED = b"#!/bin/bash\n#SBATCH --nodes=4\necho hello\n"
SMALL = {"tests/small/answers.yaml": b"nodes: 4\n", "tests/small/expected/job.sh": EXPECTED}
WRONG = {**SMALL, "tests/small/expected/job.sh": EXPECTED.replace(b"=4", b"=3")}
COMPUTES = PROGRAM.replace(b"return [", b"data['tasks'] = 2\n        return [")
COMPUTED = {
    **PROGRAMMED,
    "jobbergate.py": COMPUTES,
    "templates/job.sh.j2": b"srun -N{{ nodes }} -n{{ tasks }}\n",
    "tests/small/answers.yaml": b"nodes: 4\n",
    "tests/small/expected/job.sh": b"srun -N4 -n2\n",
}
MARK = b"open({path!r}, 'w').close()\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "hello", {**FOLDER, **SMALL})


@pytest.fixture
def programmed(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "computed", COMPUTED)


def statuses(answer: str) -> dict[str, str]:
    return {test["name"]: test["status"] for test in json.loads(answer)["tests"]}


def test_a_folder_that_is_all_right_is_0_and_nothing_is_published(by_alice: Jobbergate, folder: Path) -> None:
    result = by_alice("applications", "check", folder)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "A declarative application: 4 files, 1 question.\ndefaults  passed\nsmall     passed\n"
    assert not Application.objects.exists()


def test_a_test_that_fails_is_1_and_shows_the_difference(by_alice: Jobbergate, folder: Path) -> None:
    write_folder(folder, WRONG)

    result = by_alice("applications", "check", folder)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == [
        "defaults  passed",
        "small     failed   job.sh is not as in tests/small/expected/, from line 2 on.",
        "    job.sh",
        "    @@ -1,3 +1,3 @@",
        "     #!/bin/bash",
        "    -#SBATCH --nodes=3",
        "    +#SBATCH --nodes=4",
        "     echo hello",
    ]


def test_json_is_the_server_s_answer_with_the_same_exit_code(by_alice: Jobbergate, folder: Path) -> None:
    good = by_alice("applications", "check", folder, "--output", "json")
    write_folder(folder, WRONG)
    bad = by_alice("applications", "check", folder, "--output", "json")

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert statuses(good.stdout) == {"defaults": "passed", "small": "passed"}
    assert statuses(bad.stdout) == {"defaults": "passed", "small": "failed"}
    assert json.loads(bad.stdout)["ok"] is False


@pytest.mark.usefixtures("by_alice")
def test_differences_are_in_colours_at_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    write_folder(folder, WRONG)

    shown, code = at_a_terminal(["applications", "check", str(folder)], [])
    monkeypatch.setenv("NO_COLOR", "1")
    plain, _ = at_a_terminal(["applications", "check", str(folder)], [])

    assert code == 1
    assert "\x1b[31m    -#SBATCH --nodes=3\x1b[0m" in shown
    assert "\x1b[32m    +#SBATCH --nodes=4\x1b[0m" in shown
    assert "\x1b[31m" not in plain


def test_a_hole_is_told_once_with_file_and_line(by_alice: Jobbergate, folder: Path) -> None:
    yaml = FOLDER["jobbergate.yaml"].replace(b"job.sh.j2", b"job.sh.j2\n  undefined: warn")
    template = FOLDER["templates/job.sh.j2"] + b"{{ nothing }}"
    write_folder(folder, {"jobbergate.yaml": yaml, "templates/job.sh.j2": template})
    (folder / "tests/small/expected/job.sh").write_bytes(EXPECTED)

    result = by_alice("applications", "check", folder)

    assert (result.exit_code, result.stderr) == (
        0,
        "Warning: templates/job.sh.j2, line 4: 'nothing' is not defined.\n",
    )


def test_what_publishing_refuses_is_one_sentence(by_alice: Jobbergate, folder: Path) -> None:
    (folder / "templates/job.sh.j2").write_text("{% if %}")

    result = by_alice("applications", "check", folder)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: templates/job.sh.j2, line 1: ")


# --- programs -------------------------------------------------------------------------------------------------------


def test_a_program_is_run_for_its_defaults_and_for_each_test(by_alice: Jobbergate, programmed: Path) -> None:
    result = by_alice("applications", "check", programmed, "--trust", "-o", "json")

    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert (answer["kind"], answer["questions"]) == ("programmed", 1)
    assert statuses(result.stdout) == {"defaults": "passed", "small": "passed"}


def test_code_that_nobody_trusts_does_not_run(by_alice: Jobbergate, programmed: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (programmed / "jobbergate.py").write_bytes(MARK.replace(b"{path!r}", repr(str(ran)).encode()) + COMPUTES)

    result = by_alice("applications", "check", programmed, "-o", "json")

    assert result.exit_code == 0
    assert statuses(result.stdout) == {"defaults": "skipped", "small": "skipped"}
    assert "jobbergate.py was not run, since nobody trusted it" in result.stderr
    assert not ran.exists()


def test_an_error_of_the_program_has_its_file_and_line(by_alice: Jobbergate, programmed: Path) -> None:
    (programmed / "jobbergate.py").write_bytes(
        COMPUTES.replace(b"data['tasks'] = 2", b"data['tasks'] = 8 // (data.get('nodes', 2) - 4)")
    )

    result = by_alice("applications", "check", programmed, "--trust")

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1] == "defaults  passed"
    assert lines[2].startswith("small     failed   jobbergate.py, line 6, in mainflow: ZeroDivisionError")
    assert "Traceback" not in result.stderr + result.stdout


def test_a_question_without_a_default_leaves_out_the_defaults_and_says_which(
    by_alice: Jobbergate, programmed: Path
) -> None:
    (programmed / "jobbergate.py").write_bytes(COMPUTES.replace(b", default=2", b""))

    result = by_alice("applications", "check", programmed, "--trust")

    assert result.exit_code == 0, result.stdout
    assert (
        "defaults  skipped  nodes: an answer is missing, and there is no default.\nsmall     passed\n" in result.stdout
    )


def test_answers_that_cannot_be_read_are_told_with_their_line(by_alice: Jobbergate, programmed: Path) -> None:
    (programmed / "tests/small/answers.yaml").write_text("nodes: 1\nother: [\n")

    result = by_alice("applications", "check", programmed, "--trust")

    assert result.exit_code == 1
    assert "small     failed   tests/small/answers.yaml, line 3: " in result.stdout


# --- publishing -----------------------------------------------------------------------------------------------------


def test_a_folder_whose_own_test_fails_is_not_published(by_alice: Jobbergate, folder: Path) -> None:
    write_folder(folder, WRONG)

    result = by_alice("applications", "create", folder)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "small: job.sh is not as in tests/small/expected/, from line 2 on.",
        "    job.sh:",
        "    @@ -1,3 +1,3 @@",
        "     #!/bin/bash",
        "    -#SBATCH --nodes=3",
        "    +#SBATCH --nodes=4",
        "     echo hello",
        "Error: Its own test fails: small. Mend what is wrong, or force the publication. (`--force` does that.)",
    ]
    assert not Application.objects.exists()


def test_force_publishes_it_all_the_same_and_the_note_says_so(by_alice: Jobbergate, folder: Path) -> None:
    write_folder(folder, WRONG)

    created = by_alice("applications", "create", folder, "--identifier", "hello", "--force", "--note", "In a hurry.")
    (folder / "README").write_text("more")
    refused = by_alice("applications", "update", "hello", folder)
    forced = by_alice("applications", "update", "hello", folder, "--force")

    assert (created.exit_code, refused.exit_code, forced.exit_code) == (0, 1, 0)
    notes = Application.objects.get().versions.values_list("number", "note")
    words = "Published although its own test fails: small."
    assert list(notes) == [(2, words), (1, f"In a hurry.\n{words}")]


def test_a_program_s_tests_run_when_it_is_published(by_alice: Jobbergate, programmed: Path) -> None:
    (programmed / "tests/small/expected/job.sh").write_text("srun -N4 -n3\n")

    untrusted = by_alice("applications", "create", programmed, "-n", "Untrusted")
    trusted = by_alice("applications", "create", programmed, "-n", "Trusted", "--trust")

    assert untrusted.exit_code == 0
    assert "Published without a form: jobbergate.py was not run" in untrusted.stderr
    assert untrusted.stderr.endswith("Nor were its tests.\n")
    assert trusted.exit_code == 1
    assert "    +srun -N4 -n2" in trusted.stderr
    assert [application.name for application in Application.objects.all()] == ["Untrusted"]
