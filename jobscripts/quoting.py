"""The words of one directive, and a value as such a word: quotes, escapes and comments as sbatch has them. Pure."""

import re
from dataclasses import dataclass

# Characters that mean nothing to sbatch's reader, so that a value of these alone needs no quotes.
PLAIN = re.compile(r"[A-Za-z0-9_./:,=@%+\[\]{}()*^~!&|<>?$;-]+\Z")


@dataclass(frozen=True)
class Directive:
    """One line for a scheduler: its number from 1, its words with quotes taken away, and what is odd about them."""

    line: int
    words: tuple[str, ...]
    # The quote that nothing closes, or a colon of its own: at either sbatch gives up.
    fault: str = ""
    # What follows an unquoted #.
    comment: str = ""


def taken_apart(text: str) -> tuple[tuple[str, ...], str, str]:
    """Words, fault and comment of what follows `#SBATCH`."""
    found: list[str] = []
    word: list[str] | None = None
    quote, escaped, comment = "", False, ""
    for place, character in enumerate(text):
        if escaped:
            word, escaped = [*(word or []), character], False
        elif character == "\\":
            word, escaped = word or [], True
        elif quote:
            if character == quote:
                quote = ""
            else:
                word = [*(word or []), character]
        elif character in "'\"":
            word, quote = word or [], character
        elif character == "#":
            comment = text[place + 1 :]
            break
        elif character.isspace():
            if word is not None:
                found.append("".join(word))
            word = None
        else:
            word = [*(word or []), character]
    if word is not None:
        found.append("".join(word))
    return tuple(found), quote or (":" if ":" in found else ""), comment


def quoted(value: str) -> str:
    """The value as sbatch reads it back: in double quotes, with quotes and backslashes escaped, where it has to be."""
    if PLAIN.match(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
