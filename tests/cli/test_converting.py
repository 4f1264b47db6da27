"""From a program to the form that says the same, or to the reasons why there is none."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from applications.forms import Form
from cli.conversion.converting import NotConvertible, convert
from cli.errors import CliError
from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.cli.test_applications import PROGRAMMED, write_folder
from tests.cli.test_workflow import FOLDERS, application

__all__ = ["application"]

RUN = {"restart": True, "state": "s", "step": 3}
TEXTS = {"remark": "r", "log": "/l"}
CASES = {
    "everything": [
        {"remark": "", "log": ""},
        {"case": "fin", "remark": "two words", "log": "/l", "tasks": "4", "memory": "large", "mail": "yes"},
        {**TEXTS, "partition": "long", "modules": ["python", "MPI"], "environment": "own"},
        {**TEXTS, "gpu": True, "gpus": 4, "mps": False},
        {**TEXTS, "gpu": True, "mps": True, "percent": 7},
        {**TEXTS, "gpu": False, "avx": False, "modules": [], "partition": "long", "hours": 5},
    ],
    "branching": [
        {},
        {"nextworkflow": "sweep", "over": ["y"], "points": 3},
        {"nextworkflow": "sweep", "over": ["x", "z"], "verbose": False, "quietly": "x"},
        {"nextworkflow": "A sweep", "over": "x", "why": "it matters"},
        {"nextworkflow": "one", **RUN},
        {"nextworkflow": "one", "restart": False, "name": "n", "step": 0, "verbose": False},
    ],
}


def converted(folder: Path) -> list[dict[str, Any]]:
    """The questions, as the server has read them too."""
    conversion = convert(folder)
    Form.declared(conversion.sections["questions"])
    return list(conversion.sections["questions"])


def reasons(folder: Path) -> list[str]:
    with pytest.raises(NotConvertible) as refused:
        convert(folder)
    return refused.value.reasons


# --- the real thing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(CASES))
def test_scripts_of_the_form_are_those_of_the_program_byte_for_byte(
    by_alice: Jobbergate, name: str, tmp_path: Path
) -> None:
    files = {str(file.relative_to(FOLDERS / name)): file.read_bytes() for file in (FOLDERS / name).rglob("*.*")}
    printed = by_alice("applications", "convert", FOLDERS / name, "--trust")
    assert printed.exit_code == 0, printed.stderr
    del files["jobbergate.py"]
    declared = write_folder(tmp_path / "declared", {**files, "jobbergate.yaml": printed.stdout.encode()})
    for identifier, folder in (("program", FOLDERS / name), ("form", declared)):
        created = by_alice("applications", "create", folder, "--identifier", identifier, "--trust")
        assert created.exit_code == 0, created.stderr

    for number, answers in enumerate(CASES[name]):
        (tmp_path / "answers.json").write_text(json.dumps(answers))
        for identifier in ("program", "form"):
            words = ["--answers", tmp_path / "answers.json", "-a", "remark=r"] if name == "everything" else []
            words = words or ["--answers", tmp_path / "answers.json"]
            answered = by_alice("job-scripts", "create", identifier, *words, "--fast", "-n", f"{identifier} {number}")
            assert answered.exit_code == 0, (answers, answered.stderr)
        scripts = [JobScript.objects.get(name=f"{identifier} {number}") for identifier in ("program", "form")]
        assert scripts[0].read_files() == scripts[1].read_files(), answers
        assert scripts[0].answers == scripts[1].answers


def test_the_file_that_is_printed_keeps_what_its_author_wrote(by_alice: Jobbergate) -> None:
    printed = by_alice("applications", "convert", FOLDERS / "everything", "--trust").stdout

    written = (FOLDERS / "everything" / "jobbergate.yaml").read_text().splitlines()
    assert [line for line in written if line not in printed.splitlines()] == []
    assert "made_with: everything" in printed
    assert printed.startswith("# The solver's own settings.\njobbergate_config:\n  undefined: warn\n")


def test_json_is_data_and_notes_are_talk(by_alice: Jobbergate) -> None:
    result = by_alice("applications", "convert", FOLDERS / "branching", "--trust", "-o", "json")

    assert [question["variable"] for question in json.loads(result.stdout)["questions"]][:2] == [
        "nextworkflow",
        "verbose",
    ]
    assert "nextworkflow is asked for as a question like any other." in result.stderr


def test_reasons_are_lines_on_standard_error(by_alice: Jobbergate) -> None:
    result = by_alice("applications", "convert", FOLDERS / "looped", "--trust")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "Error: jobbergate.py has no declarative equivalent:",
        "- value: ask of jobbergate.py asks for it a second time; a form asks once.",
        "- data['values'] (mainflow of jobbergate.py) is computed from value.",
    ]


def test_a_program_that_nobody_trusted_is_not_run(by_alice: Jobbergate, tmp_path: Path) -> None:
    program = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode() + PROGRAMMED["jobbergate.py"]
    folder = write_folder(tmp_path / "theirs", {**PROGRAMMED, "jobbergate.py": program})

    result = by_alice("applications", "convert", folder)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "was not run, since nobody trusted it" in result.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"jobbergate.yaml": b"{}"}, "has no jobbergate.py, so there is nothing to convert."),
        ({"jobbergate.py": b""}, "has no jobbergate.yaml"),
        ({**PROGRAMMED, "jobbergate.yaml": b"questions: []"}, "has questions in its jobbergate.yaml"),
        ({**PROGRAMMED, "jobbergate.yaml": b"a: ["}, "jobbergate.yaml, line 1: "),
        ({**PROGRAMMED, "jobbergate.yaml": b"a: 2024-13-45"}, "jobbergate.yaml: month must be in 1..12"),
        ({**PROGRAMMED, "jobbergate.yaml": b"a: \xff"}, "jobbergate.yaml"),
    ],
)
def test_a_folder_that_cannot_be_converted_is_told(
    by_alice: Jobbergate, tmp_path: Path, files: dict[str, bytes], told: str
) -> None:
    result = by_alice("applications", "convert", write_folder(tmp_path / "folder", files), "--trust")

    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert "Traceback" not in result.stderr


# --- questions ------------------------------------------------------------------------------------------------------


def test_a_program_that_only_asks_is_its_questions():
    questions = {question["variable"]: question for question in converted(FOLDERS / "everything")}

    assert questions["memory"] == {
        "variable": "memory",
        "type": "choice",
        "message": "Memory?",
        "default": 16,
        "choices": [["small", 16], ["large", 256]],
    }
    assert questions["sizes"] == {"variable": "sizes", "type": "constant", "default": [1, 2]}
    assert questions["hours"]["when"] == {"variable": "partition", "equals": "long"}
    assert questions["environment"]["when"] == {"variable": "modules", "contains": "python"}
    assert [one["variable"] for one in questions["gpu"]["when_true"]] == ["gpus", "mps"]
    assert [one["variable"] for one in questions["gpu"]["when_true"][1]["when_true"]] == ["percent"]
    assert [one["variable"] for one in questions["gpu"]["when_false"]] == ["avx"]


def test_a_question_of_both_branches_stands_beside_its_list():
    questions = {question["variable"]: question for question in converted(FOLDERS / "branching")}

    assert questions["restart"]["type"] == "boolean"
    assert {name: questions[name]["when"] for name in ("restart", "state", "name", "step", "why")} == {
        "restart": {"variable": "nextworkflow", "equals": "one"},
        "state": "restart",
        "name": {"variable": "restart", "is": False},
        "step": {"variable": "nextworkflow", "equals": "one"},
        "why": {"all": ["verbose", {"variable": "over", "contains": "x"}]},
    }


def test_several_values_are_in_and_all_but_one_too(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "more"
    return [appform.List("kind", "?", ["a", "b", "c", 4], default="a"), appform.Confirm("x", "?", default=False)]

def more(self, data):
    return [appform.Text("t", "?")] * (data["kind"] in ("b", 4)) + [appform.Text("u", "?")] * (data["kind"] != "a")
"""
    )

    questions = {question["variable"]: question for question in converted(folder)}

    assert questions["t"]["when"] == {"variable": "kind", "in": ["b", 4]}
    assert questions["u"]["when"] == {"variable": "kind", "in": ["b", "c", 4]}


