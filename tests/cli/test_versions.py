"""`jobbergate applications versions`, `diff` and `restore`: what changed, and back again."""

import json
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from applications.models import Application
from cli.difference import of_file, of_files, of_forms, sentence
from cli.unified import MOST_LINES
from tests.cli.conftest import Jobbergate
from tests.cli.terminal import at_a_terminal
from tests.factories import FOLDER, YAML, make_application

TEMPLATE = FOLDER["templates/job.sh.j2"]


@pytest.fixture
def hello(alice: User) -> Application:
    """Three versions; the third is as the first, but for a question's default and a file."""
    application = make_application(alice, identifier="hello")
    changed = {**FOLDER, "templates/job.sh.j2": TEMPLATE.replace(b"hello", b"good bye"), "table.bin": b"\0\1"}
    application.publish(changed, alice, note="Says good bye.")
    application.publish({**FOLDER, "jobbergate.yaml": YAML.replace(b"default: 2", b"default: 4")}, alice)
    return application


def test_versions_are_listed_with_the_newest_first(by_alice: Jobbergate, hello: Application) -> None:
    table = by_alice("applications", "versions", "hello").stdout.splitlines()
    rows = json.loads(by_alice("applications", "versions", "hello", "-o", "json").stdout)

    assert table[0].split() == ["number", "kind", "created", "by", "created", "note"]
    assert [line.split()[0] for line in table[1:]] == ["3", "2", "1"]
    assert table[2].endswith("Says good bye.")
    assert [row["number"] for row in rows] == [3, 2, 1]
    assert by_alice("applications", "versions", "hello", "-o", "id").stdout == "3\n2\n1\n"


def test_what_differs_is_shown_line_by_line_and_in_words(by_alice: Jobbergate, hello: Application) -> None:
    result = by_alice("applications", "diff", "hello", "2")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "--- a/jobbergate.yaml\n+++ b/jobbergate.yaml\n@@ -2,4 +2,4 @@\n   default_template: job.sh.j2\n"
        " application_config: {}\n questions:\n"
        "-  - {variable: nodes, type: integer, message: How many nodes?, default: 2, min: 1, max: 64}\n"
        "+  - {variable: nodes, type: integer, message: How many nodes?, default: 4, min: 1, max: 64}\n"
        "Binary file removed: table.bin\n"
        "--- a/templates/job.sh.j2\n+++ b/templates/job.sh.j2\n@@ -1,3 +1,3 @@\n #!/bin/bash\n"
        " #SBATCH --nodes={{ nodes }}\n-echo good bye\n+echo hello\n"
        "Questions:\n  nodes: default changed from 2 to 4.\n"
    )


def test_a_difference_is_data_for_programs(by_alice: Jobbergate, hello: Application) -> None:
    data = json.loads(by_alice("applications", "diff", "hello", "1", "2", "-o", "json").stdout)
    same = yaml.safe_load(by_alice("applications", "diff", "hello", "1", "2", "-o", "yaml").stdout)
    table = by_alice("applications", "diff", "hello", "1", "2", "-o", "csv").stdout

    assert data == same
    assert {name: data[name] for name in ("application", "old", "new", "questions")} == {
        "application": hello.pk, "old": 1, "new": 2, "questions": [],
    }  # fmt: skip
    assert data["files"][0] == {"path": "table.bin", "change": "added", "binary": True, "diff": None}
    assert data["files"][1]["diff"].endswith("-echo hello\n+echo good bye\n")
    assert table.splitlines() == ["path,change,binary", "table.bin,added,true", "templates/job.sh.j2,changed,false"]


def test_the_newest_is_what_an_older_version_is_compared_with(by_alice: Jobbergate, hello: Application) -> None:
    assert json.loads(by_alice("applications", "diff", "hello", "1", "-o", "json").stdout)["new"] == 3


def test_that_nothing_differs_is_said_on_standard_error(by_alice: Jobbergate, hello: Application) -> None:
    result = by_alice("applications", "diff", "hello", "3", "latest")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Nothing differs between the versions 3 and 3.\n"
    data = json.loads(by_alice("applications", "diff", "hello", "3", "-o", "json").stdout)
    assert (data["files"], data["questions"]) == ([], [])


def test_what_others_wrote_moves_no_cursor(by_alice: Jobbergate, alice: User) -> None:
    application = make_application(alice, identifier="hello")
    application.publish({**FOLDER, "evil": b"\x1b]0;owned\x07\x1b[2J\r\xe2\x80\xae\n"}, alice)

    shown = by_alice("applications", "diff", "hello", "1").stdout

    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(shown)
    assert "+\N{REPLACEMENT CHARACTER}]0;owned" in shown


