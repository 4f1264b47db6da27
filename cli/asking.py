"""From questions to answers: what was supplied is checked, defaults are taken, and the rest is asked."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cli.answers import guessed, read_answers
from cli.conditions import Condition, described, holds
from cli.errors import CliError
from cli.plain import shown
from cli.questions import BooleanList, Const, InvalidAnswer, Question, flattened, question_from_form

__all__ = ["Asker", "AsksOnce", "NobodyToAsk", "TerminalAsker", "Unanswered", "answer", "answer_form", "read_answers"]


class Unanswered(CliError):
    """A question has no answer, and nobody is there to give one."""

    def __init__(self, question: Question) -> None:
        super().__init__(f"{question.variablename}: an answer is missing; give {question.accepted}.")
        self.question = question


class Missing(CliError):
    """Nothing is wrong, but questions are left that nobody is there to answer."""

    def __init__(self, text: str, variables: list[str]) -> None:
        super().__init__(text)
        self.variables = variables


class Asker(Protocol):
    def ask(self, question: Question) -> Any:
        """An answer that the question accepts."""


class TerminalAsker:
    """Asks the person at the terminal, each section under its heading. Ctrl-C is click.Abort."""

    def __init__(self, sections: Sequence[Mapping[str, str]] = ()) -> None:
        self.helps = {section["title"]: section.get("help", "") for section in sections}
        self.section = ""

    def ask(self, question: Question) -> Any:
        from cli.prompts import head, prompt

        if question.section and question.section != self.section:
            self.section = question.section
            head(self.section, self.helps.get(self.section, ""))
        return prompt(question)


class AsksOnce:
    """Asks another asker, and gives its answer again wherever the same question takes it."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.answers: dict[str, Any] = {}

    def ask(self, question: Question) -> Any:
        name = question.variablename
        if name in self.answers:
            try:
                return question.check(self.answers[name])
            except InvalidAnswer:
                pass  # Of another point it is another question.
        self.answers[name] = self.asker.ask(question)
        return self.answers[name]


class NobodyToAsk:
    """Stands where nobody can answer: what needs no answer is left out, everything else is missing."""

    def ask(self, question: Question) -> Any:
        if question.required or question.default is not None:
            raise Unanswered(question)
        return question.empty()


def answer(
    questions: Sequence[Question],
    supplied: Mapping[str, Any],
    *,
    fast: bool,
    asker: Asker,
    known: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The answers to these questions and to those that hang on them; `known` are earlier ones, for live questions.

    Everything that is wrong or missing is one CliError; what is known to be wrong is told before anything is asked.
    """
    return Sitting(supplied, fast, asker, dict(known or {})).run(questions)


def answer_form(form: Mapping[str, Any], supplied: Mapping[str, Any], *, fast: bool, asker: Asker) -> dict[str, Any]:
    """The answers to a declarative form, which takes no others."""
    questions = [question_from_form(question) for question in form["questions"]]
    known = [question.variablename for question in flattened(questions)]
    unknown = [unasked(name, known) for name in supplied if name not in known]
    sitting = Sitting(supplied, fast, asker, {}, problems=unknown)
    answers = sitting.run(questions)
    sitting.refuse_hidden(questions)
    return answers


def unasked(name: str, known: list[str]) -> CliError:
    close = difflib.get_close_matches(name, known, n=3)
    if close:
        return CliError(f"{name}: no question asks for it; is {' or '.join(close)} meant?")
    return CliError(f"{name}: no question asks for it; there are {', '.join(known) or 'no questions'}.")


@dataclass
class Sitting:
    """One list of questions on its way to answers."""

    supplied: Mapping[str, Any]
    fast: bool
    asker: Asker
    known: dict[str, Any]
    answers: dict[str, Any] = field(default_factory=dict)
    problems: list[CliError] = field(default_factory=list)

    def run(self, questions: Sequence[Question]) -> dict[str, Any]:
        if self.somebody_there:
            self.check_supplied(questions)
            self.raise_problems()
        self.take(questions)
        self.raise_problems()
        return self.answers

    @property
    def somebody_there(self) -> bool:
        return not isinstance(self.asker, NobodyToAsk)

    def check_supplied(self, questions: Sequence[Question]) -> None:
        """Nobody wants to answer ten questions, and to hear then that `-a` was wrong."""
        for question in questions:
            if question.variablename in self.supplied and not question.waits_for_answers:
                self.attempt(self.check_one, question)

    def check_one(self, question: Question) -> None:
        value = question.check(self.supplied[question.variablename])
        if isinstance(question, BooleanList):
            self.check_supplied(question.branch(value))

    def attempt(self, act: Callable[[Question], None], question: Question) -> None:
        try:
            act(question)
        except (InvalidAnswer, Unanswered) as problem:
            self.problems.append(problem)

    def take(self, questions: Sequence[Question]) -> None:
        for question in questions:
            if question.when is None or holds(question.when, self.answers):
                self.attempt(self.take_one, question.settled({**self.supplied, **self.known, **self.answers}))
            if self.somebody_there:
                self.raise_problems()

    def take_one(self, question: Question) -> None:
        value = self.answers[question.variablename] = self.value_of(question)
        if isinstance(question, BooleanList):
            self.take(question.branch(value))

    def value_of(self, question: Question) -> Any:
        if question.variablename in self.supplied:
            return guessed(question.check(self.supplied[question.variablename]))
        if question.ignore or isinstance(question, Const):
            return question.default
        if self.fast and question.default is not None:
            return question.check(question.default)
        return self.asker.ask(question)

    def refuse_hidden(self, questions: Sequence[Question]) -> None:
        """An answer to a form's question that is not asked would be lost without a word."""
        for name, when in conditions(questions):
            if name in self.supplied and name not in self.answers:
                self.problems.append(Hidden(name, self.supplied[name], when))
        self.raise_problems()

    def raise_problems(self) -> None:
        missing = [problem.question for problem in self.problems if isinstance(problem, Unanswered)]
        wrong = [str(problem) for problem in self.problems if not isinstance(problem, Unanswered)]
        lines = [*wrong, *([about_missing(missing)] if missing else [])]
        if missing and not wrong:
            raise Missing(lines[0], [question.variablename for question in missing])
        if lines:
            raise CliError("\n".join(lines))


class Hidden(CliError):
    """An answer to a question that is not asked, given the other answers."""

    def __init__(self, name: str, given: Any, when: Condition) -> None:
        super().__init__(
            f"{name}: {shown(given)} is not accepted; it is asked for only when {described(when)}, so leave it out."
        )


def conditions(questions: Sequence[Question], within: Sequence[Condition] = ()) -> Iterator[tuple[str, Condition]]:
    """When each question is asked that is not always: its own condition, and the branches that it is in."""
    for question in questions:
        parts = [*within, *([question.when] if question.when else [])]
        if parts:
            yield question.variablename, {"all": parts} if len(parts) > 1 else parts[0]
        if isinstance(question, BooleanList):
            for value in (True, False):
                branch = {"variable": question.variablename, "is": value}
                yield from conditions(question.branch(value), [*parts, branch])


def about_missing(questions: list[Question]) -> str:
    listed = ", ".join(f"{question.variablename} ({question.accepted})" for question in questions)
    have = "has" if len(questions) == 1 else "have"
    defaults = [question.variablename for question in questions if question.default is not None]
    hint = f"; --fast takes the default of {', '.join(defaults)}" if defaults else ""
    return f"{listed} {have} no answer, and nobody can be asked: use -a NAME=VALUE or --answers FILE{hint}."