def test_a_question_that_waits_for_nothing_asked_has_not(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "second"
    return [appform.BooleanList("gpu", "?", [appform.Confirm("big", "?", default=False)], default=False)]

def second(self, data):
    return [] if data.get("big") else [appform.Text("t", "?")]
"""
    )

    assert converted(folder)[1]["when"] == {"not": "big"}


def test_callables_that_always_give_the_same_are_constants(application):
    folder = application(
        """
def mainflow(self, data):
    return [appform.List("l", lambda known: "Which?", choices=lambda known: ["a", "b"], default=lambda known: "b"),
            appform.Integer("left", "?", ignore=lambda known: True, default="as it is")]
"""
    )

    assert converted(folder) == [
        {"variable": "l", "type": "choice", "message": "Which?", "default": "b", "choices": ["a", "b"]},
        {"variable": "left", "type": "constant", "message": "?", "default": "as it is"},
    ]


def test_what_is_always_computed_is_configuration_and_a_refused_default_is_dropped(application):
    folder = application(
        """
def mainflow(self, data):
    data["default_template"] = "gpu.sh"
    data["site"] = "south"
    data["new"] = [1, 2]
    self.application_config["queue"] = "gpu"
    return [appform.List("p", "?", ["a"], default="c")]
""",
        "jobbergate_config: {site: north, undefined: error}\napplication_config: {queue: normal, kept: 1}\n",
    )

    conversion = convert(folder)

    assert conversion.sections == {
        "jobbergate_config": {"site": "south", "undefined": "error", "default_template": "gpu.sh"},
        "application_config": {"queue": "gpu", "kept": 1, "new": [1, 2]},
        "questions": [{"variable": "p", "type": "choice", "message": "?", "choices": ["a"]}],
    }
    assert conversion.notes[0] == 'p: its default "c" is dropped; it would be refused.'
    assert "default_template, new, queue, site" in conversion.notes[1]


def test_the_same_program_gives_the_same_form():
    assert convert(FOLDERS / "everything") == convert(FOLDERS / "everything")


def test_nothing_is_left_of_the_trials_and_nothing_of_their_talk(application, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    home = Path.home()
    folder = application(
        """
def mainflow(self, data):
    import os
    print("out"); os.system("echo also >&2; echo out")
    assert not os.environ["HOME"].startswith("/changed")
    return [appform.Confirm("a", "?")]
"""
    )

    converted(folder)

    assert capfd.readouterr() == ("", "")
    assert (Path.cwd(), Path.home()) == (tmp_path, home)


# --- reasons --------------------------------------------------------------------------------------------------------

SECOND = 'data["nextworkflow"] = "second"\n    return [{first}]\n\ndef second(self, data):\n    '
NODES = 'appform.Integer("nodes", "?", 1, 9, 1)'
KIND = 'appform.List("kind", "?", ["a", "b"], default="a")'


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('return [appform.Text("a"), appform.Text("b", default="{a}.out")]',
         "b (mainflow of jobbergate.py): its default depends on a."),
        (f'return [{KIND}, appform.Text("b", message="For {{kind}}?")]',
         "b (mainflow of jobbergate.py): its message depends on kind."),
        (f'return [{KIND}, appform.List("b", "?", lambda known: [known["kind"], "c"])]',
         "b (mainflow of jobbergate.py): its choices depends on kind."),
        (f'return [{KIND}, appform.Text("b", "?", ignore=lambda known: known["kind"] == "a", default="")]',
         "b (mainflow of jobbergate.py): its type depends on kind."),
        (SECOND.format(first=NODES) + 'return [appform.Integer("tasks", "?", 1, data["nodes"])]',
         "tasks (second of jobbergate.py): its max depends on nodes."),
        (SECOND.format(first=NODES) + 'data["tasks"] = data["nodes"] * 4',
         "data['tasks'] (second of jobbergate.py) is computed from nodes."),
        (SECOND.format(first=NODES) + 'data["nodes"] = data["nodes"] + 1',
         "data['nodes'] (second of jobbergate.py) is an answer that the code changes."),
        (SECOND.format(first=KIND) + 'if data["kind"] == "b": data["big"] = True',
         "data['big'] (second of jobbergate.py) is computed from kind."),
        (SECOND.format(first=KIND) + 'self.application_config["queue"] = data["kind"]',
         "queue of application_config is computed from kind."),
        (SECOND.format(first=NODES) + 'return [appform.Text("why", "?")] if data["nodes"] > 1 else []',
         "why (second of jobbergate.py): whether it is asked depends on nodes; "
         "a form can ask that only of yes or no, and of choices."),
        (SECOND.format(first='appform.Text("a"), appform.Confirm("x", "?")')
         + 'return [appform.Text("why", "?")] if data["a"] and data["x"] else []',
         "why (second of jobbergate.py): whether it is asked depends on several answers at once."),
        (SECOND.format(first='appform.Confirm("x", "?"), appform.Confirm("y", "?")')
         + 'return [appform.Text("why", "?")] if data["x"] != data["y"] else []',
         "why (second of jobbergate.py): whether it is asked depends on x and y."),
        (SECOND.format(first=KIND) + 'q = [appform.Text("p"), appform.Text("q")]; return q if data["kind"] == "a" else q[::-1]',
         "p, q: they are asked in an order that depends on answers."),
        (SECOND.format(first=NODES) + 'assert data["nodes"] < 9, "too many"',
         "The program fails with nodes = 9, which no form can say: jobbergate.py, line 11, in second: "
         "AssertionError: too many"),
        (SECOND.format(first=NODES) + 'return [appform.Text("why", "?")] if data["nodes"] > 4 else []',
         "why (second of jobbergate.py): whether it is asked depends on nodes; "),
        (SECOND.format(first='appform.Integer("c", "?", minval=1, default=1)')
         + 'data["default_template"] = "large.sh" if data["c"] > 32 else "small.sh"',
         "data['default_template'] (second of jobbergate.py) is computed from c."),
        (SECOND.format(first='appform.Text("n", default="wing")')
         + 'return [appform.Text("why", "?")] if data.get("n") == "rotor" else []',
         "why (second of jobbergate.py): whether it is asked depends on n; "),
        (SECOND.format(first='appform.Integer("f", "?", default=1)')
         + 'data["big"] = data["f"] * 2 >= self.jobbergate_config["limit"]',
         "data['big'] (second of jobbergate.py) is computed from f."),
        ('return [appform.Text("a"), appform.Text("a")]',
         "a: mainflow of jobbergate.py asks for it a second time; a form asks once."),
        ('from jobbergate_cli.jobberappslib import get_running_jobs as jobs\n    return [appform.List("j", "?", jobs() or ["x"])]',
         "get_running_jobs (jobbergate.py, line 8) looks at the machine that it runs on."),
        ('import os; return [appform.Directory("d", "?", default=os.getcwd())]',
         "d (mainflow of jobbergate.py): its default depends on the user, or on the directory, that it is asked in."),
        ('import os; data["home"] = os.path.expanduser("~")',
         "data['home'] (mainflow of jobbergate.py) depends on the user, or on the directory, that the program runs in."),
        ('return [appform.List("n", "?", [("none", None), "a"])]',
         "n (mainflow of jobbergate.py): the choice none is no text or number."),
        ('return [appform.List("n", "?", [])]', "n (mainflow of jobbergate.py): there is nothing to choose from."),
        ('return [appform.Text("job-name", "?")]',
         "job-name (mainflow of jobbergate.py): it is no name of a variable in a form; give letters, digits and _."),
        ('open("/nonexistent/file")',
         "The program fails under default answers: jobbergate.py, line 7, in mainflow: "
         "FileNotFoundError: [Errno 2] No such file or directory: '/nonexistent/file'"),
        ('data["name"] = input("Name? ")',
         "The program fails under default answers: jobbergate.py, line 7, in mainflow: EOFError: EOF when reading a line"),
        ("exit()", "The program fails under default answers: jobbergate.py, line 7, in mainflow: it called exit()"),
    ],
)  # fmt: skip
def test_what_no_form_can_say_is_told_with_question_and_method(application, body, told):
    folder = application(f"def mainflow(self, data):\n    {body}", "jobbergate_config: {limit: 77}\n")

    found = reasons(folder)
    assert [reason for reason in found if reason.startswith(told)], found


def test_a_condition_on_a_number_that_no_trial_could_turn_is_warned_of(by_alice: Jobbergate, application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "second"
    return [appform.Integer("nodes", "?", 1), appform.Integer("tasks", "?", 1), appform.Confirm("x", "?")]

def second(self, data):
    count = data["nodes"] // 7
    if count > 90 and data["x"]: data["big"] = True
"""
    )

    result = by_alice("applications", "convert", folder, "--trust")

    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "Warning: nodes is read in a condition (jobbergate.py, line 12). No value that was tried changed what is asked "
        "or computed, but that does not prove that none does; read it."
    ]


