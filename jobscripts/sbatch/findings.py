"""What can be said of a script's directives: one finding each, with its line and what to do. Pure."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jobscripts.sbatch.options import ANY, FLAG, Misfit, table, versions_with

# With an error sbatch refuses the script. A warning is accepted, and hardly what was meant. A note is good to know.
ERROR, WARNING, NOTE = "error", "warning", "note"
# Code → severity and meaning, as docs/directives.md has them.
CODES = {
    "empty": (ERROR, "There is nothing in it."),
    "no_interpreter": (ERROR, "The first line does not begin with `#!`."),
    "crlf": (ERROR, "Lines end as on Windows, with a carriage return."),
    "nul": (ERROR, "There is a NUL character in it."),
    "unmatched_quote": (ERROR, "A quote is opened and not closed in its line."),
    "colon": (ERROR, "A word begins with a colon; components of a heterogeneous job are separated by `hetjob`."),
    "unknown_option": (ERROR, "This sbatch has no such option."),
    "ambiguous_option": (ERROR, "The abbreviation may mean several options."),
    "missing_value": (ERROR, "The option needs a value."),
    "superfluous_value": (ERROR, "The option takes no value."),
    "bare_word": (ERROR, "The word is no option, nor the value of one."),
    "bad_value": (ERROR, "The option does not take this value."),
    "conflict": (ERROR, "Options that exclude each other, or do not go together with these values."),
    "after_command": (WARNING, "A directive after the first command, which is not read."),
    "not_read": (WARNING, "A line that is nearly a directive, and only a comment."),
    "variable": (WARNING, "A variable or a ~ in a value: nothing replaces it there."),
    "comment": (WARNING, "A # begins a comment, and what follows it is not read."),
    "value_on_next_line": (WARNING, "The option takes its value from the next directive."),
    "other_scheduler": (WARNING, "A directive of PBS or LSF, which sbatch obeys, and which wins."),
    "too_many": (WARNING, "Directives of more than 64 KiB; not all were looked at, and it will not be submitted."),
    "deprecated": (WARNING, "It works, and will not for ever."),
    "overridden": (NOTE, "A later directive says something else."),
    "abbreviated": (NOTE, "An abbreviation, which a later Slurm may find ambiguous."),
    "commented_out": (NOTE, "A directive that was commented out."),
    "not_in_every_version": (NOTE, "Not every version of Slurm has this option."),
}
MOST_FINDINGS, LONGEST = 100, 60


@dataclass(frozen=True)
class Finding:
    """`line` counts from 1; None is the script as a whole. `suggestion` is a sentence, or empty."""

    line: int | None
    severity: str
    code: str
    message: str
    suggestion: str = ""

    def as_json(self) -> dict[str, Any]:
        # Not `asdict`, which copies in depth what is flat here.
        return vars(self).copy()

    def sentence(self, file: str) -> str:
        where = file if self.line is None else f"{file}, line {self.line}"
        return f"{where}: {self.message} {self.suggestion}".rstrip()


def finding(code: str, message: str, line: int | None = None, suggestion: str = "") -> Finding:
    return Finding(line or None, CODES[code][0], code, message, suggestion)


def shown(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def of_misfits(misfits: Iterable[Misfit], version: str, sbatch: str = "sbatch") -> Iterator[Finding]:
    """As many as can be shown: to find the names that are like a wrong one takes its time."""
    return (of_misfit(one, version, sbatch) for one in islice(misfits, MOST_FINDINGS))


def of_misfit(misfit: Misfit, version: str, sbatch: str) -> Finding:
    written = shown(misfit.written)
    message, suggestion = {
        "unknown_option": (f"{sbatch} has no option {written}.", likely(misfit.written, version)),
        "ambiguous_option": (
            f"{written} may mean {', '.join(misfit.alike[:5])}.",
            "Write the option's name in full.",
        ),
        "missing_value": (f"{written} needs a value.", ""),
        "superfluous_value": (f"{written} takes no value.", f"Write {written} alone."),
        "bare_word": (
            f"{written!r} is no option, nor the value of one.",
            "Values with blanks in them need quotes, and optional values are joined: --exclusive=user.",
        ),
    }[misfit.code]
    return finding(misfit.code, message, misfit.line, suggestion)


def likely(written: str, version: str) -> str:
    name = written.lstrip("-")
    if version != ANY and (later := versions_with(name)):
        return f"Slurm {later[0]} has it; this is {version}."
    close = difflib.get_close_matches(name.lower(), table(version).by_name, n=2) if len(name) > 1 else []
    if close:
        return f"Is {' or '.join(f'--{one}' for one in close)} meant?"
    return ""


def takes(name: str, version: str) -> bool:
    option = table(version).by_name.get(name)
    return option is not None and option.kind != FLAG


def bounded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In the order of their lines, what is about the whole script first; errors never lost to a crowd of others."""
    ordered = sorted(findings, key=lambda one: (one.line or 0, (ERROR, WARNING, NOTE).index(one.severity)))
    if len(ordered) <= MOST_FINDINGS:
        return tuple(ordered)
    by_severity = sorted(range(len(ordered)), key=lambda at: (ERROR, WARNING, NOTE).index(ordered[at].severity))
    return tuple(ordered[at] for at in sorted(by_severity[:MOST_FINDINGS]))
