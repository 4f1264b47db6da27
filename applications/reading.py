"""Questions out of YAML or JSON. Pure; raises InvalidForm with the place (indexes and keys) where one is wrong."""

import json
import math
import re
from dataclasses import dataclass, field, replace
from typing import Any

import re2

from applications.conditions import COMPARING, JOINING, Condition, every
from applications.questions import TYPES, InvalidForm, Question, Unacceptable, compiled

Place = tuple[Any, ...]

KEYS = (
    "variable", "type", "message", "default", "help", "required", "unit", "min", "max", "pattern", "pattern_message",
    "choices", "exists", "when_true", "when_false", "when", "section",
)  # fmt: skip
SECTION_KEYS = ("section", "help", "when", "questions")
NUMBERS, PATHS, CHOICES = ("integer", "float"), ("file", "directory"), ("choice", "multiple_choice")
TEXTS = ("text", *PATHS)
# Keys that mean something to some types only.
ONLY_FOR = {
    "min": NUMBERS, "max": NUMBERS, "pattern": TEXTS, "pattern_message": TEXTS, "unit": (*NUMBERS, *TEXTS, "choice"),
    "choices": CHOICES, "exists": PATHS, "when_true": ("boolean_list",), "when_false": ("boolean_list",),
}  # fmt: skip
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
RESERVED = ("data",)
MAX_DEPTH, MAX_PATTERN, MAX_SIZE = 10, 1000, 500


@dataclass(frozen=True)
class Section:
    """A heading over some of the questions."""

    title: str
    help: str = ""

    def as_json(self) -> dict[str, str]:
        return {"title": self.title, "help": self.help} if self.help else {"title": self.title}


