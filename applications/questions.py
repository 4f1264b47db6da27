"""One question: what is asked, and which answers are acceptable. Pure.

A question is read from `questions` of `jobbergate.yaml`, or from what the command line client captured; both are
written alike, and `Question.as_json` writes it again.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from jobbergate.core.errors import DomainError

TYPES = (
    "text", "integer", "float", "boolean", "choice", "multiple_choice", "boolean_list", "directory", "file", "constant",
)  # fmt: skip
KEYS = (
    "variable", "type", "message", "default", "help", "required", "min", "max", "choices", "exists",
    "when_true", "when_false",
)  # fmt: skip
TRUE, FALSE = ("true", "yes", "y", "on", "1"), ("false", "no", "n", "off", "0")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
RESERVED = ("data",)
MAX_DEPTH, MAX_TEXT = 10, 100_000
BLANK: dict[str, Any] = {"boolean": False, "boolean_list": False, "text": "", "directory": "", "file": ""}


class InvalidForm(DomainError):
    """A question of a form is not written as questions are."""

    code = "invalid_form"

    def __init__(self, detail: str, place: tuple[Any, ...] = ()) -> None:
        super().__init__(detail, {"form": [detail]})
        self.place = place


class Unacceptable(Exception):
    """One answer is not acceptable; the text says what would be."""


@dataclass(frozen=True)
class Question:
    variable: str
    type: str
    message: str = ""
    default: Any = None
    help: str = ""
    required: bool = True
    min: float | None = None
    max: float | None = None
    choices: tuple[tuple[Any, str], ...] = ()
    exists: bool | None = None
    when_true: tuple["Question", ...] = ()
    when_false: tuple["Question", ...] = ()

    def check(self, given: Any) -> Any:
        """The answer in its own type; raises Unacceptable."""
        return CHECKS[self.type](self, given)

    def blank(self) -> Any:
        """What stands for an answer that nobody has to give."""
        return [] if self.type == "multiple_choice" else BLANK.get(self.type)

    def children(self) -> tuple["Question", ...]:
        return self.when_true + self.when_false

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"variable": self.variable, "type": self.type, "message": self.message}
        for key in ("default", "help", "min", "max", "exists"):
            if (value := getattr(self, key)) not in (None, ""):
                shown[key] = value
        if not self.required:
            shown["required"] = False
        if self.choices:
            shown["choices"] = [{"value": value, "label": label} for value, label in self.choices]
        for key in ("when_true", "when_false"):
            if questions := getattr(self, key):
                shown[key] = [question.as_json() for question in questions]
        return shown


# --- the rule of each type ------------------------------------------------------------------------------------------


def text(question: Question, given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise Unacceptable("give text")
    value = given if isinstance(given, str) else json.dumps(given)
    if "\0" in value or len(value) > MAX_TEXT:
        raise Unacceptable(f"give text of at most {MAX_TEXT} characters, without NUL")
    if question.required and not value:
        raise Unacceptable("give text that is not empty")
    return value


def integer(question: Question, given: Any) -> int:
    accepted = f"give an integer{bounds(question)}"
    if isinstance(given, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", given):
        given = int(given)
    if type(given) is not int or outside(question, given):
        raise Unacceptable(accepted)
    return given


def number(question: Question, given: Any) -> float:
    accepted = f"give a number{bounds(question)}"
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise Unacceptable(accepted)
    try:
        value = float(given)
    except (ValueError, OverflowError):
        raise Unacceptable(accepted) from None
    if not math.isfinite(value) or outside(question, value):
        raise Unacceptable(accepted)
    return value


def boolean(question: Question, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = given.strip().lower() if isinstance(given, str) else ""
    if word not in TRUE + FALSE:
        raise Unacceptable("give true or false")
    return word in TRUE


def choice(question: Question, given: Any) -> Any:
    # Value before text before label, over all choices each: one choice's label may be another's value.
    for means in (
        lambda value, label: same(given, value),
        lambda value, label: isinstance(given, str) and given == str(value),
        lambda value, label: given == label,
    ):
        for value, label in question.choices:
            if means(value, label):
                return value
    raise Unacceptable(f"give one of {', '.join(str(value) for value, _ in question.choices)}")


def multiple_choice(question: Question, given: Any) -> list[Any]:
    if isinstance(given, str):
        given = [word.strip() for word in given.split(",") if word.strip()]
    if not isinstance(given, list):
        raise Unacceptable(f"give a list out of {', '.join(str(value) for value, _ in question.choices)}")
    chosen = [choice(question, item) for item in given]
    if question.required and not chosen:
        raise Unacceptable(f"give at least one of {', '.join(str(value) for value, _ in question.choices)}")
    return chosen


def constant(question: Question, given: Any) -> Any:
    if not same(given, question.default):
        raise Unacceptable(f"leave it out: it is always {json.dumps(question.default)}")
    return question.default


CHECKS: dict[str, Callable[[Question, Any], Any]] = {
    "text": text, "directory": text, "file": text, "integer": integer, "float": number, "boolean": boolean,
    "boolean_list": boolean, "choice": choice, "multiple_choice": multiple_choice, "constant": constant,
}  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Equality in which 1, 1.0 and True are three different things."""
    return type(one) is type(other) and bool(one == other)