def test_a_path_is_never_answered_with_what_the_program_names(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "second"
    return [appform.Directory("d", "?", default="x")]

def second(self, data):
    assert data["d"] != "precious"
"""
    )

    assert [one["variable"] for one in converted(folder)] == ["d"]


def test_every_reason_is_told():
    assert reasons(FOLDERS / "chained") == [
        "workdir (finish of jobbergate.py): its default depends on job_name.",
        "data['tasks'] (finish of jobbergate.py) is computed from nodes.",
    ]
    assert [reason.split(" ")[0] for reason in reasons(FOLDERS / "computed")] == [
        "get_file_list",
        "data['default_template']",
        "data['job_script_name']",
        "data['nodes']",
        "queue",
        "data['shape']",
    ]


def test_a_broken_program_is_told_with_its_line(application):
    folder = application("pass", head="class JobbergateApplication(\n")

    assert "jobbergate.py, line " in reasons(folder)[0]


def test_reasons_are_errors_of_the_client():
    assert issubclass(NotConvertible, CliError)


def test_the_yaml_that_is_written_says_what_was_found(by_alice: Jobbergate) -> None:
    for name in CASES:
        printed = by_alice("applications", "convert", FOLDERS / name, "--trust").stdout
        sections = convert(FOLDERS / name).sections
        assert yaml.safe_load(printed) == {key: value for key, value in sections.items() if value}


@pytest.mark.parametrize("form", ["csv", "id"])
def test_a_configuration_is_no_table(by_alice: Jobbergate, form: str) -> None:
    result = by_alice("applications", "convert", FOLDERS / "branching", "--trust", "-o", form)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "A configuration is no table" in result.stderr


def test_comments_that_are_lost_are_told(by_alice: Jobbergate, application) -> None:
    kept = application("def mainflow(self, data):\n    return []", "# Ours.\njobbergate_config: {undefined: warn}\n")
    told = by_alice("applications", "convert", kept, "--trust")
    lost = application("def mainflow(self, data):\n    return []", "# Ours.\njobbergate_config: {a: 1}\n")
    warned = by_alice("applications", "convert", lost, "--trust")

    assert ("# Ours." in told.stdout, told.stderr) == (True, "")
    assert "# Ours." not in warned.stdout
    assert warned.stderr == (
        "Warning: The comments of jobbergate.yaml are left out, since it had to be written anew.\n"
    )
