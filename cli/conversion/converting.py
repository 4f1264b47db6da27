"""From somebody's `jobbergate.py` to the questions that say the same as data, where there are such.

The program is run many times: first with one answer after another changed, then under random answers. What it asks and
computes gives a form, and the form has to foretell what the program does under answers that it was not made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.conversion.config_text import Pair
from cli.conversion.deriving import (
    FINITE,
    Condition,
    Feature,
    NoCondition,
    NoOrder,
    features,
    holds,
    learn,
    ordered,
    token,
)
from cli.conversion.deriving import as_json as condition_as_json
from cli.conversion.exploring import Trials
from cli.conversion.trials import described
from cli.conversion.undeclarable import causes_of, named, reasons_of
from cli.errors import CliError
from cli.folder import PROGRAM
from cli.plain import shown
from cli.program import NEXT, read_config
from cli.workflow import same

# Keys of jobbergate_config that the server looks for there, and nowhere else.
CONFIGURATION = frozenset({
    "default_template", "template_files", "supporting_files", "supporting_files_output_name", "verbatim_files",
    "output_directory", "job_script_name", "undefined",
})  # fmt: skip


class NotConvertible(CliError):
    """What the program does cannot be declared; a line for each reason."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join([f"{PROGRAM} has no declarative equivalent:", *(f"- {one}" for one in reasons)]))
        self.reasons = list(reasons)


@dataclass(frozen=True)
class Conversion:
    """The sections of a declarative jobbergate.yaml, and what its author should know."""

    sections: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def convert(folder: Path) -> Conversion:
    """Runs the folder's program some hundred times. Raises NotConvertible, or CliError where it fails at once."""
    trials = Trials(folder)
    if trials.first.problem is None:
        trials.explore()
    refuse(reasons_of(trials))
    form = Form.of(trials)
    refuse(foretold_wrongly(form, trials))
    return conversion(folder, form, trials)


def refuse(reasons: Iterable[str]) -> None:
    if found := list(dict.fromkeys(reasons)):
        raise NotConvertible(found)


# --- the form ---------------------------------------------------------------------------------------------------------


@dataclass
class Entry:
    """One question of the form. `nested` are those in its branches; their condition is the branch."""

    definition: dict[str, Any]
    condition: Condition
    branches: set[tuple[str, bool] | None]
    nested: list[Entry] = field(default_factory=list)

    @property
    def variable(self) -> str:
        return str(self.definition["variable"])

    def is_just(self, parent: str, branch: bool) -> bool:
        """Asked in this branch and nowhere else, and whenever the branch is taken."""
        if self.branches != {(parent, branch)} or len(self.condition) != 1:
            return False
        term = self.condition[0]
        return term.feature.variable == parent and term.accepted == {token(branch)}

    def flat(self) -> Iterator[Entry]:
        yield self
        for entry in self.nested:
            yield from entry.flat()

    def as_json(self) -> dict[str, Any]:
        form = written(self.definition)
        if form["type"] != "boolean_list":
            return form
        for key, branch in (("when_true", True), ("when_false", False)):
            if inner := [entry.as_json() for entry in self.nested if (self.variable, branch) in entry.branches]:
                form[key] = inner
        return form if self.nested else {**form, "type": "boolean"}


@dataclass
class Form:
    entries: list[Entry]

    @classmethod
    def of(cls, trials: Trials) -> Form:
        """Raises NotConvertible where no condition explains when a question is asked."""
        try:
            order = ordered([list(trial.asked) for trial in trials.all])
        except NoOrder as problem:
            raise NotConvertible([f"{problem}: they are asked in an order that depends on answers."]) from None
        entries: dict[str, Entry] = {}
        reasons: list[str] = []
        for variable in order:
            known = [feature for entry in entries.values() for feature in features(entry.definition)]
            try:
                entries[variable] = entry_of(trials, variable, known)
            except NoCondition:
                reasons.append(unexplained(trials, variable))
        refuse(reasons)
        return cls(nest(list(entries.values())))

    def flat(self) -> Iterator[Entry]:
        for entry in self.entries:
            yield from entry.flat()

    def asks(self, answers: Mapping[str, Any]) -> list[str]:
        """Which variables it asks for if these are the answers of those that it asks for."""
        asked: dict[str, Any] = {}
        for entry in self.flat():
            if holds(entry.condition, asked):
                asked[entry.variable] = answers.get(entry.variable)
        return list(asked)


def entry_of(trials: Trials, variable: str, known: Sequence[Feature]) -> Entry:
    asked = [trial for trial in trials.all if variable in trial.asked]
    unasked = [trial.answers for trial in trials.all if variable not in trial.asked]
    branches = {trial.asked[variable].branch for trial in asked}
    parent = next((branch[0] for branch in branches if branch), None)
    condition = learn([trial.answers for trial in asked], unasked, known, parent)
    return Entry(asked[0].asked[variable].definition, condition, branches)


