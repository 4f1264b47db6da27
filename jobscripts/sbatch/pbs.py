"""Lines of other schedulers, which sbatch obeys too: `#PBS`, and `#BSUB` of LSF. Pure.

It reads them all over the script, also after its first command, and after every `#SBATCH` line: what they say wins.
`--ignore-pbs` turns that off. Tried out on Slurm 22.05.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from jobscripts.sbatch.lines import numbered
from jobscripts.sbatch.options import Given, Misfit, Word
from jobscripts.sbatch.quoting import Directive, taken_apart

# Letter → the option that it is, or nothing where sbatch passes over it. All of these take a value …
PBS_VALUES = {
    "a": "begin", "A": "account", "c": "", "C": "", "e": "error", "j": "", "J": "array", "k": "", "l": "", "m": "",
    "M": "mail-user", "N": "job-name", "o": "output", "p": "nice", "q": "partition", "r": "", "S": "", "t": "array",
    "u": "", "v": "", "W": "",
}  # fmt: skip
BSUB_VALUES = {
    "c": "chdir", "e": "error", "J": "job-name", "m": "nodelist", "M": "mem-per-cpu", "n": "ntasks", "o": "output",
    "q": "partition", "W": "time",
}  # fmt: skip
# … and these do not.
PBS_FLAGS = {"h": "hold", "I": "", "V": "", "z": ""}
BSUB_FLAGS = {"x": "exclusive"}
LIMITS = {
    "file": "tmp", "mpiprocs": "ntasks-per-node", "mppnodes": "nodelist", "nice": "nice", "proc": "constraint",
}  # fmt: skip
BYTES = re.compile(r"(?<=\d)b\Z", re.IGNORECASE | re.ASCII)
# Eighteen digits: more overflow, and Python itself refuses to read some thousands.
NUMBER = re.compile(r"\d{1,18}", re.ASCII)
MAIL = {"a": "FAIL", "b": "BEGIN", "e": "END"}


LINE = re.compile(r"^#(PBS|BSUB)(.*)$", re.MULTILINE)


def read(script: str) -> dict[str, list[Directive]]:
    """By scheduler, wherever in the script they stand."""
    found: dict[str, list[Directive]] = {"PBS": [], "BSUB": []}
    for line, match in numbered(LINE, script, len(script)):
        found[match[1]].append(Directive(line, *taken_apart(match[2])))
    return found


def translated(script: str) -> tuple[list[Given], list[Misfit]]:
    """What they say, as options of sbatch, which looks at PBS only where there is no line of LSF."""
    lines = read(script)
    return bsub(worded(lines["BSUB"])) if lines["BSUB"] else pbs(worded(lines["PBS"]))


def worded(directives: Iterable[Directive]) -> list[Word]:
    return [Word(text, one.line) for one in directives for text in one.words]


def pbs(words: Sequence[Word]) -> tuple[list[Given], list[Misfit]]:
    return parse(words, PBS_VALUES, PBS_FLAGS, special={"l": limits, "m": mail, "W": dependency})


def bsub(words: Sequence[Word]) -> tuple[list[Given], list[Misfit]]:
    # `-cwd DIRECTORY` is one option of LSF's with a name of three letters.
    spelt = [Word("-c", word.line) if word.text == "-cwd" else word for word in words]
    return parse(spelt, BSUB_VALUES, BSUB_FLAGS, special={"M": kilobytes, "n": most_tasks})


Meaning = Callable[[str], Iterable[tuple[str, str | None]]]


def parse(
    words: Sequence[Word], values: dict[str, str], flags: dict[str, str], special: dict[str, Meaning]
) -> tuple[list[Given], list[Misfit]]:
    given: list[Given] = []
    misfits: list[Misfit] = []
    left = deque(words)
    while left:
        word = left.popleft()
        if not word.text.startswith("-") or len(word.text) < 2:
            misfits.append(Misfit("bare_word", word.text, word.line))
            continue
        for place, letter in enumerate(word.text[1:], start=2):
            if letter in values:
                rest = word.text[place:]
                if not rest and not left:
                    misfits.append(Misfit("missing_value", f"-{letter}", word.line))
                    break
                value = rest or left.popleft().text
                meant = special[letter](value) if letter in special else [(values[letter], value)]
                given += [Given(name, said, word.line, f"-{letter}") for name, said in meant if name]
                break
            if letter not in flags:
                misfits.append(Misfit("unknown_option", f"-{letter}", word.line))
                break
            if flags[letter]:
                given.append(Given(flags[letter], None, word.line, f"-{letter}"))
    return given, misfits


def limits(text: str) -> Iterable[tuple[str, str | None]]:
    """`walltime=1:00:00,nodes=2:ppn=4,mem=2gb`; what sbatch does not know it passes over."""
    for item in text.split(","):
        name, equals, value = item.partition("=")
        if name in ("walltime", "cput"):
            if equals:
                yield "time", value
        elif name in ("nodes", "select"):
            yield from nodes(*value.split(":"))
        else:
            yield from limit(name, value)


def nodes(count: str, *parts: str) -> Iterable[tuple[str, str | None]]:
    """`2:ppn=4:gpus=1`, or a node's name."""
    yield ("nodes" if NUMBER.fullmatch(count) else "nodelist"), count.replace("+", ",")
    for name, _, value in (part.partition("=") for part in parts):
        if name == "ppn" and NUMBER.fullmatch(value) and NUMBER.fullmatch(count):
            yield "ntasks", str(int(value) * int(count))
        elif name == "ppn" and value.isascii() and value.isdecimal():
            # Too large, and refused for that.
            yield "ntasks", value
        elif name == "gpus":
            yield "gres", f"gpu:{value}"
        else:
            yield from limit(name, value)


def limit(name: str, value: str) -> Iterable[tuple[str, str | None]]:
    if name in LIMITS:
        yield LIMITS[name], value
    elif name == "naccelerators":
        yield "gres", f"gpu:{value}"
    elif name == "mem":
        # A number of bytes is taken for one of megabytes.
        yield "mem", BYTES.sub("", value)


def mail(text: str) -> Iterable[tuple[str, str | None]]:
    types = [MAIL[letter] for letter in text if letter in MAIL]
    yield "mail-type", ",".join(types) or "NONE"


def dependency(text: str) -> Iterable[tuple[str, str | None]]:
    name, _, value = text.partition("=")
    if name == "depend":
        yield "dependency", value


def kilobytes(text: str) -> Iterable[tuple[str, str | None]]:
    yield "mem-per-cpu", f"{text}K" if NUMBER.fullmatch(text) else text


def most_tasks(text: str) -> Iterable[tuple[str, str | None]]:
    """`-n 2,4` is at least two and at most four, of which sbatch takes the four."""
    yield "ntasks", text.rpartition(",")[2]
