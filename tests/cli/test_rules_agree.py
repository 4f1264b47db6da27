"""One set of rules on both sides: what the client accepts the server accepts too, and makes nothing else of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.forms import Form, InvalidAnswers
from cli.asking import NobodyToAsk, answer_form
from cli.errors import CliError
from cli.workflow import capture_form

FOLDERS = sorted(path for path in (Path(__file__).parents[1] / "folders").iterdir() if path.is_dir())
CHOICES = [["Two", 2], ["debug", "long"], ["long", "debug"], True, "2", 1.5]

QUESTIONS = [
    {"type": "text"},
    {"type": "text", "required": False},
    {"type": "integer", "min": -5, "max": 10},
    {"type": "integer", "required": False},
    {"type": "float", "min": 0.5},
    {"type": "boolean"},
    {"type": "boolean_list", "when_true": [{"variable": "inner", "type": "text", "required": False}]},
    {"type": "choice", "choices": CHOICES},
    {"type": "multiple_choice", "choices": CHOICES},
    {"type": "multiple_choice", "choices": CHOICES, "required": False},
    {"type": "directory"},
    {"type": "file", "required": False},
    {"type": "constant", "default": 3},
]

words = st.sampled_from(["", "2", "-3", " 7 ", "1.5", "1e3", "debug", "long", "Two", "True", "yes", "off", "2,debug"])
scalars = st.one_of(words, st.integers(-20, 20), st.floats(-5, 20), st.booleans(), st.none())
values = scalars | st.lists(scalars, max_size=3)


@pytest.mark.parametrize("fields", QUESTIONS, ids=lambda fields: json.dumps(fields)[:50])
@given(value=values)
def test_what_the_client_makes_of_an_answer_the_server_takes_as_it_is(fields, value):
    form = Form.declared([{"variable": "v", **fields}])
    try:
        answers = answer_form(form.as_json(), {"v": value}, fast=True, asker=NobodyToAsk())
    except CliError:
        with pytest.raises(InvalidAnswers):
            form.validate({"v": value})
        return

    assert repr(form.validate(answers)) == repr({"v": None} | answers)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_captured_form_is_taken_by_the_server_as_it_is(folder):
    form = capture_form(folder)

    assert Form.from_json(form).as_json() == form
