"""An application's own code runs on this machine only after its user has trusted that very content."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from applications.models import Application
from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.cli.terminal import at_a_terminal
from tests.cli.test_applications import PROGRAM, PROGRAMMED, write_folder
from tests.factories import make_application

MARK = b"""\
from pathlib import Path
Path({path!r}).write_text("ran")
"""
COMPUTES = PROGRAM.replace(
    b"return [",
    b"data['job_script_name'] = 'Named by the code'\n        data['doubled'] = 4\n        return [",
)


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    return tmp_path / "ran"


@pytest.fixture
def application(bob: User, ran: Path) -> Application:
    program = MARK.replace(b"{path!r}", repr(str(ran)).encode()) + PROGRAM
    return make_application(bob, files={**PROGRAMMED, "jobbergate.py": program}, identifier="theirs")


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize("verb", [["job-scripts", "create"], ["job-scripts", "preview"], ["run", "--no-submit"]])
def test_untrusted_code_does_not_run_and_the_refusal_says_whose_it_is(
    by_alice: Jobbergate, ran: Path, verb: list[str], application: Application
) -> None:
    result = by_alice(*verb, "theirs", "--fast")

    assert (result.exit_code, result.stdout) == (1, "")
    for words in ("theirs", "bob", "version 1", application.version().sha256[:16], "--trust"):
        assert words in result.stderr
    assert not ran.exists()
    assert not JobScript.objects.exists()


@pytest.mark.usefixtures("application")
def test_trusted_code_runs_now_and_from_now_on(by_alice: Jobbergate, ran: Path) -> None:
    first = by_alice("job-scripts", "create", "theirs", "-a", "nodes=3", "--trust")
    assert first.exit_code == 0, first.stderr
    assert ran.exists()

    second = by_alice("job-scripts", "create", "theirs", "-a", "nodes=5")
    assert second.exit_code == 0, second.stderr
    assert [script.answers for script in JobScript.objects.order_by("id")] == [{"nodes": 3}, {"nodes": 5}]


def test_other_content_has_to_be_trusted_again_and_the_refusal_names_what_was(
    by_alice: Jobbergate, application: Application, bob: User
) -> None:
    by_alice("job-scripts", "create", "theirs", "--fast", "--trust")
    application.publish({**application.version().read_files(), "README": b"changed"}, bob)

    result = by_alice("job-scripts", "create", "theirs", "--fast")

    assert result.exit_code == 1
    assert "version 2" in result.stderr
    assert f"You trusted version 1 (sha256 {application.version(1).sha256[:16]}…, on 20" in result.stderr
    assert JobScript.objects.count() == 1


def test_the_person_at_the_terminal_sees_what_has_changed(
    by_alice: Jobbergate, application: Application, bob: User
) -> None:
    by_alice("job-scripts", "create", "theirs", "--fast", "--trust")
    files = application.version().read_files()
    program = files["jobbergate.py"].replace(b"default=2", b"default=3  # \x1b[2J")
    application.publish({**files, "jobbergate.py": program, "README": b"new"}, bob)

    talk, code = at_a_terminal(["job-scripts", "create", "theirs", "--fast"], [("[y/N]", "n\n")])

    assert code == 1
    assert "You trusted version 1 (" in talk
    assert "Beside what is shown here: added: README." in talk
    assert "\x1b[31m-        return [appform.Integer" in talk
    assert "\x1b[32m+        return [appform.Integer" in talk
    assert "default=3  # \N{REPLACEMENT CHARACTER}[2J" in talk


def test_code_that_stayed_is_said_to_have_stayed(by_alice: Jobbergate, application: Application, bob: User) -> None:
    by_alice("job-scripts", "create", "theirs", "--fast", "--trust")
    application.publish({**application.version().read_files(), "templates/job.sh.j2": b"#!/bin/bash\n"}, bob)

    talk, code = at_a_terminal(["job-scripts", "create", "theirs", "--fast"], [("[y/N]", "y\n")])

    assert code == 0
    assert "Its code did not change since, these files did: changed: templates/job.sh.j2." in talk


def test_a_folder_is_compared_with_what_it_was(by_alice: Jobbergate, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "hello", PROGRAMMED)
    assert by_alice("applications", "create", folder, "--identifier", "hello", "--trust").exit_code == 0
    (folder / "jobbergate.py").write_bytes(PROGRAM.replace(b"default=2", b"default=4"))

    talk, code = at_a_terminal(["applications", "update", "hello", str(folder)], [("[y/N]", "y\n")])

    assert code == 0
    assert "You trusted an earlier content (" in talk
    assert "default=4" in talk


def test_what_the_code_computed_comes_with_the_script(by_alice: Jobbergate, alice: User) -> None:
    template = b"#!/bin/bash\necho {{ nodes }} {{ doubled }}\n"
    files = {**PROGRAMMED, "jobbergate.py": COMPUTES, "templates/job.sh.j2": template}
    make_application(identifier="computes", files=files)

    result = by_alice("job-scripts", "create", "computes", "--fast", "--trust", "-o", "json")

    script = JobScript.objects.get()
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["name"] == script.name == "Named by the code"
    assert script.read_files() == {"job.sh": b"#!/bin/bash\necho 2 4\n"}


def test_code_that_fails_is_told_with_its_own_file_and_line(by_alice: Jobbergate, alice: User) -> None:
    broken = PROGRAM.replace(b"return [", b"return self.nothing[")
    make_application(identifier="broken", files={**PROGRAMMED, "jobbergate.py": broken})

    result = by_alice("job-scripts", "create", "broken", "--fast", "--trust")

    assert result.exit_code == 1
    assert "jobbergate.py" in result.stderr
    assert "line 6" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("application", "by_alice")
@pytest.mark.parametrize(("word", "code"), [("y", 0), ("n", 1)])
def test_the_person_at_the_terminal_is_asked(ran: Path, word: str, code: int) -> None:
    talk, exit_code = at_a_terminal(["job-scripts", "create", "theirs", "--fast"], [("[y/N]", f"{word}\n")])

    assert exit_code == code
    assert ran.exists() == (code == 0)
    for words in ("theirs", "bob", "sha256"):
        assert words in talk


@pytest.mark.usefixtures("application", "by_alice")
def test_the_question_is_asked_on_the_terminal_whatever_the_streams_are(ran: Path, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        talk, code = at_a_terminal(
            ["job-scripts", "create", "theirs", "--fast", "-o", "id"],
            [("[y/N]", "y\n")],
            stdout=out.fileno(),
            stderr=err.fileno(),
        )

    assert (code, ran.exists()) == (0, True), (tmp_path / "err").read_text()
    assert "sha256" in talk
    assert (tmp_path / "out").read_text() == f"{JobScript.objects.get().id}\n"


@pytest.mark.usefixtures("application", "by_alice")
def test_no_is_an_answer_and_is_not_met_with_advice() -> None:
    talk, code = at_a_terminal(["job-scripts", "create", "theirs", "--fast"], [("[y/N]", "n\n")])

    assert code == 1
    assert talk.endswith("\nError: Not run: you did not trust it.\r\n")


def test_a_name_cannot_forge_lines_of_the_question(by_alice: Jobbergate, application: Application) -> None:
    name = "hello\n  owner        carol\n\tversion      7"
    Application.objects.filter(pk=application.pk).update(identifier=None, name=name)

    talk, _ = at_a_terminal(["job-scripts", "create", str(application.pk), "--fast"], [("[y/N]", "n\n")])
    told = by_alice("job-scripts", "create", application.pk, "--fast")

    lines = talk.splitlines()
    assert "  application  hello owner carol version 7" in lines
    assert [line for line in lines if line.startswith("  owner")] == ["  owner        bob"]
    assert told.stderr.startswith("Error: hello owner carol version 7 runs its own code")
    assert len(told.stderr.splitlines()) == 1


def test_an_archived_application_is_refused_before_anything_is_asked_or_run(
    by_alice: Jobbergate, application: Application, ran: Path
) -> None:
    Application.objects.filter(pk=application.pk).update(is_archived=True, name="Theirs")

    result = by_alice("job-scripts", "create", "theirs", "--trust")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == ("Error: Theirs is archived; `jobbergate applications unarchive theirs` brings it back.\n")
    assert not ran.exists()
