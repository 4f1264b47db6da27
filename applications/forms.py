"""A form: the questions that a person is asked, as data, and the same rules for the answers, whoever sends them.

`Form.validate` gives typed answers, or raises InvalidAnswers with a sentence for each variable: what was given, and
what is accepted.
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from applications.conditions import Condition, every
from applications.questions import InvalidForm, Question, Unacceptable
from applications.reading import Reader, Section
from jobbergate.core.errors import DomainError

Answers = dict[str, Any]

MAX_QUESTIONS, MAX_CONDITIONS = 500, 20_000
# Finding the name that was meant is slow: of hundreds of wrong and long ones it would take minutes.
MAX_EXPLAINED, MAX_COMPARED = 10, 64
MAX_SHOWN = 80


class InvalidAnswers(DomainError):
    """Answers that the form does not accept."""

    code = "invalid_answers"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences), errors)


@dataclass(frozen=True)
class Asked:
    """One question, and when it is asked: its own condition, its section's, and the branches that it is in."""

    question: Question
    when: Condition | None


@dataclass(frozen=True)
class Form:
    questions: tuple[Question, ...]
    captured: bool = False
    multi_step: bool = False
    sections: tuple[Section, ...] = ()
    # Every question, each before those that hang on its answer.
    asked: tuple[Asked, ...] = field(init=False, repr=False, compare=False, default=())
    by_variable: dict[str, Asked] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "asked", tuple(flattened(self.questions, None)))
        for asked in self.asked:
            # A captured form may ask for a variable again in a later step: the first one stands for it.
            if asked.question.variable in self.by_variable and not self.captured:
                raise InvalidForm(f"{asked.question.variable} is asked for twice.")
            self.by_variable.setdefault(asked.question.variable, asked)
        if len(self.by_variable) > MAX_QUESTIONS:
            raise InvalidForm(f"there are more than {MAX_QUESTIONS} questions.")
        # A section's condition is said again for each of its questions, and a branch's too.
        if sum(asked.when.size for asked in self.asked if asked.when is not None) > MAX_CONDITIONS:
            raise InvalidForm(
                f"the conditions of all questions, with those of their sections and branches, have more than "
                f"{MAX_CONDITIONS} parts."
            )

    @classmethod
    def declared(cls, value: Any, strict: bool = False) -> "Form":
        """The form of a `questions` section; `strict` when it is published."""
        reader = Reader(strict)
        questions = reader.questions(value)
        return cls(questions, sections=tuple(reader.sections.values()))

    @classmethod
    def from_json(cls, value: Any) -> "Form":
        """A form that the client captured from a `jobbergate.py`."""
        if not isinstance(value, dict) or not isinstance(value.get("questions"), list):
            raise InvalidForm("a form is a mapping with a list of questions.")
        questions = Reader().questions(value["questions"])
        return cls(questions, captured=True, multi_step=value.get("multi_step") is True)

    def as_json(self) -> dict[str, Any]:
        questions = [question.as_json() for question in self.questions]
        sections = {"sections": [section.as_json() for section in self.sections]} if self.sections else {}
        return {"captured": self.captured, "multi_step": self.multi_step, **sections, "questions": questions}

    def validate(self, given: Mapping[str, Any]) -> Answers:
        """All answers, typed, with defaults and constants; raises InvalidAnswers with everything that is wrong."""
        answers: Answers = {}
        errors: dict[str, list[str]] = {}
        for asked in self.asked:
            question = asked.question
            if asked.when is None or asked.when.holds(answers):
                try:
                    answers[question.variable] = self.answer(question, given)
                except Unacceptable as refusal:
                    errors[question.variable] = [sentence(question.variable, given, refusal)]
        for name in given.keys() - answers.keys() - errors.keys():
            if self.captured:
                answers[name] = given[name]  # A program may take what no question asks for.
            elif name not in self.by_variable:
                told = len(errors) < MAX_EXPLAINED
                errors[name] = [self.unknown(name) if told else f"{name}: no question asks for it."]
        # Whether a question is hidden is known only when the answers that it hangs on are.
        if not errors:
            errors = {name: [self.hidden(name, given)] for name in given.keys() - answers.keys()}
        if errors:
            raise InvalidAnswers({name: errors[name] for name in sorted(errors)})
        return answers

    def answer(self, question: Question, given: Mapping[str, Any]) -> Any:
        if question.variable in given:
            # A program's constant is only its suggestion: a supplied answer wins over it.
            free = self.captured and question.type == "constant"
            return given[question.variable] if free else question.check(given[question.variable])
        if question.default is not None or question.type == "constant":
            return question.default
        if not question.required:
            return question.blank()
        question.check(None)
        raise Unacceptable("give a value")

    def carried(self, stored: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[Answers, list[str]]:
        """Stored answers with the changes over them, for `validate`; and which of the stored ones are asked no more."""
        given: Answers = dict(changes)
        answers: Answers = {}
        for asked in self.asked:
            variable = asked.question.variable
            if asked.when is None or asked.when.holds(answers):
                if variable in stored:
                    given.setdefault(variable, stored[variable])
                with suppress(Unacceptable):
                    answers[variable] = self.answer(asked.question, given)
        if self.captured:
            # A program may take what no question asks for.
            return {**stored, **given}, []
        return given, [variable for variable in stored if variable not in given]

    def unknown(self, name: str) -> str:
        close = difflib.get_close_matches(name, self.by_variable, n=3) if len(name) <= MAX_COMPARED else []
        meant = f" Is {' or '.join(close)} meant?" if close else f" Known are: {', '.join(self.by_variable)}."
        return f"{name}: no question asks for it.{meant}"

    def hidden(self, name: str, given: Mapping[str, Any]) -> str:
        when = self.by_variable[name].when
        return f"{name}: {shown(given[name])} is not accepted; it is asked for only when {when}, so leave it out."


def flattened(questions: Sequence[Question], within: Condition | None) -> Iterator[Asked]:
    for question in questions:
        when = every(within, question.when)
        yield Asked(question, when)
        for value, branch in ((True, question.when_true), (False, question.when_false)):
            if branch:
                yield from flattened(branch, every(when, Condition("is", question.variable, value)))


def sentence(variable: str, given: Mapping[str, Any], refusal: Unacceptable) -> str:
    if variable not in given:
        return f"{variable}: an answer is missing; {refusal}."
    return f"{variable}: {shown(given[variable])} is not accepted; {refusal}."


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