def unexplained(trials: Trials, variable: str) -> str:
    trial = next(trial for trial in trials.all if variable in trial.asked)
    causes = causes_of(trials, lambda one: variable in one.asked)
    kinds = {one.asked[name].definition["type"] for one in trials.all for name in causes if name in one.asked}
    hint = "" if kinds <= set(FINITE) else "; a form can ask that only of yes or no, and of choices"
    depends = " and ".join(causes) or "several answers at once"
    return f"{named(trial, variable)}: whether it is asked depends on {depends}{hint}."


def nest(entries: list[Entry]) -> list[Entry]:
    """Questions of branches below their BooleanList, where the whole of it can be written so."""
    inside = {entry.variable for entry in entries if None not in entry.branches}
    top: list[Entry] = []
    for entry in entries:
        if entry.variable in inside:
            continue
        family = below(entry.variable, entries)
        if all(any(child.is_just(*branch) for branch in child.branches if branch) for child in family):
            attach([entry, *family])
            top.append(entry)
        else:
            top += [entry, *family]
    # Those of two lists, or of a list and of none, stand where their order says.
    place = {entry.variable: number for number, entry in enumerate(entries)}
    return sorted({entry.variable: entry for entry in top}.values(), key=lambda entry: place[entry.variable])


def below(variable: str, entries: Sequence[Entry]) -> list[Entry]:
    """Every question that is asked in a branch of this one, or of one of those."""
    found = {variable}
    for entry in entries:
        if any(branch and branch[0] in found for branch in entry.branches):
            found.add(entry.variable)
    return [entry for entry in entries if entry.variable in found - {variable}]


def attach(family: Sequence[Entry]) -> None:
    by_variable = {entry.variable: entry for entry in family}
    for entry in family[1:]:
        ((parent, _),) = [branch for branch in entry.branches if branch]
        by_variable[parent].nested.append(entry)


def foretold_wrongly(form: Form, trials: Trials) -> Iterator[str]:
    """Where the form and the program part, under answers that the form was not made from too."""
    definitions = {entry.variable: entry.definition for entry in form.flat()}
    for trial in (*trials.all, *trials.others()):
        if trial.problem:
            yield f"The program fails with {described(trial.wanted)}: {trial.problem}"
        elif form.asks(trial.answers) != list(trial.asked):
            yield f"Which questions are asked, or when, depends on several answers at once: {described(trial.answers)}."
        elif wrong := [one for one in trial.asked if not same(trial.asked[one].definition, definitions[one])]:
            yield f"{named(trial, wrong[0])} changes with several answers at once: {described(trial.answers)}."
        elif not same(trial.computed, trials.first.computed):
            yield f"What is computed depends on several answers at once: {described(trial.answers)}."
        else:
            continue
        return


# --- what is written --------------------------------------------------------------------------------------------------


def written(definition: Mapping[str, Any]) -> dict[str, Any]:
    """As a person writes it: choices as values, or as label and value; nothing that goes without saying."""
    question = dict(definition)
    if question["message"] == question["variable"]:
        del question["message"]
    if "choices" in question:
        question["choices"] = [
            choice["value"] if choice["label"] == str(choice["value"]) else Pair([choice["label"], choice["value"]])
            for choice in question["choices"]
        ]
    return question


def questions_of(form: Form) -> list[dict[str, Any]]:
    return [
        entry.as_json() | ({"when": condition_as_json(entry.condition)} if entry.condition else {})
        for entry in form.entries
    ]


def conversion(folder: Path, form: Form, trials: Trials) -> Conversion:
    config = read_config(folder)
    there, constants = config["jobbergate_config"], trials.first.computed
    for key, value in constants.items():
        section = "jobbergate_config" if key in there or key in CONFIGURATION else "application_config"
        config[section][key] = value
    # A hole in a script of a program is a warning, and so it stays.
    there.setdefault("undefined", "warn")
    return Conversion({**config, "questions": questions_of(form)}, list(notes(trials)), list(unproved(form, trials)))


def unproved(form: Form, trials: Trials) -> Iterator[str]:
    """Numbers and texts that a condition reads: not every one of them could be tried."""
    for entry in form.flat():
        kind, place = entry.definition["type"], trials.branches.read.get(entry.variable)
        if place and kind not in (*FINITE, "constant"):
            yield (
                f"{entry.variable} is read in a condition ({place}). No value that was tried changed what is asked or "
                f"computed, but that does not prove that none does; read it."
            )


def notes(trials: Trials) -> Iterator[str]:
    asked = {variable: one for trial in trials.all for variable, one in trial.asked.items()}
    for variable, one in asked.items():
        if one.refused_default is not None:
            yield f"{variable}: its default {shown(one.refused_default)} is dropped; it would be refused."
    if trials.first.computed:
        yield f"What {PROGRAM} always computes is in the configuration now: {', '.join(sorted(trials.first.computed))}."
    if NEXT in asked:
        yield f"{NEXT} is asked for as a question like any other."
