"""A program run to see what it does: under chosen answers, with nobody at the terminal, and nothing left of it."""

from __future__ import annotations

import copy
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.compatibility import FUNCTIONS
from cli.conversion.branches import Branches
from cli.errors import CliError
from cli.foreign import errors_told, is_theirs
from cli.program import Program, started
from cli.questions import (
    BooleanList,
    Checkbox,
    Confirm,
    Const,
    InvalidAnswer,
    List,
    Number,
    PathQuestion,
    Question,
    Text,
)
from cli.workflow import MOST_CAPTURED_STEPS, changes, default_answer, outcome, without_refused_default

# Whoever runs it, and where, when a trial is meant to find out whether that matters.
STRANGER = {"HOME": "/nonexistent", "USER": "jobbergate-trial", "LOGNAME": "jobbergate-trial"}


class AskedAgain(CliError):
    """One run asks for a variable twice."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"{variable} is asked for more than once")
        self.variable = variable


@dataclass(frozen=True)
class Asked:
    """One question as it was asked: by which method, in which branch, and as which entry of a form."""

    question: Question
    method: str
    branch: tuple[str, bool] | None
    answer: Any
    definition: dict[str, Any]
    refused_default: Any = None


@dataclass
class Trial:
    """What happened under these answers. `varied` is the one in which it differs from `parent`.

    `helpers` are calls that look at the machine, `found` what they found, for all trials of a program.
    """

    wanted: dict[str, Any]
    parent: Trial | None = None
    varied: str | None = None
    asked: dict[str, Asked] = field(default_factory=dict)
    computed: dict[str, Any] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)
    found: dict[str, Any] = field(default_factory=dict)
    problem: CliError | None = None

    @property
    def answers(self) -> dict[str, Any]:
        return {variable: asked.answer for variable, asked in self.asked.items()}

    def run(self, folder: Path) -> Trial:
        with quietly():
            try:
                self.walk(folder.resolve())
            except CliError as problem:
                self.problem = problem
        return self

    def walk(self, folder: Path) -> None:
        with started(folder, watched(folder, self.helpers, self.found)) as program:
            program.walk(lambda step, questions: self.sit(program, step, questions), MOST_CAPTURED_STEPS)
            self.note_computed(program, "__init__")
            self.computed = outcome(program, self.answers).computed

    def sit(self, program: Program, method: str, questions: list[Question]) -> dict[str, Any]:
        self.note_computed(program, method)
        before = set(self.asked)
        with errors_told(program.folder, method, ours_too=False):
            self.take(questions, method, None)
        return {variable: answer for variable, answer in self.answers.items() if variable not in before}

    def note_computed(self, program: Program, method: str) -> None:
        known = program.original["jobbergate_config"] | self.answers
        for name in changes(known, program.data):
            self.methods.setdefault(str(name), method)

    def take(self, questions: list[Question], method: str, branch: tuple[str, bool] | None) -> None:
        for question in questions:
            if question.variablename in self.asked:
                raise AskedAgain(question.variablename)
            live = question.settled(self.answers)
            settled = live if live.ignore else without_refused_default(live)
            answer = self.answer(settled)
            refused = live.default if settled.default is None else None
            self.asked[question.variablename] = Asked(settled, method, branch, answer, definition(settled), refused)
            if isinstance(settled, BooleanList):
                self.take(settled.branch(answer), method, (settled.variablename, answer))

    def answer(self, question: Question) -> Any:
        if question.variablename in self.wanted and alternatives(question):
            return copy.deepcopy(self.wanted[question.variablename])
        return default_answer(question)


def alternatives(question: Question) -> list[Any]:
    """Answers to try: all where there are few, a few that are unlike where there are many; none for what is fixed."""
    if question.ignore or isinstance(question, Const):
        return []
    if isinstance(question, Confirm):
        return [True, False]
    if isinstance(question, List):
        return [option.value for option in question.choices]
    if isinstance(question, Checkbox):
        values = [option.value for option in question.choices]
        return [[], *([value] for value in values), *([values] if len(values) > 1 else [])]
    default = default_answer(question)
    if isinstance(question, Number):
        near = [default, default + 1, default - 1, question.minval, question.maxval]
        return list(dict.fromkeys(one for one in near if one is not None and not question.outside(one)))
    # Digits at the end, so that a text which means a number still means one.
    return [default, f"{default}2", *([""] if question.blank else [])]


def named_in(branches: Branches, question: Question) -> list[Any]:
    """Further answers to a number or a text, out of the program's own text. Nobody knows what it does with a path."""
    if not alternatives(question) or not isinstance(question, Number | Text) or isinstance(question, PathQuestion):
        return []
    found = []
    for value in branches.numbers() if isinstance(question, Number) else branches.texts():
        with suppress(InvalidAnswer):
            found.append(question.typed(value))
    return found


def definition(question: Question) -> dict[str, Any]:
    """The question as an entry of a form, without those that hang on it."""
    if question.ignore or isinstance(question, Const):
        form = {"variable": question.variablename, "type": "constant", "message": str(question.message)}
        return form | ({} if question.default is None else {"default": question.to_form()["default"]})
    alone = copy.copy(question)
    if isinstance(alone, BooleanList):
        alone.whentrue, alone.whenfalse = [], []
    return alone.to_form()


def watched(folder: Path, called: set[str], found: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """The helpers that look at the machine; each call is noted with the line that makes it.

    What they find is kept for all trials: Slurm is not to be asked some hundred times.
    """

    def watch(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            lines = [frame for frame in traceback.extract_stack() if is_theirs(frame.filename, folder)]
            at = f" ({Path(lines[-1].filename).relative_to(folder)}, line {lines[-1].lineno})" if lines else ""
            called.add(f"{name}{at}")
            asked = f"{name} {args!r} {options!r}"
            if asked not in found:
                found[asked] = function(*args, **options)
            return list(found[asked])

        return call

    return {name: watch(name, function) for name, function in FUNCTIONS.items()}


@contextmanager
def quietly() -> Iterator[None]:
    """What it prints a hundred times nobody reads; and nobody is there to answer its own prompts."""
    sys.stderr.flush()
    kept, stdin, nothing = os.dup(2), sys.stdin, os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        sys.stdin = io.StringIO()
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        sys.stdin = stdin
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@contextmanager
def elsewhere() -> Iterator[None]:
    """Another user in another, empty directory, as far as a program looks."""
    place, before = Path.cwd(), dict(os.environ)
    with TemporaryDirectory(prefix="jobbergate-") as name:
        try:
            os.chdir(name)
            os.environ.update(STRANGER)
            yield
        finally:
            os.chdir(place)
            os.environ.clear()
            os.environ.update(before)


def described(wanted: Mapping[str, Any]) -> str:
    from cli.plain import shown

    return ", ".join(f"{variable} = {shown(value)}" for variable, value in wanted.items()) or "its default answers"
