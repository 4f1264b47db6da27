"""Questions that are answered with one value: text, a path, a number, yes or no."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, ClassVar, Self

from cli.question import InvalidAnswer, Question

YES = frozenset({"true", "yes", "y", "on", "1"})
NO = frozenset({"false", "no", "n", "off", "0"})
WHOLE = re.compile(r"[+-]?[0-9]{1,4000}")
INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
MAX_INTEGER, MAX_TEXT = 2**63 - 1, 100_000
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Text(Question):
    type = "text"
    pattern = ""
    pattern_message = ""

    def __init__(self, variablename: str, message: Any = "", default: Any = None, *, ignore: Any = False) -> None:
        super().__init__(variablename, message, ignore, default)
        self.blank = True

    @property
    def accepted(self) -> str:
        if self.pattern:
            return f"text that matches {self.pattern}"
        return "text" if self.blank else "text that is not empty"

    def fill(self, answers: Mapping[str, Any]) -> None:
        super().fill(answers)
        if isinstance(self.default, PurePath):
            self.default = str(self.default)

    def empty(self) -> str:
        return ""

    def typed(self, value: Any) -> str:
        text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        if text is None or not (text or self.blank) or "\0" in text or len(text) > MAX_TEXT:
            raise self.refused(value)
        if not self.matches(text):
            # In the words of the form's author, where there are any, as the server says it.
            raise InvalidAnswer(self.variablename, value, self.accepted, self.pattern_message.rstrip("."))
        return text

    def matches(self, text: str) -> bool:
        if not self.pattern:
            return True
        import re2  # The server's engine too: another one would take other patterns, and some take for ever.

        return bool(re2.fullmatch(self.pattern, text))

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Self:
        return cls(form["variable"], form["message"], default=form.get("default"))


class PathQuestion(Text):
    """A path on the machine of the person who answers; only there is it checked whether something is at its end."""

    noun: ClassVar[str]

    def __init__(
        self,
        variablename: str,
        message: Any = "",
        exists: bool | None = None,
        default: Any = None,
        *,
        ignore: Any = False,
    ) -> None:
        super().__init__(variablename, message, default, ignore=ignore)
        self.exists = exists
        self.blank = not exists

    @property
    def accepted(self) -> str:
        if self.exists is None:
            return f"the path of a {self.noun}"
        return f"the path of a {self.noun} that exists" if self.exists else "a path where there is nothing yet"

    def check(self, value: Any) -> Any:
        text = super().check(value)
        if text and not self.fits(Path(text).expanduser()):
            raise self.refused(value)
        return text

    def fits(self, path: Path) -> bool:
        if self.exists is False:
            return not path.exists()
        return self.exists is None or self.is_there(path)

    def is_there(self, path: Path) -> bool:
        raise NotImplementedError

    def to_form(self) -> dict[str, Any]:
        return super().to_form() | ({} if self.exists is None else {"exists": self.exists})

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Self:
        return cls(form["variable"], form["message"], form.get("exists"), form.get("default"))


class Directory(PathQuestion):
    type = "directory"
    noun = "directory"

    def is_there(self, path: Path) -> bool:
        return path.is_dir()


class File(PathQuestion):
    type = "file"
    noun = "file"

    def is_there(self, path: Path) -> bool:
        return path.is_file()


def bound(value: Any, variable: str) -> int | float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return int(value) if INTEGER.fullmatch(value.strip()) else float(value)
    raise ValueError(f"{variable}: {value!r} is no bound; give a number.")


class Number(Question):
    noun: ClassVar[str]

    def __init__(
        self,
        variablename: str,
        message: Any = "",
        minval: Any = None,
        maxval: Any = None,
        default: Any = None,
        *,
        ignore: Any = False,
    ) -> None:
        super().__init__(variablename, message, ignore, default)
        self.minval, self.maxval = bound(minval, variablename), bound(maxval, variablename)

    @property
    def accepted(self) -> str:
        unit = f" ({self.unit})" if self.unit else ""
        if self.minval is not None and self.maxval is not None:
            return f"{self.noun} from {self.minval} to {self.maxval}{unit}"
        if self.minval is not None:
            return f"{self.noun} of at least {self.minval}{unit}"
        return f"{self.noun}{unit}" if self.maxval is None else f"{self.noun} of at most {self.maxval}{unit}"

    def outside(self, number: float) -> bool:
        too_small = self.minval is not None and number < self.minval
        return bool(too_small or (self.maxval is not None and number > self.maxval))

    def to_form(self) -> dict[str, Any]:
        bounds = {"min": self.minval, "max": self.maxval}
        return super().to_form() | {name: bound for name, bound in bounds.items() if bound is not None}

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Number:
        return cls(form["variable"], form["message"], form.get("min"), form.get("max"), form.get("default"))


def whole(value: Any) -> int | None:
    """The whole number that this is, however large."""
    if isinstance(value, str):
        return int(value) if WHOLE.fullmatch(value.strip()) else None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) else None


class Integer(Number):
    type = "integer"
    noun = "an integer"

    def refused(self, value: Any) -> InvalidAnswer:
        """What no database can hold is refused for that, and not for being no integer."""
        number = whole(value)
        if number is not None and abs(number) > MAX_INTEGER and not self.outside(number):
            return InvalidAnswer(self.variablename, value, f"{self.noun} of at most 64 bits")
        return super().refused(value)

    def fill(self, answers: Mapping[str, Any]) -> None:
        super().fill(answers)
        # What somebody's code computed with `/` is a float, and what it read is text: 2.0 and "2" mean 2.
        if isinstance(self.default, float) and self.default.is_integer():
            self.default = int(self.default)
        if isinstance(self.default, str) and INTEGER.fullmatch(self.default.strip()):
            self.default = int(self.default)

    def typed(self, value: Any) -> int:
        number = int(value) if isinstance(value, str) and INTEGER.fullmatch(value.strip()) else value
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        if not isinstance(number, int) or isinstance(number, bool) or self.outside(number) or abs(number) > MAX_INTEGER:
            raise self.refused(value)
        return number


class Float(Number):
    type = "float"
    noun = "a number"

    def typed(self, value: Any) -> float:
        number = float(value) if isinstance(value, str) and NUMBER.fullmatch(value.strip()) else value
        if not isinstance(number, int | float) or isinstance(number, bool) or self.outside(number):
            raise self.refused(value)
        if abs(number) > sys.float_info.max or math.isnan(number):
            raise self.refused(value)
        return float(number)


class Confirm(Question):
    type = "boolean"

    def __init__(self, variablename: str, message: Any = "", default: Any = None, *, ignore: Any = False) -> None:
        super().__init__(variablename, message, ignore, default)

    @property
    def accepted(self) -> str:
        return "true or false (or yes or no)"

    def fill(self, answers: Mapping[str, Any]) -> None:
        super().fill(answers)
        if isinstance(self.default, int):
            self.default = bool(self.default)

    def empty(self) -> bool:
        return False

    def typed(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in YES | NO:
            raise self.refused(value)
        return word in YES
