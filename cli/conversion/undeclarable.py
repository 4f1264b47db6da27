"""What trials show of a program that no form can say: a sentence each, with the question and the method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from cli.conversion.exploring import Trials
from cli.conversion.trials import AskedAgain, Trial
from cli.folder import PROGRAM
from cli.plain import shown
from cli.workflow import VARIABLE, same


def reasons_of(trials: Trials) -> Iterator[str]:
    if trials.first.problem and not isinstance(trials.first.problem, AskedAgain):
        yield f"The program fails under default answers: {trials.first.problem}"
        return
    yield from (f"{call} looks at the machine that it runs on." for call in sorted(helpers(trials)))
    yield from about_problems(trials)
    yield from about_abroad(trials)
    yield from about_names(trials)
    yield from about_definitions(trials)
    yield from about_computed(trials)


def helpers(trials: Trials) -> set[str]:
    return set().union(*(trial.helpers for trial in trials.all))


def about_problems(trials: Trials) -> Iterator[str]:
    """Each kind of problem once, with the answers that lead to it where they are few."""
    told: set[str] = set()
    for trial in trials.all:
        if trial.problem is None or str(trial.problem) in told:
            continue
        told.add(str(trial.problem))
        if isinstance(trial.problem, AskedAgain):
            variable = trial.problem.variable
            yield f"{variable}: {where(trial, variable)} asks for it a second time; a form asks once."
        else:
            with_these = f"with {trial.varied} = {shown(trial.wanted[trial.varied])}" if trial.varied else "sometimes"
            yield f"The program fails {with_these}, which no form can say: {trial.problem}"


def about_abroad(trials: Trials) -> Iterator[str]:
    """The same answers, another user and another directory."""
    here, there = trials.first, trials.abroad
    if here.problem or helpers(trials):
        return
    for variable, asked in here.asked.items():
        if variable not in there.asked:
            yield f"{named(here, variable)} is asked only of some users, or in some directories."
        elif keys := different(asked.definition, there.asked[variable].definition):
            yield f"{named(here, variable)}: its {keys} depends on the user, or on the directory, that it is asked in."
    for key in sorted({*here.computed, *there.computed}):
        if not same(here.computed.get(key), there.computed.get(key)):
            yield f"{computed(here, key)} depends on the user, or on the directory, that the program runs in."


def about_names(trials: Trials) -> Iterator[str]:
    for trial in trials.all:
        for variable, asked in trial.asked.items():
            if not VARIABLE.match(variable):
                yield f"{named(trial, variable)}: it is no name of a variable in a form; give letters, digits and _."
            for choice in asked.definition.get("choices", ()):
                if not isinstance(choice["value"], str | int | float):
                    yield f"{named(trial, variable)}: the choice {choice['label']} is no text or number."
            if asked.definition.get("choices") == []:
                yield f"{named(trial, variable)}: there is nothing to choose from."


def about_definitions(trials: Trials) -> Iterator[str]:
    """A question that is not always the same, and on what that depends where one changed answer shows it."""
    first: dict[str, dict[str, Any]] = {}
    for trial in trials.all:
        for variable, asked in trial.asked.items():
            keys = different(asked.definition, first.setdefault(variable, asked.definition))
            if keys:
                cause = cause_of(trials, partial(definition_in, variable))
                yield f"{named(trial, variable)}: its {keys} depends on {cause}."


def about_computed(trials: Trials) -> Iterator[str]:
    asked = {variable for trial in trials.all for variable in trial.asked}
    fine = [trial for trial in trials.all if trial.problem is None]
    for key in sorted({key for trial in fine for key in trial.computed}):
        example = next(trial for trial in fine if key in trial.computed)
        if key in asked:
            yield f"{computed(example, key)} is an answer that the code changes."
        elif not all(key in trial.computed and same(trial.computed[key], example.computed[key]) for trial in fine):
            cause = cause_of(trials, partial(computed_in, key))
            yield f"{computed(example, key)} is computed from {cause}."


def cause_of(trials: Trials, seen: Callable[[Trial], Any]) -> str:
    """The answers of which a change alone changed what is seen; None is nothing seen."""
    return " and ".join(causes_of(trials, seen)) or "answers"


def causes_of(trials: Trials, seen: Callable[[Trial], Any]) -> list[str]:
    causes: dict[str, None] = {}
    for trial in trials.all:
        if trial.parent is None or trial.varied is None or trial.problem or trial.parent.problem:
            continue
        one, other = seen(trial), seen(trial.parent)
        if one is not None and other is not None and not same(one, other):
            causes[trial.varied] = None
    return list(causes)


def definition_in(variable: str, trial: Trial) -> dict[str, Any] | None:
    return trial.asked[variable].definition if variable in trial.asked else None


def computed_in(key: str, trial: Trial) -> list[Any]:
    return [trial.computed[key]] if key in trial.computed else []


def different(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    keys = [key for key in {**one, **other} if not same(one.get(key), other.get(key))]
    return "type" if "type" in keys else " and ".join(keys)


def where(trial: Trial, variable: str) -> str:
    return f"{trial.asked[variable].method} of {PROGRAM}"


def named(trial: Trial, variable: str) -> str:
    return f"{variable} ({where(trial, variable)})"


def computed(trial: Trial, key: str) -> str:
    method = trial.methods.get(key)
    return f"data[{key!r}] ({method} of {PROGRAM})" if method else f"{key} of application_config"
