"""`#SBATCH` lines: read as sbatch reads them, and written so that sbatch reads back what was meant. Pure.

The rules are those of Slurm 22.05: a directive begins its line, scanning stops at the first line that is neither blank
nor a comment, quotes group anywhere in a word, a backslash escapes one character, an unquoted # begins a comment.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobbergate.core.errors import DomainError

PREFIX = "#SBATCH"
# Characters that mean nothing to sbatch's reader, so that a value of these alone needs no quotes.
PLAIN = re.compile(r"[A-Za-z0-9_./:,=@%+\[\]{}()*^~!&|<>?$;-]+\Z")
LONG = re.compile(r"--([a-z][a-z-]*)(?:=(.*)|\s+(.*))?\Z", re.DOTALL)
# Short flags may stand together, the last one with a value: -HN2 is -H -N 2.
SHORT = re.compile(r"-([HIOQVWhsv]*[A-Za-z])\s*(.*)\Z", re.DOTALL)

# The options of sbatch 22.05 that share a beginning with --comment or --hold: abbreviations have to be unambiguous.
SHORTEST = {"comment": "com", "hold": "ho"}
# Options that take the sbatch process, its output or its identity away from us, or that submit elsewhere.
NOTHING = "nothing would be submitted"
REFUSED_LONG = {
    "quiet": "the job id would not be printed",
    "parsable": "it is always given",
    "wait": "follow the submission instead",
    "wrap": "the job script is what runs",
    "clusters": "name the cluster of the submission",
    "uid": "jobs run as their owner",
    "gid": "jobs run as their owner",
    "test-only": NOTHING,
    "help": NOTHING,
    "usage": NOTHING,
    "version": NOTHING,
    "autocomplete": NOTHING,
}
REFUSED_SHORT = {"Q": "quiet", "W": "wait", "M": "clusters", "h": "help", "V": "version"}
# Options after which a separate word is not their value: flags, and those whose value has to be joined by `=`.
SHORT_FLAGS = "HIOQWhksv"
LONG_FLAGS = frozenset(
    [
        "contiguous",
        "exclusive",
        "get-user-env",
        "hold",
        "ignore-pbs",
        "nice",
        "no-kill",
        "no-requeue",
        "overcommit",
        "oversubscribe",
        "propagate",
        "reboot",
        "requeue",
        "spread-job",
        "use-min-nodes",
        "verbose",
    ]
)


class BadParameter(DomainError):
    """An sbatch parameter or argument is not written as sbatch takes it, or may not be given."""

    code = "bad_sbatch_parameter"


@dataclass(frozen=True)
class Directive:
    """One `#SBATCH` line: its number from 1, and its words with quotes taken away."""

    line: int
    words: tuple[str, ...]


# --- reading --------------------------------------------------------------------------------------------------------


def read(script: str) -> list[Directive]:
    """The directives that sbatch would see, up to the script's first command."""
    found = []
    for number, line in enumerate(script.split("\n"), start=1):
        if line.startswith(PREFIX):
            found.append(Directive(number, words(line[len(PREFIX) :])))
        elif line.strip() and not line.lstrip().startswith("#"):
            break
    return found


def words(text: str) -> tuple[str, ...]:
    found: list[str] = []
    word: list[str] | None = None
    quote, escaped = "", False
    for character in text:
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
            break
        elif character.isspace():
            if word is not None:
                found.append("".join(word))
            word = None
        else:
            word = [*(word or []), character]
    return (*found, "".join(word)) if word is not None else tuple(found)


def comment_of(words: Sequence[str]) -> str | None:
    """The value of the last --comment among sbatch's words; None where there is none."""
    found = None
    for index, word in enumerate(words):
        name, has_value, value = word.partition("=")
        if is_option(name, "comment"):
            found = value if has_value else (words[index + 1] if index + 1 < len(words) else "")
    return found


def holds(words: Iterable[str]) -> bool:
    """Whether --hold stands among sbatch's words."""
    return any(is_option(word, "hold") or re.match(rf"-[{SHORT_FLAGS}]*H", word) for word in words)


