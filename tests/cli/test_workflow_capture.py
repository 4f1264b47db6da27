"""The questions of a jobbergate.py as a form: what it asks of somebody who presses Enter."""

import pytest

from cli.errors import CliError
from cli.questions import question_from_form
from cli.workflow import capture_form
from tests.cli.test_workflow import FOLDERS, application

__all__ = ["application"]


def captured(folder):
    return {question["variable"]: question for question in capture_form(folder)["questions"]}


def test_a_chain_of_steps_is_one_form():
    assert capture_form(FOLDERS / "chained") == {
        "captured": True,
        "multi_step": True,
        "questions": [
            {
                "variable": "job_name",
                "type": "text",
                "message": "Name of the job",
                "default": "chained",
                "required": False,
            },
            {"variable": "remark", "type": "text", "message": "Remark (may stay empty)", "required": False},
            {
                "variable": "partition",
                "type": "choice",
                "message": "Partition",
                "default": "debug",
                "choices": [{"value": "debug", "label": "debug"}, {"value": "long", "label": "long runs"}],
            },
            {
                "variable": "nodes",
                "type": "integer",
                "message": "Number of nodes",
                "default": 2,
                "min": 1,
                "max": 64,
            },
            {
                "variable": "modules",
                "type": "multiple_choice",
                "message": "Modules to load",
                "default": ["gcc/12"],
                "required": False,
                "choices": [{"value": name, "label": name} for name in ("gcc/12", "openmpi/4", "python/3.11")],
            },
            {"variable": "mail", "type": "boolean", "message": "Mail at the end?", "default": False},
            {
                "variable": "workdir",
                "type": "directory",
                "message": "Working directory",
                "default": "/tmp/chained",
                "required": False,
            },
        ],
    }


def test_both_branches_are_captured_whatever_the_default():
    gpu = captured(FOLDERS / "computed")["gpu"]

    assert [question["variable"] for question in gpu["when_true"]] == ["gpus", "mps"]
    assert [question["variable"] for question in gpu["when_true"][1]["when_true"]] == ["mps_percent"]
    assert gpu["when_false"] == [
        {
            "variable": "memory",
            "type": "choice",
            "message": "Memory",
            "default": 16,
            "choices": [{"value": 16, "label": "small"}, {"value": 256, "label": "large"}],
        }
    ]


@pytest.mark.parametrize("name", ["chained", "computed", "looped"])
def test_a_captured_form_can_be_answered(name):
    for question in capture_form(FOLDERS / name)["questions"]:
        assert question_from_form(question).to_form() == question


def test_one_step_is_not_several(application):
    form = capture_form(application("def mainflow(self, data):\n    return [appform.Text('a')]"))

    assert form["multi_step"] is False


def test_questions_without_defaults_are_answered_with_what_is_nearest(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "after"
    return [
        appform.Integer("least", "?", minval=3), appform.Integer("most", "?", maxval=-1), appform.Integer("any", "?"),
        appform.List("first", "?", [("A", "a"), ("B", "b")]), appform.List("bad", "?", ["x", "y"], default="z"),
        appform.Checkbox("many", "?", ["a"]), appform.Confirm("sure", "?"), appform.Text("text", "?"),
        appform.File("file", "?", exists=True), appform.Directory("there", "?", exists=True, default="/not/here"),
        appform.BooleanList("list", "?", whenfalse=[appform.Text("inner", "?")]), appform.Const("constant", default=4),
        appform.Text("left", "?", ignore=True, default="L"),
    ]

def after(self, data):
    assert (data["least"], data["most"], data["any"]) == (3, -1, 0)
    assert (data["first"], data["bad"]) == ("a", "x")
    assert (data["many"], data["sure"], data["text"], data["file"]) == ([], False, "", "")
    assert (data["there"], data["list"], data["inner"], data["constant"]) == ("/not/here", False, "", 4)
    assert data["left"] == "L"
    return [appform.Text("reached", "?")]
"""
    )

    found = captured(folder)

    assert "reached" in found
    assert "default" not in found["bad"]


def test_the_first_question_for_a_variable_stands_for_all(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "again"
    return [appform.Text("a", "First?")]

def again(self, data):
    return [appform.Text("a", "Second?"), appform.BooleanList("b", "B?", [appform.Text("a", "Third?")])]
"""
    )

    assert capture_form(folder)["questions"] == [
        {"variable": "a", "type": "text", "message": "First?", "required": False},
        {"variable": "b", "type": "boolean_list", "message": "B?", "when_true": []},
    ]


def test_a_loop_under_default_answers_is_cut(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "mainflow"
    data["round"] = data.get("round", 0) + 1
    return [appform.Text("value%d" % data["round"], "Value?")]
"""
    )

    form = capture_form(folder)

    assert (len(form["questions"]), form["multi_step"]) == (50, True)


def test_code_that_fails_after_its_first_step_still_shows_what_it_asked(application):
    folder = application(
        """
def mainflow(self, data):
    data["nextworkflow"] = "later"
    return [appform.File("mesh", "Mesh?")]

def later(self, data):
    open(data["mesh"])
"""
    )

    form = capture_form(folder)

    assert ([question["variable"] for question in form["questions"]], form["multi_step"]) == (["mesh"], True)


def test_code_that_fails_at_once_is_told(application):
    with pytest.raises(CliError, match=r"jobbergate\.py, line 7, in mainflow: ZeroDivisionError"):
        capture_form(application("def mainflow(self, data):\n    1 / 0"))


def test_what_can_only_be_chosen_on_the_publishers_machine_can_be_typed(application):
    folder = application(
        """
def mainflow(self, data):
    return [
        appform.List("file", "File?", choices=lambda answers: []),
        appform.Checkbox("files", "Files?", choices=[("none", None)]),
    ]
"""
    )

    assert capture_form(folder)["questions"] == [
        {"variable": "file", "type": "text", "message": "File?", "required": False},
        {"variable": "files", "type": "text", "message": "Files?", "required": False},
    ]


@pytest.mark.parametrize("name", ["job-name", "data", "1st", ""])
def test_a_variable_that_no_form_can_have_is_left_to_the_program(application, name):
    folder = application(f"def mainflow(self, data):\n    return [appform.Text({name!r}, '?'), appform.Text('b', '?')]")

    assert list(captured(folder)) == ["b"]
