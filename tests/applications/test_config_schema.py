"""The JSON Schema of jobbergate.yaml against the parser: an editor and the server say the same of a file."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given

from applications import config, config_schema
from applications.config import BadConfig
from tests.cli.test_rules_agree import forms

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob("examples/*/jobbergate.yaml"))
FOLDERS += sorted(path.parent for path in ROOT.glob("tests/folders/*/jobbergate.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(config_schema.CONFIG)

QUESTION = {"variable": "n", "type": "integer", "message": "How many?"}
FLAG = {"variable": "flag", "type": "boolean"}


def told(value: object) -> str:
    """What is wrong with it; nothing where both take it, and a failure where only one does."""
    detail = ""
    try:
        config.parse(json.dumps(value).encode(), strict=True)
    except BadConfig as error:
        detail = error.detail
    assert VALIDATOR.is_valid(value) == (detail == ""), detail
    return detail


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(config_schema.CONFIG)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_folder_that_we_have_fits(folder):
    VALIDATOR.validate(yaml.safe_load((folder / config.NAME).read_text()))


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        {**QUESTION, "min": 1, "max": 4, "unit": "GB", "default": 2, "required": False, "help": "Of each node."},
        {"variable": "t", "type": "text", "pattern": "[a-z]+", "pattern_message": "small letters", "section": "Name"},
        {
            "variable": "c",
            "type": "choice",
            "choices": ["a", ["B", 2], {"value": 3, "label": "three"}, {"value": True}],
        },
        {"variable": "m", "type": "multiple_choice", "choices": [1, 2], "default": [1]},
        {"variable": "f", "type": "file", "exists": True},
        {"variable": "k", "type": "constant", "default": {"any": ["thing"]}},
        {"variable": "b", "type": "boolean_list", "when_true": [QUESTION], "when_false": []},
        {**QUESTION, "when": "flag"},
        {**QUESTION, "when": {"variable": "flag", "is": False}},
        {**QUESTION, "when": {"all": ["flag", {"not": {"any": [{"variable": "flag", "equals": True}]}}]}},
        {"section": "More", "help": "Rarely needed.", "when": "flag", "questions": [QUESTION]},
    ],
)
def test_what_the_parser_takes_the_schema_takes(question):
    assert told({"questions": [FLAG, question]}) == ""


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"variable": "n"}, "n: there is no type None"),
        ({"type": "text"}, "None is no name of a variable"),
        ({"variable": "data", "type": "text"}, "'data' is no name of a variable"),
        ({"variable": "1st", "type": "text"}, "'1st' is no name of a variable"),
        ({**QUESTION, "minimum": 1}, "a question has no 'minimum'"),
        ({**QUESTION, "min": "1"}, "n: min is '1'; give a number"),
        ({**QUESTION, "required": "no"}, "n: required is 'no'; give true or false"),
        ({**QUESTION, "pattern": "[0-9]"}, "n: pattern goes with text, file, directory, and not with integer"),
        ({**QUESTION, "choices": [1]}, "n: choices goes with choice, multiple_choice, and not with integer"),
        ({**QUESTION, "exists": True}, "n: exists goes with file, directory, and not with integer"),
        ({**QUESTION, "when_true": [FLAG]}, "n: when_true goes with boolean_list, and not with integer"),
        ({"variable": "t", "type": "text", "min": 1}, "t: min goes with integer, float, and not with text"),
        ({"variable": "c", "type": "choice"}, "c: give a list of choices"),
        ({"variable": "c", "type": "choice", "choices": []}, "c: give a list of choices"),
        ({"variable": "c", "type": "choice", "choices": [None]}, "c: None is no choice"),
        ({**QUESTION, "when": 3}, "n: when is 3; give the name of a yes-or-no question"),
        ({**QUESTION, "when": {"variable": "flag"}}, 'n: when is {"variable": "flag"}; give'),
        ({**QUESTION, "when": {"variable": "flag", "is": True, "in": [1]}}, "n: when is"),
        ({**QUESTION, "when": {"variable": "flag", "is": 1}}, "n: when: is takes true or false, and not 1"),
        ({**QUESTION, "when": {"variable": "flag", "in": []}}, "n: when: in takes a list of values, and not []"),
        ({**QUESTION, "when": {"all": []}}, 'n: when is {"all": []}; give'),
        ({"section": "", "questions": []}, "section is ''; give its title"),
        ({"section": "A", "questions": [], "message": "x"}, "a section has no 'message'"),
    ],
)
def test_what_the_parser_refuses_the_schema_refuses(question, words):
    assert words in told({"questions": [FLAG, question]})


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"default_template": ["a"]}, "default_template is a list; give text"),
        ({"supporting_files": {"a": "b"}}, "supporting_files is a mapping; give a list of file names"),
        ({"supporting_files_output_name": ["a"]}, "give a mapping from template to name or list of names"),
        ({"undefined": "ignore"}, "undefined is 'ignore'; give error or warn"),
        ([], ""),
    ],
)
def test_both_say_the_same_of_the_configuration(section, words):
    assert words in told({"jobbergate_config": section or None, "application_config": {"any": "thing"}})


@given(forms())
def test_every_form_that_the_server_has_fits(form):
    VALIDATOR.validate({"questions": json.loads(json.dumps(form.as_json()["questions"]))})


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("other", 'when names "other", which is not asked for before it; n, flag is'),
        ("x", 'when names "x", which is not asked for before it; n, flag is'),
        ("n", "when: is does not fit n, a question of type integer; use equals or in"),
        (
            {"variable": "n", "contains": 1},
            "when: contains does not fit n, a question of type integer; use equals or in",
        ),
        ({"variable": "n", "equals": "many"}, 'when: n can never be "many"; give an integer'),
        ({"variable": "flag", "in": [True, 7]}, "when: flag can never be 7; give true or false"),
    ],
)
def test_what_a_condition_is_about_the_parser_alone_can_say(when, words):
    text = json.dumps({"questions": [QUESTION, FLAG, {"variable": "x", "type": "text", "when": when}]})

    with pytest.raises(BadConfig) as refusal:
        config.parse(text.encode())

    assert refusal.value.detail == f"jobbergate.yaml, line 1: questions: x: {words}."
