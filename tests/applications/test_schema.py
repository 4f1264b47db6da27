"""The JSON Schema of a form: what it accepts the server accepts, and what the server answers with it accepts."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications import schema
from applications.forms import Form, InvalidAnswers
from tests.cli.test_rules_agree import NAMES, forms, given_values

SOLVER: dict[str, Any] = {
    "variable": "solver",
    "type": "choice",
    "choices": [["Conjugate gradients", "cg"], "jacobi"],
    "default": "cg",
}
STEPS = {"variable": "steps", "type": "integer", "min": 1, "max": 9, "unit": "k", "message": "How many?"}
WHEN_CG = {**STEPS, "when": {"variable": "solver", "equals": "cg"}}


def accepts(form: Form, answers: Any) -> bool:
    found = schema.of_answers(form, "Answers")
    jsonschema.Draft202012Validator.check_schema(found)
    return bool(jsonschema.Draft202012Validator(found).is_valid(answers))


def test_a_form_has_a_schema_of_its_answers():
    form = Form.declared(
        [SOLVER, {"section": "Length", "when": {"variable": "solver", "in": ["cg"]}, "questions": [STEPS]}]
    )

    assert schema.of_answers(form, "Answers to Heat, version 1") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers to Heat, version 1",
        "type": "object",
        "properties": {
            "solver": {
                "title": "solver",
                "anyOf": [{"const": "cg", "title": "Conjugate gradients"}, {"const": "jacobi", "title": "jacobi"}],
                "default": "cg",
            },
            "steps": {
                "title": "How many?", "x-unit": "k", "x-section": "Length",
                "type": "integer", "minimum": 1, "maximum": 9,
            },
        },
        "required": [],
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"$ref": "#/$defs/asks-steps"},
                "then": {"required": ["steps"]},
                "else": {"properties": {"steps": False}},
            }
        ],
        "$defs": {"asks-steps": {"properties": {"solver": {"enum": ["cg"]}}}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "accepted"),
    [
        ({"steps": 3}, True),
        ({"solver": "cg", "steps": 3}, True),
        ({"solver": "cg"}, False),
        ({}, False),
        ({"solver": "jacobi"}, True),
        ({"solver": "jacobi", "steps": 3}, False),
        ({"solver": "sor"}, False),
        ({"steps": 10}, False),
        ({"steps": 3, "other": 1}, False),
    ],
)
def test_a_hidden_question_may_not_be_answered_and_a_shown_one_has_to_be(answers, accepted):
    form = Form.declared([SOLVER, WHEN_CG])

    assert accepts(form, answers) is accepted


def test_a_captured_form_takes_more_than_it_asks_for():
    form = Form.from_json({"questions": [STEPS, {"variable": "k", "type": "constant", "default": 1}]})

    assert accepts(form, {"steps": 2, "else": 1, "k": 2})
    assert not accepts(form, {"steps": "many"})


@given(forms(), st.dictionaries(st.sampled_from([*NAMES, "unknown"]), given_values))
def test_what_the_schema_accepts_the_server_accepts(form, given):
    if accepts(form, given):
        form.validate(given)


@given(forms(), st.dictionaries(st.sampled_from(NAMES), given_values))
def test_the_answers_that_the_server_makes_fit_the_schema(form, given):
    try:
        answers = form.validate(given)
    except InvalidAnswers:
        return

    assert accepts(form, json.loads(json.dumps(answers)))
