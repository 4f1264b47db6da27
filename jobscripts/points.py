"""The points of a sweep: sets of answers, given one by one, as a grid, or side by side. Pure."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from jobbergate.core.errors import DomainError

MAX_POINTS = 10_000
MAX_SHOWN = 40


class BadSweep(DomainError):
    """The points of a sweep are not given as they have to be, or are too many."""

    code = "bad_sweep"


class DuplicatePoint(DomainError):
    """Two points of a sweep have the same answers: one of them would only cost time."""

    code = "duplicate_point"


@dataclass(frozen=True)
class Point:
    """What one point says beside the answers that are common to all; `computed` where the client ran code for it."""

    answers: Mapping[str, Any]
    computed: Mapping[str, Any] | None = None


def checked(points: Sequence[Point]) -> list[Point]:
    if not 1 <= len(points) <= MAX_POINTS:
        raise too_many(len(points), "points")
    return list(points)


def grid(values: Mapping[str, Sequence[Any]]) -> list[Point]:
    """Every combination; the last variable changes first."""
    if not 1 <= (size := math.prod(map(len, values.values()))) <= MAX_POINTS or not values:
        raise too_many(size if values else 0, "grid")
    return [Point(dict(zip(values, combination, strict=True))) for combination in product(*values.values())]


def zipped(values: Mapping[str, Sequence[Any]]) -> list[Point]:
    """The first of each, the second of each, and so on."""
    lengths = {len(column) for column in values.values()}
    if len(lengths) > 1:
        told = ", ".join(f"{name} has {len(column)}" for name, column in values.items())
        raise bad(f"Side by side all variables need as many values: {told}.", "zip")
    if not lengths or not 1 <= lengths.copy().pop() <= MAX_POINTS:
        raise too_many(max(lengths, default=0), "zip")
    return [Point(dict(zip(values, row, strict=True))) for row in zip(*values.values(), strict=True)]


def too_many(size: int, field: str) -> BadSweep:
    return bad(f"A sweep has 1 to {MAX_POINTS} points; these are {size}.", field)


def bad(words: str, field: str) -> BadSweep:
    return BadSweep(words, {field: [words]})


def of_point(number: int, error: DomainError, answers: Iterable[str]) -> DomainError:
    """The same error, which says at which point it is: `points.17.answers.nodes`."""
    place = f"points.{number}"
    names = {*answers}
    error.errors = {
        f"{place}.answers.{name}" if error.code == "invalid_answers" or name in names else f"{place}.{name}": words
        for name, words in error.errors.items()
    } or {place: [error.detail]}
    error.detail = f"Point {number}: {error.detail}"
    return error


def varying(given: Iterable[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names whose values differ: first those that the points gave, as they came, then those that follow from them.

    A name that only some points have differs too.
    """
    names = dict.fromkeys(name for point in (*given, *answers) for name in point)
    return [name for name in names if len({as_text(one[name]) if name in one else "" for one in answers}) > 1]


def as_text(value: Any) -> str:
    """Values that are the same to JSON have the same text: 1 is neither 1.0 nor true."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def described(answers: Mapping[str, Any], variables: Iterable[str]) -> str:
    """`nodes=4, solver=cg`."""
    return ", ".join(f"{name}={shown(answers[name])}" for name in variables if name in answers)


def shown(value: Any) -> str:
    text = value if isinstance(value, str) else as_text(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def refuse_duplicates(texts: Iterable[str]) -> None:
    seen: dict[str, int] = {}
    for number, text in enumerate(texts):
        if (earlier := seen.setdefault(text, number)) != number:
            words = f"Points {earlier} and {number} have the same answers; give each once."
            raise DuplicatePoint(words, {f"points.{number}": [words]})


def places(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers in order as first and last of each run: 3, 7, 8, 9 is 3 to 3 and 7 to 9."""
    first = last = None
    for number in numbers:
        if first is None or last is None or number != last + 1:
            if first is not None and last is not None:
                yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def ranges(numbers: Iterable[int]) -> str:
    """As sbatch writes them for `--array`: `3,7-9`."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in places(numbers))
