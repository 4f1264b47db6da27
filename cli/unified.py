"""The unified diff of two texts. Pure."""

from __future__ import annotations

import difflib

# Comparing takes the square of that.
MOST_LINES = 10_000
NO_END = "\\ No newline at end of file"


def unified(old: str, new: str, old_name: str, new_name: str) -> list[str] | None:
    """Its lines without their ends; None where there is too much to be compared."""
    before, after = lines_of(old), lines_of(new)
    if max(len(before), len(after)) > MOST_LINES:
        return None
    found = difflib.unified_diff(before, after, old_name, new_name, lineterm="")
    return [line for one in found for line in one.split("\n")]


def lines_of(text: str) -> list[str]:
    """Only `\\n` ends a line, others are shown. A last line without its end says so, as in every diff."""
    *lines, rest = text.split("\n")
    return [*lines, f"{rest}\n{NO_END}"] if rest else lines