@dataclass
class Reader:
    """Reads one form from its top. `known` are the questions so far: a condition may be over these.

    A version that was published stays readable, whatever rules came later: `strict` is for what is published now.
    """

    strict: bool = False
    known: dict[str, Question] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)

    def questions(self, value: Any, place: Place = ()) -> tuple[Question, ...]:
        if not isinstance(value, list):
            raise InvalidForm("give a list of questions.", place)
        if len(place) > 2 * MAX_DEPTH:
            raise InvalidForm(f"questions are nested more than {MAX_DEPTH} levels deep.", place)
        found: list[Question] = []
        for index, item in enumerate(value):
            here = (*place, index)
            found += self.section(item, here) if is_section(item) else [self.question(item, here)]
        return tuple(found)

    # --- sections ---

    def section(self, value: dict[Any, Any], place: Place) -> list[Question]:
        """The questions of a section; its condition is theirs too."""
        refuse_keys(value, SECTION_KEYS, "a section", place)
        title = value.get("section")
        if not isinstance(title, str) or not title:
            raise InvalidForm(f"section is {title!r}; give its title.", (*place, "section"))
        if len(place) > 1:
            raise InvalidForm("sections are not nested.", place)
        text = typed({**value, "variable": title}, "help", str, "text", place) or ""
        self.sections.setdefault(title, Section(title, text))
        when = self.whole_condition(value, title, place)
        questions = self.questions(value["questions"], (*place, "questions"))
        for question in questions:
            if question.section:
                raise InvalidForm(f"{question.variable}: it is in the section {title!r} already.", place)
        return [replace(question, section=title, when=self.both(when, question, place)) for question in questions]

    def both(self, when: Condition | None, question: Question, place: Place) -> Condition | None:
        joined = every(when, question.when)
        refuse_depth(joined, question.variable, place)
        return joined

    # --- one question ---

    def question(self, value: Any, place: Place) -> Question:
        if not isinstance(value, dict):
            raise InvalidForm("a question is a mapping with at least variable and type.", place)
        refuse_keys(value, KEYS, "a question", place)
        variable, kind = value.get("variable"), value.get("type")
        if not isinstance(variable, str) or not VARIABLE.match(variable) or variable in RESERVED:
            raise InvalidForm(f"{variable!r} is no name of a variable; give letters, digits and _ (not 'data').", place)
        if kind not in TYPES:
            raise InvalidForm(f"{variable}: there is no type {kind!r}; there are {', '.join(TYPES)}.", (*place, "type"))
        if self.strict:
            refuse_misplaced(value, place)
        plain = Question(
            variable,
            kind,
            message=typed(value, "message", str, "text", place) or variable,
            help=typed(value, "help", str, "text", place) or "",
            required=typed(value, "required", bool, "true or false", place) is not False,
            unit=typed(value, "unit", str, "text", place) or "",
            min=bound(value, "min", place),
            max=bound(value, "max", place),
            pattern=read_pattern(value, place),
            pattern_message=typed(value, "pattern_message", str, "text", place) or "",
            choices=read_choices(value, variable, kind, place),
            exists=typed(value, "exists", bool, "true or false", place),
            when=self.whole_condition(value, variable, place),
            section=self.titled(value, place),
        )
        question = with_default(plain, value.get("default"), (*place, "default"))
        self.known.setdefault(variable, question)
        when_true, when_false = (self.branch(value, key, place) for key in ("when_true", "when_false"))
        return replace(question, when_true=when_true, when_false=when_false)

    def titled(self, value: dict[str, Any], place: Place) -> str:
        title: str = typed(value, "section", str, "a title", place) or ""
        if title:
            self.sections.setdefault(title, Section(title))
        return title

    def branch(self, value: dict[str, Any], key: str, place: Place) -> tuple[Question, ...]:
        return self.questions(value.get(key) or [], (*place, key))

    # --- conditions ---

    def whole_condition(self, value: dict[str, Any], variable: str, place: Place) -> Condition | None:
        condition = self.condition(value.get("when"), variable, (*place, "when"))
        refuse_depth(condition, variable, place)
        if condition is not None and condition.size > MAX_SIZE:
            raise InvalidForm(f"{variable}: when has more than {MAX_SIZE} parts.", (*place, "when"))
        return condition

    def condition(self, value: Any, variable: str, place: Place) -> Condition | None:
        if value is None:
            return None
        if sum(step in JOINING for step in place) > MAX_DEPTH:
            raise InvalidForm(f"{variable}: when is nested more than {MAX_DEPTH} levels deep.", place)
        if isinstance(value, str):
            value = {"variable": value, "is": True}
        operators = [key for key in (*COMPARING, *JOINING) if isinstance(value, dict) and key in value]
        if len(operators) != 1:
            raise InvalidForm(f"{variable}: when is {shown(value)}; {ACCEPTED_CONDITIONS}", place)
        if operators[0] in JOINING:
            return self.joined(value, operators[0], variable, place)
        return self.compared(value, operators[0], variable, place)

    def joined(self, value: dict[str, Any], operator: str, variable: str, place: Place) -> Condition:
        given = [value[operator]] if operator == "not" else value[operator]
        if len(value) > 1 or not isinstance(given, list) or not given or None in given:
            raise InvalidForm(f"{variable}: when is {shown(value)}; {ACCEPTED_CONDITIONS}", place)
        parts = [self.condition(part, variable, (*place, operator, index)) for index, part in enumerate(given)]
        return Condition(operator, parts=tuple(part for part in parts if part is not None))

    def compared(self, value: dict[str, Any], operator: str, variable: str, place: Place) -> Condition:
        if value.keys() != {"variable", operator}:
            raise InvalidForm(f"{variable}: when is {shown(value)}; {ACCEPTED_CONDITIONS}", place)
        other = self.known.get(value["variable"]) if isinstance(value["variable"], str) else None
        if other is None:
            known = ", ".join(self.known) or "nothing"
            raise InvalidForm(
                f"{variable}: when names {shown(value['variable'])}, which is not asked for before it; {known} is.",
                place,
            )
        return Condition(operator, other.variable, compared_with(other, operator, value[operator], variable, place))


ACCEPTED_CONDITIONS = (
    "give the name of a yes-or-no question, {variable, is: true or false}, {variable, equals: value}, "
    "{variable, in: [values]}, {variable, contains: value}, {all: [conditions]}, {any: [conditions]} "
    "or {not: condition}."
)


def compared_with(other: Question, operator: str, value: Any, variable: str, place: Place) -> Any:
    """What a condition compares with, as the question that it is about would type it."""
    if operator == "is" and type(value) is not bool:
        raise InvalidForm(f"{variable}: when: is takes true or false, and not {shown(value)}.", place)
    fitting = {"is": ("boolean", "boolean_list"), "contains": ("multiple_choice",)}.get(operator)
    if (fitting and other.type not in fitting) or (not fitting and other.type == "multiple_choice"):
        fits = {"multiple_choice": "contains"}.get(other.type, "equals or in")
        raise InvalidForm(
            f"{variable}: when: {operator} does not fit {other.variable}, a question of type {other.type}; use {fits}.",
            place,
        )
    if operator == "in":
        if not isinstance(value, list) or not value:
            raise InvalidForm(f"{variable}: when: in takes a list of values, and not {shown(value)}.", place)
        return tuple(possible(other, one, variable, place) for one in value)
    if operator == "contains":
        return possible(replace(other, type="choice"), value, variable, place)
    return possible(other, value, variable, place)