def outside(question: Question, value: float) -> bool:
    return (question.min is not None and value < question.min) or (question.max is not None and value > question.max)


def bounds(question: Question) -> str:
    if question.min is not None and question.max is not None:
        return f" from {question.min} to {question.max}"
    if question.min is not None:
        return f" of at least {question.min}"
    return f" of at most {question.max}" if question.max is not None else ""


# --- reading questions ----------------------------------------------------------------------------------------------

Place = tuple[Any, ...]


def read_questions(value: Any, place: Place) -> tuple[Question, ...]:
    """Questions out of YAML or JSON; raises InvalidForm with the place (indexes and keys) where one is wrong."""
    if not isinstance(value, list):
        raise InvalidForm("give a list of questions.", place)
    if len(place) > 2 * MAX_DEPTH:
        raise InvalidForm(f"questions are nested more than {MAX_DEPTH} levels deep.", place)
    return tuple(read_question(item, (*place, index)) for index, item in enumerate(value))


def read_question(value: Any, place: Place) -> Question:
    if not isinstance(value, dict):
        raise InvalidForm("a question is a mapping with at least variable and type.", place)
    for key in value:
        if key not in KEYS:
            raise InvalidForm(f"a question has no {key!r}; it may have {', '.join(KEYS)}.", (*place, key))
    variable, kind = value.get("variable"), value.get("type")
    if not isinstance(variable, str) or not VARIABLE.match(variable) or variable in RESERVED:
        raise InvalidForm(f"{variable!r} is no name of a variable; give letters, digits and _ (not 'data').", place)
    if kind not in TYPES:
        raise InvalidForm(f"{variable}: there is no type {kind!r}; there are {', '.join(TYPES)}.", (*place, "type"))
    read = {
        "message": typed(value, "message", str, "text", place) or variable,
        "help": typed(value, "help", str, "text", place) or "",
        "required": typed(value, "required", bool, "true or false", place) is not False,
        "exists": typed(value, "exists", bool, "true or false", place),
        "min": typed(value, "min", int | float, "a number", place),
        "max": typed(value, "max", int | float, "a number", place),
        "choices": read_choices(value, variable, kind, place),
    }
    for key in ("when_true", "when_false"):
        read[key] = read_questions(value.get(key) or [], (*place, key)) if kind == "boolean_list" else ()
    question = Question(variable, kind, **read)
    return with_default(question, value.get("default"), (*place, "default"))


def typed(value: dict[str, Any], key: str, accepted: Any, words: str, place: Place) -> Any:
    found = value.get(key)
    if found is None:
        return None
    if not isinstance(found, accepted) or (isinstance(found, bool) and accepted is not bool):
        raise InvalidForm(f"{value['variable']}: {key} is {found!r}; give {words}.", (*place, key))
    return found


def read_choices(value: dict[str, Any], variable: str, kind: str, place: Place) -> tuple[tuple[Any, str], ...]:
    """Choices are values, or pairs of label and value."""
    if kind not in ("choice", "multiple_choice"):
        return ()
    given = value.get("choices")
    if not isinstance(given, list) or not given:
        raise InvalidForm(f"{variable}: give a list of choices.", (*place, "choices"))
    return tuple(read_choice(item, variable, (*place, "choices", index)) for index, item in enumerate(given))


def read_choice(item: Any, variable: str, place: Place) -> tuple[Any, str]:
    if isinstance(item, dict) and "value" in item and item.keys() <= {"value", "label"}:
        item = [item.get("label", str(item["value"])), item["value"]]
    label, chosen = item if isinstance(item, list) and len(item) == 2 else (str(item), item)
    if not isinstance(chosen, str | int | float) or not isinstance(label, str):
        raise InvalidForm(f"{variable}: {item!r} is no choice; give a value, or a label and a value.", place)
    return chosen, label


def with_default(question: Question, default: Any, place: Place) -> Question:
    """The question with its default, which has to be acceptable itself."""
    if default is None or question.type == "constant":
        return replace(question, default=storable(default, question.variable, place))
    try:
        return replace(question, default=question.check(default))
    except Unacceptable as refusal:
        raise InvalidForm(f"{question.variable}: the default {default!r} is not accepted; {refusal}.", place) from None


def storable(default: Any, variable: str, place: Place) -> Any:
    """A constant may be anything that JSON has."""
    try:
        text = json.dumps(default, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidForm(f"{variable}: the default cannot be stored: {error}.", place) from None
    return json.loads(text)
