"""`jobbergate.yaml` as JSON Schema (draft 2020-12), so that editors complete and check it. Pure.

`python -m applications.config_schema` prints it; `docs/` has it, and the API serves it.
"""

import json
from typing import Any

from applications.questions import TYPES
from applications.reading import MAX_PATTERN, ONLY_FOR
from applications.schema import DRAFT, Schema


def texts(description: str) -> Schema:
    return {
        "description": description,
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}],
    }


def text(description: str, **more: Any) -> Schema:
    return {"description": description, "type": ["string", "null"], **more}


VALUE: Schema = {"type": ["string", "number", "boolean"]}
CONDITION: Schema = {"$ref": "#/$defs/condition"}
QUESTIONS: Schema = {"type": "array", "items": {"$ref": "#/$defs/question"}}

QUESTION: dict[str, Schema] = {
    "variable": {
        "description": "The variable that the answer is given to.",
        "type": "string",
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        "not": {"const": "data"},
    },
    "type": {"description": "What kind of answer is accepted.", "enum": list(TYPES)},
    "message": text("What is asked; the variable's name by default."),
    "help": text("A longer explanation."),
    "default": {"description": "The answer that is taken where none is given; of a constant, its value."},
    "required": {"description": "Whether there has to be an answer; true by default.", "type": ["boolean", "null"]},
    "unit": text("What a number counts: shown, never a part of the answer."),
    "min": {"description": "The smallest number that is accepted.", "type": ["number", "null"]},
    "max": {"description": "The largest number that is accepted.", "type": ["number", "null"]},
    "pattern": text("A regular expression (RE2) that the whole answer has to match.", maxLength=MAX_PATTERN),
    "pattern_message": text("What to say in place of the pattern when an answer does not match."),
    "choices": {
        "description": "What can be chosen: values, or pairs of label and value.",
        "type": "array",
        "minItems": 1,
        "items": {
            "anyOf": [
                VALUE,
                {"type": "array", "prefixItems": [{"type": "string"}, VALUE], "minItems": 2, "maxItems": 2},
                {
                    "type": "object",
                    "properties": {"label": {"type": "string"}, "value": VALUE},
                    "required": ["value"],
                    "additionalProperties": False,
                },
            ]
        },
    },
    "exists": {
        "description": "Whether the path has to exist, or must not, on the machine of whoever answers.",
        "type": ["boolean", "null"],
    },
    "when_true": {"description": "What is asked where the answer is yes.", **QUESTIONS},
    "when_false": {"description": "What is asked where the answer is no.", **QUESTIONS},
    "when": {"description": "Ask only if this holds for the answers before.", **CONDITION},
    "section": text("The heading that it stands under."),
}

SECTION: Schema = {
    "type": "object",
    "description": "Questions under one heading, and under one condition.",
    "properties": {
        "section": {"description": "The heading.", "type": "string", "minLength": 1},
        "help": text("A longer explanation of the section."),
        "when": CONDITION,
        "questions": QUESTIONS,
    },
    "required": ["section", "questions"],
    "additionalProperties": False,
}


def comparison(operator: str, description: str, value: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": {"variable": {"type": "string"}, operator: value},
        "required": ["variable", operator],
        "additionalProperties": False,
    }


def joined(operator: str, description: str, value: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": {operator: value},
        "required": [operator],
        "additionalProperties": False,
    }


CONDITIONS: Schema = {"type": "array", "minItems": 1, "items": CONDITION}
CONFIG: Schema = {
    "$schema": DRAFT,
    "title": "jobbergate.yaml",
    "description": "What an application is made of: its templates, defaults of their variables, and its questions.",
    "type": "object",
    "properties": {
        "jobbergate_config": {
            "description": "Which files become a job script. Any other key is kept, as a variable of the templates.",
            "type": ["object", "null"],
            "properties": {
                "default_template": text("The template of the script for sbatch; a sole one needs no naming."),
                "template_files": texts("Kept for older tools; which files are templates needs no naming."),
                "supporting_files": texts("Further templates that are rendered into files beside the script."),
                "verbatim_files": texts("Files that go with the script unchanged."),
                "supporting_files_output_name": {
                    "description": "Under which name or names a file is written: template → name, or list of names.",
                    "type": ["object", "null"],
                    "additionalProperties": texts("A path."),
                },
                "output_directory": text("Where the files are meant to be written."),
                "job_script_name": text("The name of a job script, where nobody gives another."),
                "undefined": {
                    "description": "What a template's undefined variable is; an error where there are questions.",
                    "enum": ["error", "warn"],
                },
            },
        },
        "application_config": {"description": "Defaults of the templates' variables.", "type": ["object", "null"]},
        "questions": {
            "description": "What a person is asked. With questions, no code of the application runs anywhere.",
            "type": ["array", "null"],
            "items": {"if": {"required": ["questions"]}, "then": SECTION, "else": {"$ref": "#/$defs/question"}},
        },
    },
    "$defs": {
        "question": {
            "type": "object",
            "properties": QUESTION,
            "required": ["variable", "type"],
            "additionalProperties": False,
            "allOf": [
                *(
                    {
                        "if": {"required": [key], "properties": {key: {"not": {"enum": [None, [], ""]}}}},
                        "then": {"properties": {"type": {"enum": list(types)}}},
                    }
                    for key, types in ONLY_FOR.items()
                ),
                {
                    "if": {"properties": {"type": {"enum": list(ONLY_FOR["choices"])}}},
                    "then": {"required": ["choices"]},
                },
            ],
        },
        "condition": {
            "anyOf": [
                {"type": "null"},
                {"type": "string", "description": "A yes-or-no question that is answered with yes."},
                comparison("is", "A yes-or-no question has this answer.", {"type": "boolean"}),
                comparison("equals", "An answer is this value.", {}),
                comparison("in", "An answer is one of these values.", {"type": "array", "minItems": 1}),
                comparison("contains", "A multiple choice has this value among its answers.", {}),
                joined("all", "All of these conditions hold.", CONDITIONS),
                joined("any", "At least one of these conditions holds.", CONDITIONS),
                joined("not", "This condition does not hold.", CONDITION),
            ]
        },
    },
}


def as_text() -> str:
    """The schema of `jobbergate.yaml` as editors fetch it, and as the documentation has it."""
    return json.dumps(CONFIG, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(as_text(), end="")
