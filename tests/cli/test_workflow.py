"""Running somebody's jobbergate.py: its steps, its data, what it computed, and how it is answered."""

import sys
from pathlib import Path

import pytest

from cli.asking import NobodyToAsk, read_answers
from cli.errors import CliError
from cli.workflow import Outcome, run_application

FOLDERS = Path(__file__).parents[1] / "folders"
CONFIG = "jobbergate_config: {site: north}\napplication_config: {queue: normal}\n"
HEAD = """
from jobbergate_cli import appform
from jobbergate_cli.application_base import JobbergateApplicationBase

class JobbergateApplication(JobbergateApplicationBase):
"""


class Person:
    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def ask(self, question):
        self.asked.append(question.variablename)
        return question.check(self.answers[question.variablename])


@pytest.fixture
def application(tmp_path):
    """Writes a folder whose class has this body."""

    def write(body, config=CONFIG, head=HEAD):
        folder = tmp_path / "application"
        folder.mkdir(exist_ok=True)
        (folder / "jobbergate.yaml").write_text(config)
        lines = [f"    {line}" for line in body.strip("\n").splitlines()]
        (folder / "jobbergate.py").write_text(head + "\n".join(lines) + "\n")
        return folder

    return write


def run(folder, fast=True, asker=None, **supplied):
    return run_application(folder, supplied, fast=fast, asker=asker or NobodyToAsk())


# --- whole folders, as people wrote them ----------------------------------------------------------------------------


def test_a_chain_of_steps_with_default_answers():
    outcome = run(FOLDERS / "chained", remark="")

    assert outcome.answers == {
        "job_name": "chained",
        "remark": "",
        "partition": "debug",
        "nodes": 2,
        "modules": ["gcc/12"],
        "mail": False,
        "workdir": "/tmp/chained",
    }
    assert outcome.computed == {"tasks": 32}
    assert outcome.config["site"] == "north"
    assert "nextworkflow" not in outcome.config


def test_a_chain_of_steps_answered_by_a_person():
    person = Person(
        job_name="x", remark="", partition="long runs", nodes="4", modules="gcc/12, openmpi/4", mail="y", workdir="/w"
    )

    outcome = run(FOLDERS / "chained", fast=False, asker=person)

    assert person.asked == ["job_name", "remark", "partition", "nodes", "modules", "mail", "workdir"]
    assert outcome.answers == {
        "job_name": "x",
        "remark": "",
        "partition": "long",
        "nodes": 4,
        "modules": ["gcc/12", "openmpi/4"],
        "mail": True,
        "workdir": "/w",
    }
    assert outcome.computed == {"tasks": 64}