def possible(other: Question, value: Any, variable: str, place: Place) -> Any:
    try:
        return other.check(value)
    except Unacceptable as refusal:
        words = f"{other.variable} can never be {shown(value)}; {refusal}"
        raise InvalidForm(f"{variable}: when: {words}.", place) from None


def refuse_depth(condition: Condition | None, variable: str, place: Place) -> None:
    if condition is not None and condition.depth > MAX_DEPTH:
        raise InvalidForm(f"{variable}: when is nested more than {MAX_DEPTH} levels deep.", (*place, "when"))


# --- the parts of a question ----------------------------------------------------------------------------------------


def is_section(value: Any) -> bool:
    return isinstance(value, dict) and "questions" in value


def refuse_keys(value: dict[Any, Any], known: tuple[str, ...], what: str, place: Place) -> None:
    for key in value:
        if key not in known:
            raise InvalidForm(f"{what} has no {key!r}; it may have {', '.join(known)}.", (*place, key))


def refuse_misplaced(value: dict[str, Any], place: Place) -> None:
    """A key that its question would silently ignore."""
    for key, types in ONLY_FOR.items():
        if value.get(key) not in (None, "", []) and value["type"] not in types:
            words = f"{key} goes with {', '.join(types)}, and not with {value['type']}"
            raise InvalidForm(f"{value['variable']}: {words}.", (*place, key))


def typed(value: dict[str, Any], key: str, accepted: Any, words: str, place: Place) -> Any:
    found = value.get(key)
    if found is None:
        return None
    if not isinstance(found, accepted) or (isinstance(found, bool) and accepted is not bool):
        raise InvalidForm(f"{value['variable']}: {key} is {found!r}; give {words}.", (*place, key))
    return found


def bound(value: dict[str, Any], key: str, place: Place) -> float | None:
    found: float | None = typed(value, key, int | float, "a number", place)
    if found is not None and not math.isfinite(found):
        raise InvalidForm(f"{value['variable']}: {key} is {found!r}; give a finite number.", (*place, key))
    return found


def read_pattern(value: dict[str, Any], place: Place) -> str:
    pattern: str = typed(value, "pattern", str, "a regular expression", place) or ""
    if len(pattern) > MAX_PATTERN:
        raise InvalidForm(f"{value['variable']}: pattern is longer than {MAX_PATTERN} characters.", (*place, "pattern"))
    try:
        compiled(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        problem = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise InvalidForm(
            f"{value['variable']}: pattern: {problem}. Give a regular expression as RE2 has them.", (*place, "pattern")
        ) from None
    return pattern


def read_choices(value: dict[str, Any], variable: str, kind: str, place: Place) -> tuple[tuple[Any, str], ...]:
    """Choices are values, or pairs of label and value."""
    if kind not in CHOICES:
        return ()
    given = value.get("choices")
    if not isinstance(given, list) or not given:
        raise InvalidForm(f"{variable}: give a list of choices.", (*place, "choices"))
    return tuple(read_choice(item, variable, (*place, "choices", index)) for index, item in enumerate(given))


def read_choice(item: Any, variable: str, place: Place) -> tuple[Any, str]:
    if isinstance(item, dict) and "value" in item and item.keys() <= {"value", "label"}:
        item = [item.get("label", str(item["value"])), item["value"]]
    label, value = item if isinstance(item, list) and len(item) == 2 else (str(item), item)
    infinite = isinstance(value, float) and not math.isfinite(value)
    if not isinstance(value, str | int | float) or not isinstance(label, str) or infinite:
        raise InvalidForm(f"{variable}: {item!r} is no choice; give a value, or a label and a value.", place)
    return value, label


def with_default(question: Question, default: Any, place: Place) -> Question:
    """The question with its default, which has to be acceptable itself."""
    if default is None or question.type == "constant":
        return replace(question, default=storable(default, question.variable, place))
    if question.is_blank(default):
        return question
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


def shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except TypeError:  # YAML has keys that JSON has not, such as dates.
        text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"
