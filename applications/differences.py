"""What was rendered beside what was expected: where they differ, as text of bounded size. Pure.

difflib takes time with the square of the lines, and each line takes memory: so what both have in common at their
beginnings and ends is found first, in bytes, and only a window of the rest is split into lines.
"""

import io
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import islice

CONTEXT = 3
MAX_LINES, MAX_LINE, MAX_WINDOW = 100, 200, 16 * 1024
MAX_SHOWN = 60


def difference(expected: bytes, rendered: bytes) -> str:
    """A unified diff of their first lines that differ; its hunks name lines of the expected and the rendered file."""
    same = common(expected, rendered)
    start = line_before(expected[:same], CONTEXT)
    if not (is_text(expected[start:]) and is_text(rendered[start:])):
        sizes = f"{len(expected)} bytes are expected, {len(rendered)} are rendered"
        return f"They are not text. {sizes}, and byte {same + 1} differs."
    end = common(expected[same:][::-1], rendered[same:][::-1])
    one, other = window(expected, start, len(expected) - end), window(rendered, start, len(rendered) - end)
    lines = list(islice(hunks(one, other, expected.count(b"\n", 0, start) + 1), MAX_SHOWN + 1))
    if not lines:
        return f"They differ in byte {same + 1}, too far into a long line to be shown."
    return "\n".join([*lines[:MAX_SHOWN], *(["…"] if len(lines) > MAX_SHOWN else [])])


def first_line(expected: bytes, rendered: bytes) -> int:
    """The number of the first line that differs."""
    return expected.count(b"\n", 0, common(expected, rendered)) + 1


def common(one: bytes, other: bytes) -> int:
    """How many bytes both begin with. Halving compares each byte about twice, and in C."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def is_text(content: bytes) -> bool:
    return b"\0" not in content[:MAX_WINDOW]


def line_before(content: bytes, lines: int) -> int:
    """Where the last line begins, or one that many lines before it."""
    place = content.rfind(b"\n") + 1
    for _ in range(lines):
        place = content.rfind(b"\n", 0, max(place - 1, 0)) + 1
    return place


def window(content: bytes, start: int, end: int) -> list[bytes]:
    """The lines from `start` to where the difference ends, and some more; not many, and none without its end."""
    for _ in range(1 + CONTEXT):
        end = content.find(b"\n", end) + 1 or len(content)
    lines = io.BytesIO(content[start : min(end, start + MAX_WINDOW)]).readlines()
    if end - start > MAX_WINDOW and len(lines) > 1:
        lines.pop()  # Only its beginning is seen.
    return lines[:MAX_LINES]


def hunks(one: list[bytes], other: list[bytes], first: int) -> Iterator[str]:
    """As `diff -u` writes them; `first` is the number of the line that both begin with."""
    for group in SequenceMatcher(None, one, other).get_grouped_opcodes(CONTEXT):
        (_, start, _, beginning, _), (_, _, stop, _, ending) = group[0], group[-1]
        yield f"@@ -{first + start},{stop - start} +{first + beginning},{ending - beginning} @@"
        for kind, start, stop, beginning, ending in group:
            if kind == "equal":
                yield from (f" {shown(line)}" for line in one[start:stop])
            else:
                yield from (f"-{shown(line)}" for line in one[start:stop])
                yield from (f"+{shown(line)}" for line in other[beginning:ending])


def shown(line: bytes) -> str:
    """A line whose end is another one, or none, has to look so."""
    text = line.removesuffix(b"\n").decode("utf-8", "replace").replace("\r", "^M")
    if len(text) > MAX_LINE:
        return text[:MAX_LINE] + "…"
    return text if line.endswith(b"\n") else text + " (no newline at its end)"
