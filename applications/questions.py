"""One question: what is asked, and which answers are acceptable. Pure.

The command line client has the same rules, so that it refuses what we would refuse before it asks us.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import re2

from applications.conditions import Condition, alike
from jobbergate.core.errors import DomainError

TYPES = (
    "text", "integer", "float", "boolean", "choice", "multiple_choice", "boolean_list", "directory", "file", "constant",
)  # fmt: skip
TRUE, FALSE = ("true", "yes", "y", "on", "1"), ("false", "no", "n", "off", "0")
INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MAX_TEXT, MAX_INTEGER, MAX_LISTED = 100_000, 2**63 - 1, 50
# What RE2 may take for one pattern; it refuses what needs more.
PATTERN_MEMORY = 2**20
# Values and their labels.
Choices = tuple[tuple[Any, str], ...]
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
    unit: str = ""
    min: float | None = None
    max: float | None = None
    pattern: str = ""
    pattern_message: str = ""
    choices: Choices = ()
    exists: bool | None = None
    when_true: tuple["Question", ...] = ()
    when_false: tuple["Question", ...] = ()
    when: Condition | None = None
    section: str = ""

    @cached_property
    def keys(self) -> dict[tuple[Any, ...], tuple[Any, str]]:
        return keyed(self.choices)

    def check(self, given: Any) -> Any:
        """The answer in its own type; raises Unacceptable."""
        return self.blank() if self.is_blank(given) else CHECKS[self.type](self, given)

    def is_blank(self, given: Any) -> bool:
        """Whether this leaves a question open that may be left open: null and the empty text do."""
        if self.required or self.type == "constant" or not (given is None or given == ""):
            return False
        return chosen(self, given) is None

    def blank(self) -> Any:
        """What stands for an answer that nobody has to give."""
        return [] if self.type == "multiple_choice" else BLANK.get(self.type)

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"variable": self.variable, "type": self.type, "message": self.message}
        for key in ("default", "help", "unit", "min", "max", "pattern", "pattern_message", "exists", "section"):
            if (value := getattr(self, key)) not in (None, ""):
                shown[key] = value
        if not self.required:
            shown["required"] = False
        if self.when is not None:
            shown["when"] = self.when.as_json()
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
    value = str(given)
    if "\0" in value or len(value) > MAX_TEXT:
        raise Unacceptable(f"give text of at most {MAX_TEXT} characters, without NUL")
    if question.required and not value:
        raise Unacceptable("give text that is not empty")
    if question.pattern and not compiled(question.pattern).fullmatch(value):
        raise Unacceptable(question.pattern_message.rstrip(".") or f"give text that matches {question.pattern}")
    return value


def integer(question: Question, given: Any) -> int:
    if isinstance(given, str) and INTEGER.fullmatch(given.strip()):
        given = int(given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if type(given) is not int or abs(given) > MAX_INTEGER or outside(question, given):
        raise Unacceptable(f"give an integer{bounds(question)}")
    return given


def number(question: Question, given: Any) -> float:
    accepted = f"give a number{bounds(question)}"
    if isinstance(given, str) and NUMBER.fullmatch(given.strip()):
        given = float(given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Unacceptable(accepted)
    try:
        value = float(given)
    except OverflowError:
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
    found = chosen(question, given)
    if found is None:
        raise Unacceptable(f"give one of {listed(question)}")
    return found[0]


def chosen(question: Question, given: Any) -> tuple[Any, str] | None:
    """The choice that is meant by its value, its value's text, its label, or a number of another type."""
    return next((question.keys[key] for key in meanings(given) if key in question.keys), None)


def meanings(given: Any) -> list[tuple[Any, ...]]:
    """What somebody may mean by it, the first first: one choice's label may be another's value."""
    if isinstance(given, str):
        return [("value", str, given), ("text", given), ("label", given)]
    if isinstance(given, int | float) and not isinstance(given, bool):
        return [("value", type(given), given), ("number", given)]
    return [("value", bool, given)] if isinstance(given, bool) else []


def keyed(choices: Choices) -> dict[tuple[Any, ...], tuple[Any, str]]:
    """The choices by all that may be meant; of two with one key the first counts."""
    keys: dict[tuple[Any, ...], tuple[Any, str]] = {}
    for value, label in choices:
        words = [("text", text) for text in texts(value)]
        number = [] if isinstance(value, bool | str) else [("number", value)]
        for key in (("value", type(value), value), *words, ("label", label), *number):
            keys.setdefault(key, (value, label))
    return keys


def multiple_choice(question: Question, given: Any) -> list[Any]:
    """Each choice once, in the order given."""
    if isinstance(given, str):
        words = [word.strip() for word in given.split(",") if word.strip()]
        given = [given] if chosen(question, given) else words
    if not isinstance(given, list):
        raise Unacceptable(f"give a list out of {listed(question)}")
    found: dict[tuple[type, Any], Any] = {}
    for item in given:
        value = choice(question, item)
        # In a set 1 and True would be one.
        found[type(value), value] = value
    if question.required and not found:
        raise Unacceptable(f"give at least one of {listed(question)}")
    return list(found.values())


def constant(question: Question, given: Any) -> Any:
    value = question.default
    if alike(given, value) or (isinstance(given, str) and given in texts(value)):
        return value
    raise Unacceptable(f"leave it out: it is always {json.dumps(value)}")


CHECKS: dict[str, Callable[[Question, Any], Any]] = {
    "text": text, "directory": text, "file": text, "integer": integer, "float": number, "boolean": boolean,
    "boolean_list": boolean, "choice": choice, "multiple_choice": multiple_choice, "constant": constant,
}  # fmt: skip


def texts(value: Any) -> tuple[str, ...]:
    """How a value is typed: as in Python, and as in JSON where that is another word (true)."""
    return str(value), json.dumps(value, ensure_ascii=False)


def outside(question: Question, value: float) -> bool:
    return (question.min is not None and value < question.min) or (question.max is not None and value > question.max)


def bounds(question: Question) -> str:
    unit = f" ({question.unit})" if question.unit else ""
    if question.min is not None and question.max is not None:
        return f" from {question.min} to {question.max}{unit}"
    if question.min is not None:
        return f" of at least {question.min}{unit}"
    return f" of at most {question.max}{unit}" if question.max is not None else unit


def listed(question: Question) -> str:
    more = ", …" if len(question.choices) > MAX_LISTED else ""
    return ", ".join(str(value) for value, _ in question.choices[:MAX_LISTED]) + more


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """Patterns are anybody's: RE2 matches each in linear time, so that none can stall a request."""
    options = re2.Options()
    options.log_errors, options.max_mem = False, PATTERN_MEMORY
    return re2.compile(pattern, options)
