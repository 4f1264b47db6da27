"""A form: the questions that a person is asked, as data, and the same rules for the answers, whoever sends them.

`Form.validate` gives typed answers, or raises InvalidAnswers with a sentence for each variable: what was given, and
what is accepted.
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from applications.questions import InvalidForm, Question, Unacceptable, read_questions
from jobbergate.core.errors import DomainError

Answers = dict[str, Any]

MAX_QUESTIONS = 500


class InvalidAnswers(DomainError):
    """Answers that the form does not accept."""

    code = "invalid_answers"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences), errors)


@dataclass(frozen=True)
class Form:
    questions: tuple[Question, ...]
    captured: bool = False
    multi_step: bool = False
    by_variable: dict[str, Question] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for question in every(self.questions):
            # A captured form may ask for a variable again in a later step: the first one stands for it.
            if question.variable in self.by_variable and not self.captured:
                raise InvalidForm(f"{question.variable} is asked for twice.")
            self.by_variable.setdefault(question.variable, question)
        if len(self.by_variable) > MAX_QUESTIONS:
            raise InvalidForm(f"there are more than {MAX_QUESTIONS} questions.")

    @classmethod
    def declared(cls, value: Any) -> "Form":
        return cls(read_questions(value, ()))

    @classmethod
    def from_json(cls, value: Any) -> "Form":
        """A form that the client captured from a `jobbergate.py`."""
        if not isinstance(value, dict) or not isinstance(value.get("questions"), list):
            raise InvalidForm("a form is a mapping with a list of questions.")
        return cls(read_questions(value["questions"], ()), captured=True, multi_step=value.get("multi_step") is True)

    def as_json(self) -> dict[str, Any]:
        questions = [question.as_json() for question in self.questions]
        return {"captured": self.captured, "multi_step": self.multi_step, "questions": questions}

    def validate(self, given: Mapping[str, Any]) -> Answers:
        """All answers, typed, with defaults and constants; raises InvalidAnswers with everything that is wrong."""
        errors: dict[str, list[str]] = {}
        answers = dict(self.answers(self.questions, given, errors))
        for name in given.keys() - answers.keys() - errors.keys():
            if (problem := self.not_asked(name)) is None:
                answers[name] = given[name]
            else:
                errors[name] = [problem]
        if errors:
            raise InvalidAnswers({name: errors[name] for name in sorted(errors)})
        return answers

    def answers(
        self, questions: Sequence[Question], given: Mapping[str, Any], errors: dict[str, list[str]]
    ) -> Iterator[tuple[str, Any]]:
        for question in questions:
            try:
                value = self.answer(question, given)
            except Unacceptable as refusal:
                errors[question.variable] = [sentence(question.variable, given, refusal)]
                continue
            yield question.variable, value
            if question.type == "boolean_list":
                branch = question.when_true if value else question.when_false
                yield from self.answers(branch, given, errors)

    def answer(self, question: Question, given: Mapping[str, Any]) -> Any:
        if question.variable in given and not (given[question.variable] is None and not question.required):
            # A program's constant is only its suggestion: a supplied answer wins over it.
            free = self.captured and question.type == "constant"
            return given[question.variable] if free else question.check(given[question.variable])
        if question.default is not None or question.type == "constant":
            return question.default
        if not question.required:
            return question.blank()
        question.check(None)
        raise Unacceptable("give a value")

    def not_asked(self, name: str) -> str | None:
        """What is wrong with an answer that no question took; None where a program may take it all the same."""
        if self.captured:
            return None
        if name in self.by_variable:
            return f"{name}: it is not asked for, given the other answers; leave it out."
        close = difflib.get_close_matches(name, self.by_variable, n=3)
        meant = f" Is {' or '.join(close)} meant?" if close else f" Known are: {', '.join(self.by_variable)}."
        return f"{name}: no question asks for it.{meant}"


def sentence(variable: str, given: Mapping[str, Any], refusal: Unacceptable) -> str:
    if variable not in given:
        return f"{variable}: an answer is missing; {refusal}."
    shown = json.dumps(given[variable], ensure_ascii=False, default=str)
    return f"{variable}: {shown if len(shown) <= 80 else shown[:80] + '…'} is not accepted; {refusal}."


def every(questions: Sequence[Question]) -> Iterator[Question]:
    for question in questions:
        yield question
        yield from every(question.children())
