"""What is asked by somebody's `jobbergate.py`, and what comes of the answers: run for a job script, or for its form."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.answers import guessed
from cli.asking import Asker, answer
from cli.errors import CliError
from cli.foreign import errors_told
from cli.plain import plain
from cli.program import Program, started
from cli.questions import BooleanList, Const, InvalidAnswer, List, Number, Question

MOST_STEPS = 1000
MOST_CAPTURED_STEPS = 50
# What a form may call a variable; `data` is the templates' name for all of them.
VARIABLE = re.compile(r"(?!data\Z)[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class Outcome:
    """What a run gave, all in JSON's types.

    `computed` is what the code put into `data` beyond its yaml and the answers, `config` its final jobbergate_config.
    """

    answers: dict[str, Any]
    computed: dict[str, Any]
    config: dict[str, Any]


def run_application(folder: Path, supplied: Mapping[str, Any], *, fast: bool, asker: Asker) -> Outcome:
    """Raises CliError, with the application's own file and line where its code failed."""
    answers = {name: guessed(value) for name, value in supplied.items()}
    with started(folder) as program:
        program.data.update(answers)

        def sit(step: str, questions: list[Question]) -> dict[str, Any]:
            with errors_told(program.folder, step, ours_too=False):
                found = answer(questions, supplied, fast=fast, asker=asker, known=answers)
            answers.update(found)
            return found

        program.walk(sit, MOST_STEPS)
        return outcome(program, answers)


def outcome(program: Program, answers: dict[str, Any]) -> Outcome:
    try:
        return told(program, answers)
    except RecursionError:
        raise CliError("What the code put into data contains itself, or is nested too deeply for JSON.") from None


def told(program: Program, answers: dict[str, Any]) -> Outcome:
    config = dict(program.data)
    changed = changes(program.original["jobbergate_config"] | answers, config)
    changed_config = changes(program.original["application_config"], program.application_config)
    changed |= {name: value for name, value in changed_config.items() if name not in config}
    return Outcome(in_json(answers), in_json(changed), in_json(config))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if name not in before or not same(before[name], value)}


def same(one: Any, other: Any) -> bool:
    # repr tells 1 from True and from 1.0, in lists and mappings too.
    return type(one) is type(other) and bool(one == other) and repr(one) == repr(other)


def in_json(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): plain(value, f"data[{name!r}]") for name, value in values.items()}


def capture_form(folder: Path) -> dict[str, Any]:
    """The form that the application shows under default answers.

    Code that fails, or does not end, under answers that nobody would give still shows the questions of its first steps.
    """
    capture = Capture()
    with started(folder) as program:
        try:
            program.walk(capture.sit_in(program.folder), MOST_CAPTURED_STEPS)
        except CliError:
            if not capture.steps:
                raise
            capture.multi_step = True
    return {"captured": True, "multi_step": capture.multi_step, "questions": capture.questions}


@dataclass
class Capture:
    """Takes down the questions of each step, and gives the answers of somebody who presses Enter."""

    questions: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    steps: int = 0
    multi_step: bool = False

    def sit_in(self, folder: Path) -> Any:
        def sit(step: str, questions: list[Question]) -> dict[str, Any]:
            self.multi_step = self.steps > 0
            with errors_told(folder, step, ours_too=False):
                found = self.take(questions)
            self.steps += 1
            return found

        return sit

    def take(self, questions: Iterable[Question]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for question in questions:
            settled = settled_whole(question, self.answers)
            self.questions += self.forms([settled])
            for one in reached(settled):
                found[one.variablename] = self.answers[one.variablename] = default_answer(one)
        return found

    def forms(self, questions: Iterable[Question]) -> Iterator[dict[str, Any]]:
        """The first question for a variable stands for all of them."""
        for question in questions:
            if question.variablename in self.seen or not VARIABLE.match(question.variablename):
                continue
            self.seen.add(question.variablename)
            form = lenient(question.to_form())
            if isinstance(question, BooleanList):
                branches = {"when_true": question.whentrue, "when_false": question.whenfalse}
                form |= {key: list(self.forms(branch)) for key, branch in branches.items() if branch}
            yield form


def settled_whole(question: Question, answers: Mapping[str, Any]) -> Question:
    """The question and all below it as they stand after these answers, without defaults that they refuse themselves."""
    settled = without_refused_default(question.settled(answers))
    if isinstance(settled, BooleanList):
        settled.whentrue, settled.whenfalse = (
            [settled_whole(one, answers) for one in branch] for branch in (settled.whentrue, settled.whenfalse)
        )
    return settled


def without_refused_default(question: Question) -> Question:
    question = copy.copy(question)
    try:
        question.default = None if question.default is None else question.typed(question.default)
    except InvalidAnswer:
        question.default = None
    return question


def reached(question: Question) -> Iterator[Question]:
    yield question
    if isinstance(question, BooleanList):
        for one in question.branch(default_answer(question)):
            yield from reached(one)


def default_answer(question: Question) -> Any:
    if question.default is not None or question.ignore or isinstance(question, Const):
        return question.default
    if isinstance(question, Number):
        lowest = 0 if question.minval is None else question.minval
        return lowest if question.maxval is None else min(lowest, question.maxval)
    if isinstance(question, List) and question.choices:
        return question.choices[0].value
    return question.empty()


def lenient(form: dict[str, Any]) -> dict[str, Any]:
    """Old folders accept blanks; and what could be chosen on the publisher's machine alone can only be typed."""
    if "choices" in form:
        form["choices"] = [item for item in form["choices"] if isinstance(item["value"], str | int | float)]
    if form.get("choices") == []:
        form = {"variable": form["variable"], "type": "text", "message": form["message"]}
    if form["type"] in ("text", "file", "directory"):
        form["required"] = False
    return form
