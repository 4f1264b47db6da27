"""Values as JSON can hold them: what a person's code or file made of them is turned, or refused by name."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any

from cli.errors import CliError

# Python itself refuses to print more.
MOST_BITS = 14_000


def plain(value: Any, name: str) -> Any:
    """The value in JSON's types: tuples and sets as lists, paths and dates as text; raises CliError with the name."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise CliError(f"{name} is a number of some thousand digits, which JSON cannot hold.")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return _finite(value, name)
    if isinstance(value, dict):
        return {str(key): plain(inner, f"{name}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, f"{name}[{place}]") for place, inner in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [plain(inner, name) for inner in sorted(value, key=str)]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise CliError(
        f"{name} is a {type(value).__name__}, which JSON cannot hold; give text, numbers, lists or mappings."
    )


def _finite(value: float, name: str) -> float:
    if not math.isfinite(value):
        raise CliError(f"{name} is {value}, which JSON cannot hold; give a finite number.")
    return value


def shown(value: Any) -> str:
    """A value as a message quotes it: JSON, and never long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):  # It contains itself, or has thousands of digits.
        text = f"This {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."