def refuse_elsewhere(words: Iterable[str]) -> None:
    """A script that names clusters of its own would leave a held job where nobody looks for it."""
    for word in words:
        name = word.partition("=")[0]
        if re.match(r"-M", word) or (len(name) > 6 and "--clusters".startswith(name)):
            detail = f"The script has {PREFIX} {word}; name the cluster of the submission in its place."
            raise BadParameter(detail, {"job_script": [detail]})


def is_option(word: str, name: str) -> bool:
    return word.startswith("--") and name.startswith(word[2:]) and len(word) - 2 >= len(SHORTEST[name])


# --- writing --------------------------------------------------------------------------------------------------------


def insert(script: str, parameters: Sequence[str]) -> str:
    """The script with the parameters as directives of their own: after its last one, else after the first line.

    sbatch takes the last value that it meets, so these win over the script's own.
    """
    if not parameters:
        return script
    lines = script.split("\n")
    directives = read(script)
    at = directives[-1].line if directives else int(lines[0].startswith("#!"))
    return "\n".join([*lines[:at], *(write(parameter) for parameter in parameters), *lines[at:]])


def write(parameter: str) -> str:
    """One parameter (`--time=10`, `--time 10`, `-N2`, `--exclusive`) as one directive."""
    option, value = split(parameter)
    if value is None:
        return f"{PREFIX} {option}"
    between = "=" if option.startswith("--") else "" if option.endswith("k") else " "
    return f"{PREFIX} {option}{between}{quoted(value)}"


def split(parameter: str) -> tuple[str, str | None]:
    """Option and value of one parameter; raises BadParameter."""
    text = parameter.strip()
    if "\n" in text or "\r" in text or "\0" in text:
        raise bad(parameter, "a parameter is one line")
    if match := LONG.match(text):
        value = match[2] if match[2] is not None else match[3]
        refuse_by_name(parameter, match[1])
        return f"--{match[1]}", value
    if match := SHORT.match(text):
        for letter in match[1]:
            refuse_by_name(parameter, REFUSED_SHORT.get(letter, ""))
        return f"-{match[1]}", match[2] or None
    raise bad(parameter, "give an option of sbatch, such as --time=10:00, -N2 or --exclusive")


def refuse_by_name(parameter: str, name: str) -> None:
    for refused, reason in REFUSED_LONG.items():
        # An abbreviation means what it begins; those of one letter are ambiguous to sbatch itself, which refuses them.
        if len(name) >= 2 and refused.startswith(name):
            raise bad(parameter, f"--{refused} is not for here: {reason}")


def bad(parameter: str, reason: str) -> BadParameter:
    return BadParameter(f"{parameter[:100]!r} is not accepted: {reason}.")


def quoted(value: str) -> str:
    """The value as sbatch reads it back: in double quotes, with quotes and backslashes escaped, where it has to be."""
    if PLAIN.match(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def check_parameters(parameters: Sequence[str], field: str = "sbatch_parameters") -> None:
    problems = []
    for parameter in parameters:
        try:
            split(parameter)
        except BadParameter as error:
            problems.append(error.detail)
    if problems:
        raise BadParameter(" ".join(problems), {field: problems})


def check_arguments(arguments: Sequence[str]) -> None:
    """Command line words: options, and the values that follow them. A bare word would be taken for the script."""
    problems, value_may_follow = [], False
    for word in arguments:
        if not word.startswith("-") and not value_may_follow:
            problems.append(bad(word, "it is neither an option nor the value of one").detail)
        value_may_follow = False
        if word.startswith("-"):
            try:
                option, value = split(word)
            except BadParameter as error:
                problems.append(error.detail)
                continue
            value_may_follow = value is None and not is_flag(option)
    if problems:
        raise BadParameter(" ".join(problems), {"sbatch_arguments": problems})


def is_flag(option: str) -> bool:
    return option[2:] in LONG_FLAGS if option.startswith("--") else option[-1] in SHORT_FLAGS
