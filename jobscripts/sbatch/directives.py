"""`#SBATCH` lines: read as sbatch reads them, and written so that sbatch reads back what was meant. Pure.

The rules are those of Slurm 22.05: a directive begins its line, scanning stops at the first line that is neither blank
nor a comment, quotes group anywhere in a word, a backslash escapes one character, an unquoted # begins a comment.
Which options there are is said in options.py, and what is wrong with a script in checking.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain

from jobbergate.core.errors import DomainError
from jobscripts.sbatch import pbs
from jobscripts.sbatch.lines import MOST_TEXT, end_of_header, numbered, too_many
from jobscripts.sbatch.options import OPTIONAL, SYNONYMS, VALUE, Given, Option, Word, parse, table
from jobscripts.sbatch.quoting import Directive, quoted, taken_apart

PREFIX = "#SBATCH"
# sbatch complains of the second, and obeys it.
LINE = re.compile(r"^#(?:SBATCH|SLURM)(.*)$", re.MULTILINE)
LONG = re.compile(r"--([a-z][a-z-]*)(?:=(.*)|\s+(.*))?\Z", re.DOTALL)
# Short flags may stand together, the last one with a value: -HN2 is -H -N 2.
SHORT = re.compile(r"-([HIOQVWhsv]*[A-Za-z])\s*(.*)\Z", re.DOTALL)
# `hetjob` on a line begins the next component of a heterogeneous job.
SEPARATORS = (("hetjob",), ("packjob",))

# Options that take the sbatch process, its output or its identity away from us, or that submit elsewhere.
NOTHING = "nothing would be submitted"
REFUSED = {
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
# Of these, what a script may not say itself: the job would be where nobody looks for it. Whoever calls sbatch copes
# with the others.
REFUSED_IN_SCRIPTS = ("clusters",)


class BadParameter(DomainError):
    """An sbatch parameter or argument is not written as sbatch takes it, or may not be given."""

    code = "bad_sbatch_parameter"


# --- reading --------------------------------------------------------------------------------------------------------


def read(script: str) -> list[Directive]:
    """The directives that sbatch would see, up to the script's first command; raises BadParameter for too many.

    Whoever compares or changes directives has to see them all.
    """
    refuse_too_many(script)
    return first(script)


def first(script: str) -> list[Directive]:
    """As many of them as are looked at."""
    return [Directive(line, *taken_apart(found[1])) for line, found in numbered(LINE, script, end_of_header(script))]


def header(script: str) -> Iterator[tuple[int, str]]:
    """The lines before the first command, numbered from 1."""
    return enumerate(script[: end_of_header(script)].split("\n"), start=1)


def components(directives: Iterable[Directive]) -> list[list[Directive]]:
    """The directives of each component of a heterogeneous job; of any other job, all of them."""
    found: list[list[Directive]] = [[]]
    for one in directives:
        if separates(one):
            found.append([])
        else:
            found[-1].append(one)
    return found


def separates(directive: Directive) -> bool:
    return directive.words[:1] in SEPARATORS


def worded(directives: Iterable[Directive]) -> list[Word]:
    return [Word(text, one.line) for one in directives for text in one.words]


def given(words: Sequence[str]) -> list[Given]:
    """What words of a command line say."""
    return parse([Word(word) for word in words])[0]


def said_in(script: str) -> list[Given]:
    """What the script's own lines say, component by component, and those of other schedulers where they count."""
    own = [parse(worded(part))[0] for part in components(read(script))]
    foreign = [] if ignores_pbs(own[0]) else pbs.translated(script)[0]
    return [*chain.from_iterable(own), *foreign]


def comment_of(said: Sequence[Given]) -> str | None:
    """The value of the last --comment; None where there is none."""
    return next((one.value for one in reversed(said) if one.name == "comment"), None)


def holds(said: Iterable[Given]) -> bool:
    return any(one.name == "hold" for one in said)


def refuse_in_script(said: Iterable[Given]) -> None:
    """What would take the hand-over from us."""
    for one in said:
        if one.name in REFUSED_IN_SCRIPTS:
            raise of_script(f"The script has {PREFIX} {one.written}, which is not for here: {REFUSED[one.name]}.")


def too_many_lines(script: str) -> bool:
    return too_many(LINE, script, end_of_header(script)) or too_many(pbs.LINE, script, len(script))


def refuse_too_many(script: str) -> None:
    if too_many_lines(script):
        raise of_script(f"The script has more than {MOST_TEXT:,} characters of directives; give fewer.")


def of_script(detail: str) -> BadParameter:
    return BadParameter(detail, {"job_script": [detail]})


# --- writing --------------------------------------------------------------------------------------------------------

# sbatch refuses two options of one group, wherever they stand.
EXCLUSIVE_GROUPS = (
    frozenset({"mem", "mem-per-cpu", "mem-per-gpu"}),
    frozenset({"core-spec", "thread-spec"}),
    frozenset({"ntasks-per-node", "ntasks-per-gpu"}),
)


