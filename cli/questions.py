"""The questions of forms and of `jobbergate.py`, one class for each type, and the way from a form's JSON to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.choices import Checkbox, Choosing, List
from cli.conditions import alike
from cli.errors import CliError
from cli.plain import shown
from cli.question import OF_FORMS, InvalidAnswer, Question
from cli.values import Confirm, Directory, File, Float, Integer, Number, PathQuestion, Text

__all__ = [
    "BooleanList",
    "Checkbox",
    "Choosing",
    "Confirm",
    "Const",
    "Directory",
    "File",
    "Float",
    "Integer",
    "InvalidAnswer",
    "List",
    "Number",
    "PathQuestion",
    "Question",
    "Text",
    "flattened",
    "question_from_form",
]


class BooleanList(Confirm):
    """Yes or no, and further questions for either."""

    type = "boolean_list"

    def __init__(
        self,
        variablename: str,
        message: Any = "",
        whentrue: Iterable[Question] | None = None,
        whenfalse: Iterable[Question] | None = None,
        default: Any = None,
        *,
        ignore: Any = False,
    ) -> None:
        super().__init__(variablename, message, default, ignore=ignore)
        if whentrue is None and whenfalse is None:
            raise ValueError(f"{variablename}: give questions as whentrue, whenfalse, or both.")
        self.whentrue, self.whenfalse = list(whentrue or ()), list(whenfalse or ())
        if not all(isinstance(question, Question) for question in (*self.whentrue, *self.whenfalse)):
            raise TypeError(f"{variablename}: whentrue and whenfalse are lists of questions, and of nothing else.")

    def branch(self, answer: bool) -> list[Question]:
        return self.whentrue if answer else self.whenfalse

    def below(self) -> Iterator[Question]:
        yield from flattened([*self.whentrue, *self.whenfalse])

    def to_form(self) -> dict[str, Any]:
        branches = {"when_true": self.whentrue, "when_false": self.whenfalse}
        return super().to_form() | {key: [one.to_form() for one in asked] for key, asked in branches.items() if asked}

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> BooleanList:
        when = [[question_from_form(one) for one in form.get(key) or ()] for key in ("when_true", "when_false")]
        return cls(form["variable"], form["message"], when[0], when[1], form.get("default"))


class Const(Question):
    """Never asked. In a form its value is fixed; in somebody's code a supplied answer wins over it."""

    type = "constant"

    def __init__(self, variablename: str, default: Any = None, *, message: Any = "", ignore: Any = False) -> None:
        super().__init__(variablename, message, ignore, default)

    @property
    def accepted(self) -> str:
        return f"{shown(self.default)}, or leave it out"

    def check(self, value: Any) -> Any:
        return self.typed(value)

    def typed(self, value: Any) -> Any:
        if self.live:
            return str(value) if isinstance(value, str) and isinstance(self.default, str) else value
        typed = isinstance(value, str) and value in (str(self.default), json.dumps(self.default, ensure_ascii=False))
        if not typed and not alike(value, self.default):
            raise self.refused(value)
        return self.default


TYPES: Mapping[str, type[Question]] = {
    kind.type: kind for kind in (Text, Integer, Float, Confirm, List, Checkbox, BooleanList, Directory, File, Const)
}


def question_from_form(form: Mapping[str, Any]) -> Question:
    if form.get("type") not in TYPES:
        raise CliError(
            f"{form.get('variable')}: this client knows no questions of the type {form.get('type')!r}, "
            f"only {', '.join(TYPES)}; a newer one may."
        )
    question = TYPES[form["type"]].of_form({"message": form["variable"], **form})
    question.required = form.get("required", True)
    question.blank = not question.required
    question.live = False
    for name in OF_FORMS:
        if name in form:
            setattr(question, name, form[name])
    return question


def flattened(questions: Iterable[Question]) -> Iterator[Question]:
    """All questions, each followed by those that hang on its answer."""
    for question in questions:
        yield question
        yield from question.below()
