"""What sbatch will make of a script: whether it takes it, what looks wrong, and what the job will ask for. Pure.

An error is what sbatch of that version refuses wherever it runs. What only a site can say, such as the name of a
partition, is no finding.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jobscripts.sbatch import conflicts, directives, pbs, resources, values
from jobscripts.sbatch.directives import PREFIX
from jobscripts.sbatch.findings import ERROR, Finding, bounded, finding, of_misfits, shown
from jobscripts.sbatch.lines import MOST_TEXT, end_of_header, numbered
from jobscripts.sbatch.options import ANY, Given, Word, from_environment, parse, table, versions_with
from jobscripts.sbatch.quoting import Directive
from jobscripts.sbatch.resources import Options, Resources


@dataclass(frozen=True)
class Check:
    findings: tuple[Finding, ...]
    # Long name → the value that takes effect; None for a flag.
    options: Options

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == ERROR)

    @cached_property
    def resources(self) -> Resources:
        return resources.of(squeezed(self.options))

    def as_json(self) -> dict[str, Any]:
        return {"findings": [one.as_json() for one in self.findings], "resources": self.resources.as_json()}


def check(
    script: str,
    *,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    version: str = ANY,
) -> Check:
    """The script as `sbatch ARGUMENTS script` takes it with these SBATCH_* variables. A heterogeneous job's resources
    are those of its first component, which runs the script."""
    lines = directives.first(script)
    parts = directives.components(lines)
    parsed = [parse(directives.worded(part), version) for part in parts]
    # Words after a quote that nothing closes are anybody's guess.
    unread = {one.line for one in lines if one.fault}
    foreign, odd = pbs.translated(script)
    outside = from_environment((environment or {}).items(), version)
    said, strange = parse([Word(argument) for argument in arguments], version)
    own = [one for given, _ in parsed for one in given]
    if directives.ignores_pbs([*parsed[0][0], *outside, *said]):
        foreign, odd = [], []
    effective = in_force([*parsed[0][0], *foreign], outside, said)
    return Check(
        bounded(
            [
                *of_the_text(script),
                *of_too_many(script),
                *of_lines(lines),
                *of_misfits((one for _, misfits in parsed for one in misfits if one.line not in unread), version),
                *of_misfits(strange, version),
                *of_misfits(odd, version, "sbatch's reading of other schedulers"),
                *of_values([*own, *foreign, *outside, *said]),
                *of_conflicts([*own, *foreign, *said], outside),
                *of_combinations(effective),
                *(found for given, _ in parsed for found in of_overridden(given)),
                *of_spelling(own, version),
                *of_foreign(script, foreign, own),
                *of_comments(script),
            ]
        ),
        {one.name: one.value for one in effective},
    )


def squeezed(options: Options) -> Options:
    """For those that reckon with them: nothing in a value is longer than a number can be."""
    return {name: None if value is None else values.squeezed(value) for name, value in options.items()}


def in_force(script: Iterable[Given], environment: Iterable[Given], arguments: Sequence[Given]) -> list[Given]:
    """Script < environment < command line, and in each the last one. A group of options that exclude each other is
    one option: the environment's --mem does not count where the script has --mem-per-cpu."""
    own = {one.name: one for one in script}
    said = {one.name: one for one in arguments}
    found = dict(own)
    for one in environment:
        if one.off:
            found.pop(one.name, None)
        elif not (group_of(one.name) - {one.name}) & (own.keys() | said.keys()):
            found[one.name] = one
    return list((found | said).values())


def group_of(name: str) -> Set[str]:
    return next((group for group in directives.EXCLUSIVE_GROUPS if name in group), frozenset())


# --- the text -------------------------------------------------------------------------------------------------------


def of_the_text(script: str) -> Iterator[Finding]:
    if not script:
        yield finding("empty", "The script is empty.")
        return
    if not script.startswith("#!"):
        marked = "Take away the byte order mark that stands before it." if script.startswith("\ufeff") else ""
        yield finding(
            "no_interpreter",
            "The first line has to begin with #! and an interpreter.",
            1,
            marked or "Begin with #!/bin/bash.",
        )
    if (at := script.find("\r\n")) >= 0:
        yield finding(
            "crlf",
            "Lines end with a carriage return, as on Windows.",
            line_of(script, at),
            "`dos2unix` or `sed -i 's/\\r$//'` takes them away.",
        )
    if (at := script.find("\0")) >= 0:
        yield finding("nul", "There is a NUL character, which no script has.", line_of(script, at))


def of_too_many(script: str) -> Iterator[Finding]:
    if directives.too_many_lines(script):
        yield finding("too_many", f"Of its directives, the first {MOST_TEXT:,} characters were looked at.")


def line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


# --- directives -----------------------------------------------------------------------------------------------------