def test_what_code_computes_counts_and_is_json(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mesh.INP").touch()
    outcome = run(FOLDERS / "computed", gpu=True, cores=100)

    assert outcome.answers == {
        "jobname": "simulation",
        "release": "12.0",
        "gpu": True,
        "gpus": 1,
        "mps": False,
        "cores": 100,
    }
    assert outcome.computed == {
        "nodes": 4,
        "default_template": "gpu.sh.j2",
        "job_script_name": "simulation.sh",
        "made_on": "2024-02-29",
        "shape": [4, 32],
        "rounds": 2,
        "inputs": ["mesh.INP"],
        "queue": "gpu",
    }
    assert capfd.readouterr() == ("", "computed 4 nodes\n")


def test_application_config_that_stays_as_it_was_is_not_computed():
    assert "queue" not in run(FOLDERS / "computed").computed


def test_a_loop_asks_the_same_question_again():
    rounds = iter([("3", True), ("5", True), ("8", False)])

    class Rounds:
        def ask(self, question):
            if question.variablename == "value":
                self.value, self.more = next(rounds)
                return self.value
            return self.more

    outcome = run(FOLDERS / "looped", fast=False, asker=Rounds())

    assert (outcome.answers, outcome.computed) == ({"value": "8", "more": False}, {"values": ["3", "5", "8"]})


def test_a_loop_that_never_ends_is_ended():
    with pytest.raises(CliError, match="after 1000 steps nextworkflow still names another one"):
        run(FOLDERS / "looped", more=True)


# --- data -----------------------------------------------------------------------------------------------------------


def test_data_is_the_live_jobbergate_config_and_holds_supplied_answers_from_the_start(application):
    folder = application(
        """
def mainflow(self, data):
    assert data is self.jobbergate_config
    self.first = dict(data)
    data["seen"] = sorted(self.first)
    data["nextworkflow"] = "second"
    return [appform.Integer("nodes", "Nodes?")]

def second(self, data=None):
    data["twice"] = data["nodes"] * 2
    data["first"] = self.first["nodes"]
"""
    )

    outcome = run_application(folder, read_answers(None, ["nodes=4"]), fast=True, asker=NobodyToAsk())

    assert outcome == Outcome(
        answers={"nodes": 4},
        computed={"seen": ["nodes", "site"], "twice": 8, "first": 4},
        config={"site": "north", "nodes": 4, "seen": ["nodes", "site"], "twice": 8, "first": 4},
    )


def test_a_text_of_digits_stays_a_text_where_its_question_wants_text(application):
    folder = application("def mainflow(self, data):\n    return [appform.Text('name', 'Name?')]")

    outcome = run_application(folder, read_answers(None, ["name=007"]), fast=True, asker=NobodyToAsk())

    assert outcome.answers == {"name": "007"}


def test_what_no_question_asks_for_keeps_its_json_type_or_is_guessed_from_the_command_line(application, tmp_path):
    folder = application("def mainflow(self, data):\n    data['kind'] = type(data['n']).__name__")
    file = tmp_path / "answers.json"
    file.write_text('{"text": "5", "flag": true, "items": [1, 2]}')

    supplied = read_answers(str(file), ["n=4", "on=true", "word=abc", "none=null", "x=1e999"])
    outcome = run_application(folder, supplied, fast=True, asker=NobodyToAsk())

    assert outcome.answers == {
        "text": "5",
        "flag": True,
        "items": [1, 2],
        "n": 4,
        "on": True,
        "word": "abc",
        "none": None,
        "x": "1e999",
    }
    assert outcome.computed == {"kind": "int"}


def test_a_changed_answer_a_changed_yaml_value_and_a_changed_type_are_computed_and_a_deleted_key_is_gone(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "after"
    return [appform.Integer("n", "N?", default=1), appform.Text("gone", default="x")]

def after(self, data):
    data["n"] = True
    data["site"] = "south"
    del data["gone"], data["left"]
""",
        "jobbergate_config: {site: north, left: 1, same: 2}",
    )

    outcome = run(folder)

    assert outcome.computed == {"n": True, "site": "south"}
    assert outcome.config == {"n": True, "site": "south", "same": 2}


def test_a_nested_value_changed_in_place_is_computed(application):
    folder = application(
        "def mainflow(self, data):\n    data['files'].append('b')", "jobbergate_config: {files: [a]}\n"
    )

    assert run(folder).computed == {"files": ["a", "b"]}


def test_a_dictionary_put_in_the_place_of_jobbergate_config_is_the_data(application):
    folder = application("def mainflow(self, data):\n    self.jobbergate_config = {**data, 'extra': 1}")

    assert run(folder).computed == {"extra": 1}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("object()", "data['thing'] is a object, which JSON cannot hold"),
        ("{'a': [b'x']}", "data['thing'].a[0] is a bytes, which JSON cannot hold"),
        ("float('nan')", "data['thing'] is nan, which JSON cannot hold"),
    ],
)
def test_a_computed_value_that_json_cannot_hold_is_told_by_name(application, value, told):
    folder = application(f"def mainflow(self, data):\n    data['thing'] = {value}")

    with pytest.raises(CliError) as refused:
        run(folder)

    assert told in str(refused.value)


def test_yaml_dates_and_paths_in_data_are_text(application):
    folder = application(
        "def mainflow(self, data):\n    import pathlib\n    data['path'] = pathlib.Path('a/b')",
        "jobbergate_config: {day: 2024-02-29}",
    )

    outcome = run(folder)

    assert (outcome.computed, outcome.config) == ({"path": "a/b"}, {"day": "2024-02-29", "path": "a/b"})


# --- steps ----------------------------------------------------------------------------------------------------------


def test_an_answer_named_nextworkflow_steers(application):
    folder = application(
        """
def mainflow(self, data):
    return [appform.List("nextworkflow", "Where?", [("Left", "left"), ("Right", "right")])]

def left(self, data):
    return [appform.Const("side", default="L")]

def right(self, data):
    return [appform.Const("side", default="R")]
"""
    )

    assert run(folder, asker=Person(nextworkflow="Right")).answers == {"nextworkflow": "right", "side": "R"}
    assert run(folder, nextworkflow="left").answers == {"nextworkflow": "left", "side": "L"}


@pytest.mark.parametrize("returned", ["None", "[]", "()", "iter([])"])
def test_a_step_may_ask_nothing(application, returned):
    assert run(application(f"def mainflow(self, data):\n    return {returned}")).answers == {}


@pytest.mark.parametrize("returned", ["'nodes'", "{'a': 1}", "[1]", "5"])
def test_a_step_that_returns_no_questions_is_told(application, returned):
    with pytest.raises(CliError, match=r"^jobbergate\.py[^\n]*mainflow"):
        run(application(f"def mainflow(self, data):\n    return {returned}"))


def test_a_step_that_does_not_exist_is_told_with_those_that_do(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "secnod"

def second(self, data):
    pass

def _private(self):
    pass
"""
    )

    with pytest.raises(CliError) as refused:
        run(folder)

    assert str(refused.value) == (
        "jobbergate.py: nextworkflow is 'secnod', but JobbergateApplication has no such method; "
        "there are mainflow, second."
    )


def test_one_instance_lives_through_all_steps(application):
    folder = application(
        """
def mainflow(self, data):
    self.kept = [1]
    data["nextworkflow"] = "second"

def second(self, *_, **__):
    self.kept.append(2)
    self.jobbergate_config["kept"] = self.kept
"""
    )

    assert run(folder).computed == {"kept": [1, 2]}


def test_a_class_with_no_base_and_its_own_init_works(application):
    folder = application(
        """
def __init__(self, data):
    self.data = data

def mainflow(self, data):
    data["config"] = self.data["application_config"]["queue"]
""",
        head="class JobbergateApplication:\n",
    )

    assert run(folder).computed == {"config": "normal"}


def test_every_wrong_and_missing_answer_of_a_step_is_told_at_once(application):
    folder = application(
        """
def mainflow(self, data):
    return [appform.Integer("a", "A?", 1, 4), appform.Text("b", "B?"), appform.Confirm("c", "C?")]
"""
    )

    with pytest.raises(CliError) as refused:
        run(folder, a=9)

    assert str(refused.value).splitlines() == [
        "a: 9 is not accepted; give an integer from 1 to 4.",
        "b (text), c (true or false (or yes or no)) have no answer, and nobody can be asked: "
        "use -a NAME=VALUE or --answers FILE.",
    ]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("a: [1\n", "jobbergate.yaml, line 2: "),
        ("- a\n", "jobbergate.yaml: give a mapping with jobbergate_config and application_config."),
        ("jobbergate_config: [1]\n", "jobbergate.yaml: jobbergate_config is a list; give a mapping."),
    ],
)
def test_a_broken_jobbergate_yaml_is_told(application, config, told):
    with pytest.raises(CliError) as refused:
        run(application("pass", config))

    assert told in str(refused.value)


@pytest.mark.parametrize("name", ["jobbergate.py", "jobbergate.yaml"])
def test_a_folder_without_its_files_is_told(application, name):
    folder = application("pass")
    (folder / name).unlink()

    with pytest.raises(CliError, match=name):
        run(folder)


def test_an_empty_configuration_will_do(application):
    assert run(application("def mainflow(self, data):\n    data['a'] = 1", "")).computed == {"a": 1}


def test_a_program_may_be_asked_many_times_in_one_process():
    before = set(sys.modules)

    outcomes = [run(FOLDERS / "computed", cores=cores).computed["nodes"] for cores in (32, 33)]

    assert outcomes == [1, 2]
    assert {name for name in set(sys.modules) - before if name.startswith(("jobbergate_cli", "sizes"))} == set()
