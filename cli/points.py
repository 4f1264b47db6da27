"""The points of a sweep, from `-a` with several values or from a file. Pure, but for reading that file."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from cli.answers import Typed, parse, read_pair, read_text
from cli.errors import CliError, UsageProblem
from cli.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 10_000


@dataclass(frozen=True)
class Points:
    """Answers that are common to all, and those of each point."""

    common: dict[str, Any]
    own: list[dict[str, Any]]


def of_pairs(pairs: Sequence[str], *, side_by_side: bool) -> Points:
    """`-a nodes=1,2,4`: every combination, or the first of each, the second of each, and so on."""
    values = dict(read_values(pair) for pair in pairs)
    common = {name: found[0] for name, found in values.items() if len(found) == 1}
    several = {name: found for name, found in values.items() if len(found) > 1}
    if not several:
        raise UsageProblem("A sweep needs several values of an answer: -a nodes=1,2,4; or --sweep-file FILE.")
    return Points(common, rows_of(several) if side_by_side else combinations(several))


def combinations(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The last variable changes first."""
    refuse_too_many(math.prod(map(len, values.values())))
    return [dict(zip(values, combination, strict=True)) for combination in product(*values.values())]


def rows_of(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    if len({len(column) for column in values.values()}) > 1:
        told = ", ".join(f"{name} has {len(column)}" for name, column in values.items())
        raise UsageProblem(f"With --zip all need as many values: {told}.")
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def read_values(pair: str) -> tuple[str, list[Any]]:
    """Values with commas between them, as CSV quotes them; or a JSON list of values."""
    name, value = read_pair(pair)
    if isinstance(value, list):
        return name, value or [value]
    if isinstance(value, dict):
        return name, [value]
    text = pair.partition("=")[2]
    try:
        (cells,) = csv.reader([text], skipinitialspace=True, strict=True) if text else [[""]]
    except (csv.Error, ValueError):
        raise UsageProblem(f"-a {pair}: give values with commas between them, quoted as CSV does.") from None
    return name, [Typed(cell) for cell in cells]


def of_file(file: str, common: Mapping[str, Any]) -> Points:
    """CSV whose header names the variables, or a JSON or YAML list of mappings. An empty cell is no answer."""
    name = "standard input" if file == "-" else file
    text = read_text(file, name)
    tabular = file.endswith(".csv") or (file == "-" and not text.lstrip().startswith(("[", "-")))
    own = of_csv(text, name) if tabular else of_list(parse(text, name), name)
    if not own:
        raise CliError(f"{name} has no points.")
    refuse_too_many(len(own))
    return Points(dict(common), own)


def of_csv(text: str, name: str) -> list[dict[str, Any]]:
    rows = csv.reader(io.StringIO(text), skipinitialspace=True, strict=True)
    own: list[dict[str, Any]] = []
    header: list[str] = []
    try:
        for row in rows:
            if not header:
                header = header_of(row, name)
            elif row and len(row) != len(header):
                raise CliError(f"{name}, line {rows.line_num}: give {len(header)} values; these are {len(row)}.")
            elif row:
                own.append({key: Typed(cell) for key, cell in zip(header, row, strict=True) if cell})
    except csv.Error as error:
        raise CliError(f"{name}, line {rows.line_num}: {error}.") from None
    return own


def header_of(row: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in row]
    if not all(header) or len(set(header)) < len(header):
        raise CliError(f"{name}: the first line has to name each variable once.")
    return header


def of_list(value: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(point, dict) for point in value):
        raise CliError(f"{name}: give a list of mappings, such as `- {{nodes: 2}}`; or a .csv file.")
    return [{str(key): plain(inner, f"{name}, {key}") for key, inner in point.items()} for point in value]


def refuse_too_many(number: int) -> None:
    if number > MOST:
        raise CliError(f"These are {number} points; a sweep has at most {MOST}.")


def described(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_shown(value)}" for name, value in point.items())


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