def of_lines(lines: Iterable[Directive]) -> Iterator[Finding]:
    for one in lines:
        if one.fault == ":":
            yield finding(
                "colon", "A word begins with a colon.", one.line, "Components are separated by `#SBATCH hetjob`."
            )
        elif one.fault:
            yield finding("unmatched_quote", f"The {one.fault} is not closed.", one.line)
        if swallowed(one):
            yield finding(
                "comment",
                f"What follows the # is a comment: {shown(one.comment.strip())}.",
                one.line,
                "Quote the value if the # belongs to it.",
            )
        if one.words[:1] == ("packjob",):
            yield finding("deprecated", "packjob is an old word.", one.line, "Write hetjob.")


def swallowed(one: Directive) -> bool:
    """A comment with an option in it, or one that begins within a word."""
    return bool(re.search(r"(^|\s)--?[A-Za-z]", one.comment))


def of_values(given: Iterable[Given]) -> Iterator[Finding]:
    for one in given:
        if accepted := values.accepted(one.name, one.value):
            yield finding(
                "bad_value", f"--{one.name} does not take {shown(one.value or '')!r}.", one.line, f"Give {accepted}."
            )
        elif one.name in ("output", "error", "input", "chdir") and re.search(r"\$\w|\$\{|^~", one.value or ""):
            yield finding(
                "variable",
                f"--{one.name}={shown(one.value or '')}: sbatch puts no value for variables, nor for ~.",
                one.line,
                "Write the path itself, or give it on the command line, where the shell replaces it.",
            )


def of_conflicts(given: Sequence[Given], outside: Sequence[Given]) -> Iterator[Finding]:
    """Two of a group; those of the environment count where the script and the command line have none of it."""
    for group in directives.EXCLUSIVE_GROUPS:
        found = {one.name: one for one in given if one.name in group} or {
            one.name: one for one in outside if one.name in group
        }
        if len(found) > 1:
            names = " and ".join(f"--{name}" for name in found)
            line = max(one.line for one in found.values())
            yield finding("conflict", f"{names} exclude each other.", line, "Keep one of them.")


def of_combinations(effective: Iterable[Given]) -> Iterator[Finding]:
    by_name = {one.name: one for one in effective}
    for names, why in conflicts.found(squeezed({name: one.value for name, one in by_name.items()})):
        there = [name for name in names if name in by_name]
        line = max((by_name[name].line for name in there), default=0)
        yield finding("conflict", f"{' and '.join(f'--{name}' for name in there)}: {why}.", line)


def of_overridden(given: Iterable[Given]) -> Iterator[Finding]:
    earlier: dict[str, Given] = {}
    for one in given:
        before = earlier.get(one.name)
        if before is not None and before.value != one.value:
            yield finding(
                "overridden",
                f"--{one.name}={shown(before.value or '')} does not count: line {one.line} says it again.",
                before.line,
            )
        earlier[one.name] = one


def of_spelling(given: Iterable[Given], version: str) -> Iterator[Finding]:
    names = table(version).by_name
    for one in given:
        if one.value_line != one.line:
            yield finding(
                "value_on_next_line",
                f"{one.written} takes {shown(one.value or '')!r} of line {one.value_line} for its value.",
                one.line,
                "Give the value beside it.",
            )
        if one.written.startswith("--") and one.written[2:] not in names:
            yield finding("abbreviated", f"{one.written} is short for --{one.name}.", one.line, "Write it in full.")
        if version == ANY and (having := versions_with(one.name)) != versions_with("time"):
            yield finding(
                "not_in_every_version",
                f"--{one.name} is in Slurm {having[0]} to {having[-1]} only.",
                one.line,
            )


# --- other schedulers -----------------------------------------------------------------------------------------------


def of_foreign(script: str, foreign: Sequence[Given], own: Sequence[Given]) -> Iterator[Finding]:
    ours = {one.name: one for one in own}
    for one in foreign:
        beaten = ours.get(one.name)
        wins = f", and wins over line {beaten.line}" if beaten is not None and beaten.value != one.value else ""
        value = "" if one.value is None else f"={shown(one.value)}"
        yield finding(
            "other_scheduler",
            f"sbatch takes this line for --{one.name}{value}{wins}.",
            one.line,
            "Take it away, or add #SBATCH --ignore-pbs.",
        )


# --- comments that look like directives -----------------------------------------------------------------------------

NEARLY = re.compile(r"^([ \t]*+)(#++)([ \t]*+)(SBATCH)\b([ \t]*+-)?", re.MULTILINE | re.IGNORECASE)


def of_comments(script: str) -> Iterator[Finding]:
    header = end_of_header(script)
    for line, found in numbered(NEARLY, script, len(script)):
        indent, marks, blanks, name, option = found.groups()
        if f"{indent}{marks}{blanks}{name}" != PREFIX:
            if option:
                yield nearly(line, indent, marks, blanks)
        elif found.start() >= header:
            yield finding(
                "after_command",
                "It stands after the first command, where sbatch does not look.",
                line,
                "Move it up, above the first command.",
            )


def nearly(line: int, indent: str, marks: str, blanks: str) -> Finding:
    if len(marks) > 1:
        return finding("commented_out", "It is commented out.", line)
    why = "it is indented" if indent else "there is a blank after the #" if blanks else "SBATCH has to be in capitals"
    return finding("not_read", f"It is a comment to sbatch: {why}.", line, f"Begin the line with {PREFIX}.")