def insert(script: str, parameters: Sequence[str]) -> str:
    """The script with the parameters as directives of their own: after its last one, else after the first line.

    sbatch takes the last value that it meets, so these win over the script's own; each component of a heterogeneous
    job gets them. Where something would still be in their way, the script's directives are written anew without it.
    """
    if not parameters:
        return script
    names = {one.name for one in given([word for parameter in parameters for word in parameter_words(parameter)])}
    script = cleared(script, names)
    written = [write(parameter) for parameter in parameters]
    directives = read(script)
    ends = [one.line - 1 for one in directives if separates(one)]
    ends.append(directives[-1].line if directives else after_interpreter(script))
    return anew(script, frozenset(), dict.fromkeys(ends, written))


def anew(script: str, dropped: Set[int], added: Mapping[int, list[str]]) -> str:
    """The script without some of its lines, and with others before some; lines count from 0 here."""
    lines, made, at = script.split("\n"), list[str](), 0
    for number in sorted({*dropped, *added}):
        made += [*lines[at:number], *added.get(number, ())]
        at = number + (number in dropped)
    return "\n".join([*made, *lines[at:]])


def after_interpreter(script: str) -> int:
    return int(script.startswith("#!"))


def parameter_words(parameter: str) -> list[str]:
    option, value = split(parameter)
    if value is None:
        return [option]
    return [f"{option}={value}"] if option.startswith("--") else [f"{option}{value}"]


def cleared(script: str, names: Set[str]) -> str:
    """The script without what would win over these options, or make sbatch refuse them: its directives written anew,
    those of other schedulers among them. Where nothing is in the way it stays as it is."""
    directives = read(script)
    parts = components(directives)
    said = [parse(worded(part))[0] for part in parts]
    rivals = frozenset[str]().union(*(group - names for group in EXCLUSIVE_GROUPS if group & names))
    # A component that ignores them speaks for those after it, too.
    ignoring = next((place for place, part in enumerate(said) if ignores_pbs(part)), len(said))
    foreign = pbs.translated(script)[0] if ignoring else []
    overriding = any(one.name in names | rivals for one in foreign)
    if not (
        overriding
        or any("--" in one.words for one in directives)
        or any(one.name in rivals for part in said for one in part)
    ):
        return script
    if overriding:
        for part in said[:ignoring]:
            part += [one for one in foreign if one.name not in names]
        said[0].append(Given("ignore-pbs", None))
    starts = [after_interpreter(script), *(one.line for one in directives if separates(one))]
    return anew(
        script,
        {one.line - 1 for part in parts for one in part},
        {
            part[0].line - 1 if part else start: [rewritten(one) for one in options if one.name not in rivals]
            for start, part, options in zip(starts, parts, said, strict=True)
        },
    )


def ignores_pbs(said: Iterable[Given]) -> bool:
    return any(one.name == "ignore-pbs" and not one.off for one in said)


def rewritten(one: Given) -> str:
    return f"{PREFIX} --{one.name}" if one.value is None else f"{PREFIX} --{one.name}={quoted(one.value)}"


def write(parameter: str) -> str:
    """One parameter (`--time=10`, `--time 10`, `-N2`, `--exclusive`) as one directive."""
    option, value = split(parameter)
    if value is None:
        return f"{PREFIX} {option}"
    joined = table().by_letter[option[-1]].kind == OPTIONAL if not option.startswith("--") else False
    between = "=" if option.startswith("--") else "" if joined else " "
    return f"{PREFIX} {option}{between}{quoted(value)}"


def split(parameter: str) -> tuple[str, str | None]:
    """Option and value of one parameter; raises BadParameter."""
    text = parameter.strip()
    if "\n" in text or "\r" in text or "\0" in text:
        raise bad(parameter, "a parameter is one line")
    if match := LONG.match(text):
        value = match[2] if match[2] is not None else match[3]
        refuse_by_name(parameter, table().named(match[1]))
        return f"--{match[1]}", value
    if match := SHORT.match(text):
        refuse_by_name(parameter, [table().by_letter[letter] for letter in match[1] if letter in table().by_letter])
        return f"-{match[1]}", match[2] or None
    raise bad(parameter, "give an option of sbatch, such as --time=10:00, -N2 or --exclusive")


def refuse_by_name(parameter: str, options: Iterable[Option]) -> None:
    # Of an ambiguous abbreviation too: another Slurm may have fewer options, and take it.
    for option in options:
        name = SYNONYMS.get(option.name, option.name)
        if name in REFUSED:
            raise bad(parameter, f"--{name} is not for here: {REFUSED[name]}")


def bad(parameter: str, reason: str) -> BadParameter:
    return BadParameter(f"{parameter[:100]!r} is not accepted: {reason}.")


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
    """Whether a separate word after it is not its value."""
    if option.startswith("--"):
        return all(found.kind != VALUE for found in table().named(option[2:])) and bool(table().named(option[2:]))
    found = table().by_letter.get(option[-1])
    return found is not None and found.kind != VALUE