@pytest.mark.usefixtures("by_alice")
def test_a_person_sees_colours(hello: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown, code = at_a_terminal(["applications", "diff", "hello", "1", "2"], [])
    assert code == 0
    assert "\x1b[32m+echo good bye\x1b[0m" in shown
    assert "\x1b[31m-echo hello\x1b[0m" in shown

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in at_a_terminal(["applications", "diff", "hello", "1", "2"], [])[0]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["diff", "hello", "4"], 1, "Hello has no version 4; the newest is 3."),
        (["diff", "hello", "1", "0"], 1, "Hello has no version 0; the newest is 3."),
        (["restore", "hello", "9"], 1, "Hello has no version 9; the newest is 3."),
        (["diff", "hello", "one"], 2, "'one' is not accepted; give a version's number, or latest."),
        (["restore", "hello", "-1"], 2, "No such option"),
        (["diff", "hello", "²"], 2, "'²' is not accepted"),
        (["diff", "hello"], 2, "Missing argument 'OLD'"),
        (["versions", "nothing"], 1, "Not found."),
        (["restore", "his", "1"], 1, "Only its owner, its editors and staff may change this."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_refusal_is_one_sentence(
    by_alice: Jobbergate, hello: Application, bob: User, words: list[str], code: int, sentence: str
) -> None:
    make_application(bob, identifier="his")

    result = by_alice("applications", *words)

    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_earlier_version_is_restored(by_alice: Jobbergate, hello: Application) -> None:
    result = by_alice("applications", "restore", "hello", "2", "--note", "Back.", "-o", "json")

    version = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "Version 4 is published.\n")
    assert (version["number"], version["note"]) == (4, "Back.")
    hello.refresh_from_db()
    assert hello.version().sha256 == hello.version(2).sha256


def test_the_newest_is_not_restored_again(by_alice: Jobbergate, hello: Application) -> None:
    result = by_alice("applications", "restore", "hello", "3", "-o", "id")

    assert (result.exit_code, result.stdout) == (0, "3\n")
    assert result.stderr == "The newest version, 3, holds just that already.\n"
    assert hello.versions.count() == 3


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        (b"a\nb\n", b"a\nc\n", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"),
        (None, b"a\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"),
        (b"a\n", None, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"),
        (None, b"", "--- /dev/null\n+++ b/f\n"),
        (b"a", b"a\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        (b"a\r\n", b"a\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\r\n+a\n"),
        (b"a\x0cb\n", b"a\x0cc\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\x0cb\n+a\x0cc\n"),
    ],
)
def test_text_is_compared_by_line(old: bytes | None, new: bytes | None, diff: str) -> None:
    assert of_file("f", old, new)["diff"] == diff


@pytest.mark.parametrize("content", [b"\xff", b"a\0b\n", b"a\0"])
def test_what_is_no_text_merely_differs(content: bytes) -> None:
    for old, new in ((b"a\n", content), (content, b"a\n"), (None, content)):
        assert (of_file("f", old, new)["binary"], of_file("f", old, new)["diff"]) == (True, None)


def test_a_file_of_very_many_lines_merely_differs() -> None:
    found = of_file("f", b"x\n", b"x\n" * (MOST_LINES + 1))

    assert (found["binary"], found["diff"]) == (False, None)


def test_files_that_are_the_same_are_left_out() -> None:
    assert of_files({"a": b"1", "b": b"1"}, {"a": b"1", "c": b"1"}) == [
        of_file("b", b"1", None),
        of_file("c", None, b"1"),
    ]


# --- forms ----------------------------------------------------------------------------------------------------------


def form(*questions: dict[str, Any]) -> dict[str, Any]:
    return {"questions": [{"type": "integer", "message": "?", **question} for question in questions]}


N = {"variable": "n"}


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        (form(N), form(N), []),
        ({}, form(N), ["n is a new question: ?"]),
        (form(N), {}, ["n is not asked for any more."]),
        (form(N | {"default": 1}), form(N | {"default": 2}), ["n: default changed from 1 to 2."]),
        (form(N), form(N | {"default": 0}), ["n: default changed from none to 0."]),
        (form(N | {"default": 1}), form(N), ["n: default changed from 1 to none."]),
        (form(N | {"default": 1}), form(N | {"default": True}), ["n: default changed from 1 to true."]),
        (form(N), form(N | {"message": "How many?"}), ['n: message changed from "?" to "How many?".']),
        (form(N | {"choices": [1, 2]}), form(N | {"choices": [2, 3]}), ["n: choices gained 3 and lost 1."]),
        (form(N | {"choices": [1, 2]}), form(N | {"choices": [2, 1]}), ["n: choices changed their order."]),
        (
            form({"variable": "mail", "when_true": [{**N, "type": "integer", "message": "?"}]}),
            form({"variable": "mail"}, N),
            ['n: asked changed from "if mail" to "always".'],
        ),
        (
            form({"variable": "a", "when_false": [{"variable": "b", "when_true": [N]}]}),
            form({"variable": "a"}),
            ["b is not asked for any more.", "n is not asked for any more."],
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_form_s_differences_are_sentences(old: Any, new: Any, sentences: list[str]) -> None:
    assert [sentence(difference) for difference in of_forms(old, new)] == sentences


def test_questions_of_a_version_without_a_form_are_not_said_to_be_gone(by_alice: Jobbergate, alice: User) -> None:
    program = {**FOLDER, "jobbergate.yaml": b"jobbergate_config: {default_template: job.sh.j2}\n", "jobbergate.py": b""}
    application = make_application(alice, identifier="hello")
    application.publish(program, alice)

    result = by_alice("applications", "diff", "hello", "1", "-o", "json")

    assert result.stderr == "Version 2 was published without a form: its questions cannot be compared.\n"
    assert json.loads(result.stdout)["questions"] == []
