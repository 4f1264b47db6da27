"""The lines of a script that a scheduler looks at: found in one pass, numbered, and not without end. Pure."""

import re
from collections.abc import Iterator
from itertools import accumulate

# Scripts are checked whenever one is made, and each word of a directive takes its time.
MOST_TEXT = 64 * 1024
# Blank lines and comments. Possessive: there is one way to read them, so nothing is tried twice.
HEADER = re.compile(r"(?:[ \t\n\v\f\r]++|#[^\n]*+)*+")


def end_of_header(script: str) -> int:
    """Where the line of the first command begins; what comes after is not looked at, however long it is."""
    found = HEADER.match(script)
    end = found.end() if found else 0
    return end if end == len(script) else script.rfind("\n", 0, end) + 1


def numbered(pattern: re.Pattern[str], script: str, end: int) -> Iterator[tuple[int, re.Match[str]]]:
    """Matches before `end` with the numbers of their lines, from 1. Beyond MOST_TEXT characters of them, no more."""
    line, at, left = 1, 0, MOST_TEXT
    for found in pattern.finditer(script, 0, end):
        left -= found.end() - found.start()
        if left < 0:
            return
        line, at = line + script.count("\n", at, found.start()), found.start()
        yield line, found


def too_many(pattern: re.Pattern[str], script: str, end: int) -> bool:
    """Whether `numbered` leaves some out."""
    lengths = (found.end() - found.start() for found in pattern.finditer(script, 0, end))
    return any(text > MOST_TEXT for text in accumulate(lengths))
