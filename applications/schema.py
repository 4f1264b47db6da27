"""A form as JSON Schema (draft 2020-12), so that any client can build and check answers. Pure.

What the schema accepts the server accepts too. The server takes more: the text of a number, the label of a choice.
"""

from collections.abc import Callable
from typing import Any

from applications.conditions import Condition
from applications.forms import Asked, Form
from applications.questions import MAX_TEXT, Question

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
JSON_TYPES = {"text": "string", "file": "string", "directory": "string", "integer": "integer", "float": "number",
              "boolean": "boolean", "boolean_list": "boolean", "multiple_choice": "array"}  # fmt: skip


def of_answers(form: Form, title: str) -> Schema:
    """What `answers` of a job script may be."""
    sometimes = [asked for asked in form.asked if asked.when is not None]
    schema: Schema = {
        "$schema": DRAFT,
        "title": title,
        "type": "object",
        "properties": {name: of_answer(asked.question, form.captured) for name, asked in form.by_variable.items()},
        "required": [asked.question.variable for asked in form.asked if asked.when is None and has_to_be_given(asked)],
        # A program may take what no question asks for.
        "additionalProperties": form.captured,
    }
    if sometimes:
        schema["allOf"] = [only_when_asked(asked, form.captured) for asked in sometimes]
        schema["$defs"] = {
            is_asked(asked.question): of_condition(asked.when, form) for asked in sometimes if asked.when is not None
        }
    return schema


def has_to_be_given(asked: Asked) -> bool:
    question = asked.question
    return question.required and question.default is None and question.type != "constant"


def only_when_asked(asked: Asked, captured: bool) -> Schema:
    name = asked.question.variable
    rule: Schema = {"if": {"$ref": f"#/$defs/{is_asked(asked.question)}"}}
    if has_to_be_given(asked):
        rule["then"] = {"required": [name]}
    if not captured:
        rule["else"] = {"properties": {name: False}}
    return rule


def is_asked(question: Question) -> str:
    return f"asks {question.variable}".replace(" ", "-")


def of_answer(question: Question, captured: bool = False) -> Schema:
    notes = {"title": question.message, "description": question.help, "x-unit": question.unit,
             "x-section": question.section}  # fmt: skip
    schema = {name: text for name, text in notes.items() if text} | RULES.get(question.type, typed)(question)
    if question.type == "constant" and captured:
        schema.pop("const")  # A program's constant is only its suggestion.
    if question.default is not None:
        schema["default"] = question.default
    return schema


def typed(question: Question) -> Schema:
    kind = JSON_TYPES[question.type]
    schema: Schema = {"type": kind if question.required else [kind, "null"]}
    if kind == "string":
        schema |= {"minLength": 1} if question.required else {}
        schema |= {"maxLength": MAX_TEXT}
        schema |= {"pattern": f"^(?:{question.pattern})$"} if question.pattern else {}
        schema |= {"format": f"{question.type}-path"} if question.type != "text" else {}
    if question.min is not None:
        schema["minimum"] = question.min
    if question.max is not None:
        schema["maximum"] = question.max
    return schema


def choice(question: Question) -> Schema:
    return {"anyOf": choices(question) if question.required else [*choices(question), {"type": "null"}]}


def multiple_choice(question: Question) -> Schema:
    return typed(question) | {"items": {"anyOf": choices(question)}} | ({"minItems": 1} if question.required else {})


def choices(question: Question) -> list[Schema]:
    return [{"const": value, "title": label} for value, label in question.choices]


RULES: dict[str, Callable[[Question], Schema]] = {
    "choice": choice,
    "multiple_choice": multiple_choice,
    "constant": lambda it: {"const": it.default},
}


def of_condition(condition: Condition, form: Form) -> Schema:
    if condition.operator == "not":
        return {"not": of_condition(condition.parts[0], form)}
    if condition.parts:
        word = f"{condition.operator}Of"
        return {word: [of_condition(part, form) for part in condition.parts]}
    asked = form.by_variable[condition.variable]
    compared = of_comparison(condition, asked.question)
    if asked.when is None:
        return compared
    return {"allOf": [{"$ref": f"#/$defs/{is_asked(asked.question)}"}, compared]}


def of_comparison(condition: Condition, question: Question) -> Schema:
    """The comparison, true also where nothing is given and what then counts fits."""
    name, test = question.variable, COMPARISONS[condition.operator](condition.value)
    if not question.required and condition.holds({name: question.blank()}):
        test = {"anyOf": [test, {"type": "null"}]}
    schema = {"properties": {name: test}}
    otherwise = question.default if question.default is not None or question.type == "constant" else question.blank()
    fits = not has_to_be_given(Asked(question, None)) and condition.holds({name: otherwise})
    return schema if fits else schema | {"required": [name]}


COMPARISONS: dict[str, Callable[[Any], Schema]] = {
    "is": lambda value: {"const": value},
    "equals": lambda value: {"const": value},
    "in": lambda values: {"enum": list(values)},
    "contains": lambda value: {"type": "array", "contains": {"const": value}},
}
