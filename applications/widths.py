"""The widths in formats, which make much of little: `%9999999999d`. Pure."""

import re
from string import Formatter

from applications.budget import TooMuch

# Characters of a format: a slow step each.
MAX_FORMAT = 2**16
# Flags, width, precision. Python takes any script's digits for a width of str.format.
PERCENT = re.compile(r"[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?")
WIDE = re.compile(r"\d{5}")


def refuse_wide_percent(text: str) -> None:
    """Of a format for the operator `%`."""
    refuse_long(text)
    place = text.find("%")
    while place >= 0:
        found = PERCENT.match(text, after_key(text, place + 1))
        if found and any(width == "*" or len(width or "") > 4 for width in found.groups()):
            raise wide()
        # `%%` is none, and neither is its second half.
        place = text.find("%", (found.end() if found else place) + 1)


def after_key(text: str, start: int) -> int:
    """Where the `(key)` that begins here ends; parentheses inside it count."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            return place + (text[place] == ")")
    return len(text)


def refuse_wide_fields(text: str) -> None:
    """Of a format for str.format. What is no format at all is left to Python to refuse."""
    refuse_long(text)
    try:
        specs = [spec for _, _, spec, _ in Formatter().parse(text) if spec]
    except ValueError:
        return
    if any("{" in spec or WIDE.search(spec) for spec in specs):
        raise wide()


def refuse_long(text: str) -> None:
    if len(text) > MAX_FORMAT:
        raise TooMuch(f"a format is longer than {MAX_FORMAT // 2**10} KiB")


def wide() -> TooMuch:
    return TooMuch("a width of a format has at most 4 digits, written out")
