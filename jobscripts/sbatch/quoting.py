"""The words of one directive, and a value as such a word: quotes, escapes and comments as sbatch has them. Pure."""

import re
from dataclasses import dataclass

# Characters that mean nothing to sbatch's reader, so that a value of these alone needs no quotes.
PLAIN = re.compile(r"[A-Za-z0-9_./:,=@%+\[\]{}()*^~!&|<>?$;-]+\Z")

# What C calls a space: others, such as the one that does not break, are letters to sbatch.
BLANKS = " \t\n\v\f\r"
BLANK = re.compile(r"[ \t\n\v\f\r]+")
SEPARATOR = re.compile(r"(?:hetjob|packjob)(?![^ \t\n\v\f\r])", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Directive:
    """One line for a scheduler: its number from 1, its words with quotes taken away, and what is odd about them."""

    line: int
    words: tuple[str, ...]
    # The quote that nothing closes, or a colon that begins a word: at either sbatch gives up.
    fault: str = ""
    # What follows an unquoted #.
    comment: str = ""


def taken_apart(text: str) -> tuple[tuple[str, ...], str, str]:
    """Words, fault and comment of what follows `#SBATCH`.

    A word of nothing, such as '' or a backslash at the end, ends the line for sbatch. So does hetjob, unless it is
    the first word, and separates components. A backslash keeps no blank until Slurm 26.05.
    """
    found: list[str] = []
    at = 0
    while True:
        if blanks := BLANK.match(text, at):
            at = blanks.end()
        if separator := SEPARATOR.match(text, at):
            return (*found, *([] if found else [separator[0].lower()])), "", ""
        if text[at : at + 1] == ":":
            return tuple(found), ":", ""
        word, at, quote = word_at(text, at)
        if quote:
            return (*found, word or ""), quote, ""
        if word is None:
            return tuple(found), "", text[at + 1 :] if text[at : at + 1] == "#" else ""
        found.append(word)


def word_at(text: str, at: int) -> tuple[str | None, int, str]:
    """The word that begins there, None for nothing at all, where it ends, and the quote that nothing closes."""
    characters: list[str] = []
    quote, escaped = "", False
    while at < len(text) and (quote or text[at] not in BLANKS):
        character = text[at]
        if escaped:
            characters.append(character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            if character == quote:
                quote = ""
            else:
                characters.append(character)
        elif character in "'\"":
            quote = character
        elif character == "#":
            break
        else:
            characters.append(character)
        at += 1
    return "".join(characters) or None, at, quote


def quoted(value: str) -> str:
    """The value as sbatch reads it back: in double quotes, with quotes and backslashes escaped, where it has to be."""
    # As words of their own a colon and hetjob mean something, unless a quote begins the word.
    if PLAIN.match(value) and not value.startswith(":") and not SEPARATOR.match(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
