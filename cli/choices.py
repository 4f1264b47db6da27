"""Questions with a list to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cli.plain import plain
from cli.question import Question


class Option(NamedTuple):
    label: str
    value: Any

    def is_value(self, given: Any) -> bool:
        # In Python 1, 1.0 and True are equal; as answers they are not.
        return type(given) is type(self.value) and bool(given == self.value)

    def is_text(self, given: Any) -> bool:
        text = str(self.value)
        return isinstance(given, str) and (given == text or (isinstance(self.value, bool) and given == text.lower()))

    def is_label(self, given: Any) -> bool:
        return isinstance(given, str) and given == self.label

    def is_number(self, given: Any) -> bool:
        # JSON has one type of numbers.
        return {type(given), type(self.value)} <= {int, float} and bool(given == self.value)


def options(choices: Iterable[Any]) -> tuple[Option, ...]:
    """Of scalars, and of pairs of label and value: a tuple in code, a list of two in YAML."""
    return tuple(
        Option(str(item[0]), item[1]) if isinstance(item, tuple | list) and len(item) == 2 else Option(str(item), item)
        for item in choices
    )


class Choosing(Question):
    def __init__(
        self, variablename: str, message: Any, choices: Any, default: Any = None, *, ignore: Any = False
    ) -> None:
        super().__init__(variablename, message, ignore, default)
        self.choices: Any = choices if callable(choices) else options(choices)

    def fill(self, answers: Mapping[str, Any]) -> None:
        super().fill(answers)
        if callable(self.choices):
            self.choices = options(self.choices(dict(answers)))

    @property
    def waits_for_answers(self) -> bool:
        return callable(self.choices)

    def leaves_open(self, value: Any) -> bool:
        # "" and null may be choices; only where they are not do they mean "left out".
        return super().leaves_open(value) and self.chosen(value) is None

    @property
    def labels(self) -> str:
        """What to type, and what it means where that is something else."""
        return ", ".join(
            option.label if option.label == str(option.value) else f"{option.value} ({option.label})"
            for option in self.choices
        )

    def chosen(self, given: Any) -> Option | None:
        """The option that is meant by its value, its value's text, its label, or the same number of another type."""
        means = (Option.is_value, Option.is_text, Option.is_label, Option.is_number)
        return next((option for is_meant in means for option in self.choices if is_meant(option, given)), None)

    def to_form(self) -> dict[str, Any]:
        choices = [{"value": plain(value, self.variablename), "label": label} for label, value in self.choices]
        return super().to_form() | {"choices": choices}

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Choosing:
        choices = [(item.get("label", str(item["value"])), item["value"]) for item in form["choices"]]
        return cls(form["variable"], form["message"], choices, form.get("default"))


class List(Choosing):
    type = "choice"

    @property
    def accepted(self) -> str:
        return f"one of: {self.labels}" if self.choices else "nothing, for there is nothing to choose from"

    def typed(self, value: Any) -> Any:
        option = self.chosen(value)
        if option is None:
            raise self.refused(value)
        return option.value


class Checkbox(Choosing):
    type = "multiple_choice"

    def __init__(
        self, variablename: str, message: Any, choices: Any, default: Any = None, *, ignore: Any = False
    ) -> None:
        super().__init__(variablename, message, choices, default, ignore=ignore)
        self.blank = True

    @property
    def accepted(self) -> str:
        return f"a list of {'any' if self.blank else 'at least one'} of: {self.labels}"

    def empty(self) -> list[Any]:
        return []

    def typed(self, value: Any) -> list[Any]:
        """Each choice once, in the order given."""
        found: list[Any] = []
        for given in self.split(value):
            option = self.chosen(given)
            if option is None:
                raise self.refused(value)
            if not any(option.is_value(value) for value in found):
                found.append(option.value)
        if not (found or self.blank):
            raise self.refused(value)
        return found

    def split(self, value: Any) -> list[Any]:
        if isinstance(value, list | tuple):
            return list(value)
        if not isinstance(value, str):
            raise self.refused(value)
        if self.chosen(value):
            return [value]
        return [part.strip() for part in value.split(",") if part.strip()]
