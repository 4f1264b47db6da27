"""What all questions have in common, whether they come from a form or from somebody's `jobbergate.py`.

A question of a form is plain data. A question made by a person's code is `live`: its message, default, choices and
`ignore` may be functions of the answers so far; message and default may name earlier answers as `{variable}`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from cli.errors import CliError
from cli.plain import plain, shown

# What only the questions of forms have.
OF_FORMS = ("help", "unit", "section", "when", "pattern", "pattern_message")


class InvalidAnswer(CliError):
    """An answer that its question does not accept."""

    def __init__(self, variable: str, given: Any, accepted: str, advice: str = "") -> None:
        self.advice = advice or f"give {accepted}"
        super().__init__(f"{variable}: {shown(given)} is not accepted; {self.advice}.")
        self.variable, self.given, self.accepted = variable, given, accepted


class FailedQuestion(Exception):
    """What somebody's code gave a question does not work; its cause says why. `functions` may have to do with it."""

    def __init__(self, variable: str, functions: Sequence[Any]) -> None:
        super().__init__(variable)
        self.variable, self.functions = variable, functions


class Question:
    """One variable to find a value for."""

    type: ClassVar[str] = ""

    def __init__(self, variablename: str, message: Any = "", ignore: Any = False, default: Any = None) -> None:
        if not isinstance(variablename, str):
            raise TypeError(f"{variablename!r} is no name of a variable; give text.")
        self.variablename = variablename
        self.message = message
        self.ignore = ignore
        self.default = default
        self.help = self.unit = self.section = ""
        # A form's condition, as its JSON has it; only a form's questions have one.
        self.when: Mapping[str, Any] | None = None
        self.required = True
        # An empty answer is an answer: for optional questions, and for the texts of old folders.
        self.blank = False
        self.live = True

    @property
    def accepted(self) -> str:
        """What may be given, as the end of "give …"."""
        return "a value"

    @property
    def waits_for_answers(self) -> bool:
        """Which answers it accepts is known only when earlier ones are."""
        return False

    def empty(self) -> Any:
        """What the question is worth when its answer is left out."""
        return None

    def typed(self, value: Any) -> Any:
        """The answer in the question's type, the same on every machine; raises InvalidAnswer."""
        raise self.refused(value)

    def check(self, value: Any) -> Any:
        """The answer as it counts on this machine; raises InvalidAnswer."""
        return self.empty() if self.leaves_open(value) else self.typed(value)

    def leaves_open(self, value: Any) -> bool:
        return self.blank and (value is None or value == "")

    def refused(self, value: Any) -> InvalidAnswer:
        return InvalidAnswer(self.variablename, value, self.accepted)

    def settled(self, answers: Mapping[str, Any]) -> Self:
        """The question as it stands after these answers."""
        if not self.live:
            return self
        question = copy.copy(self)
        try:
            question.fill(answers)
        except Exception as error:  # Functions of somebody else: they may raise anything.
            given = [value for value in vars(self).values() if callable(value)]
            raise FailedQuestion(self.variablename, given) from error
        return question

    def fill(self, answers: Mapping[str, Any]) -> None:
        """Put values where functions and names of earlier answers were."""
        self.message = str(filled(self.message, answers) or self.variablename)
        self.default = filled(self.default, answers)
        self.ignore = bool(filled(self.ignore, answers))

    def below(self) -> Iterator[Question]:
        """Every question that hangs on this one's answer, however deep."""
        return iter(())

    def to_form(self) -> dict[str, Any]:
        form: dict[str, Any] = {"variable": self.variablename, "type": self.type, "message": str(self.message)}
        if self.default is not None:
            form["default"] = plain(self.default, self.variablename)
        form |= {name: getattr(self, name) for name in OF_FORMS if getattr(self, name, None)}
        if self.blank:
            form["required"] = False
        return form

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Question:
        return cls(form["variable"], message=form["message"], default=form.get("default"))


def filled(value: Any, answers: Mapping[str, Any]) -> Any:
    """A function's result, a text with `{variable}` filled in, or the value as it is."""
    if callable(value):
        return value(dict(answers))
    if not isinstance(value, str) or "{" not in value:
        return value
    try:
        return value.format_map(answers)
    except (LookupError, ValueError, AttributeError, TypeError):
        return value  # Braces that mean something else, such as ${HOME}.
