"""From what trials of a program asked to the questions of a form: their order, and the condition of each. Pure.

A condition is learned as a rectangle: every one of some earlier answers is one of some values. That is all that old
folders do, and more than one answer can be a sign that a program knows something that a form does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cli.errors import CliError

UNASKED = ""
BOOLEAN = ("boolean", "boolean_list")
FINITE = (*BOOLEAN, "choice", "multiple_choice")

Answers = Mapping[str, Any]


class NoOrder(CliError):
    """Two questions are asked now in one order, now in the other."""


class NoCondition(CliError):
    """Nothing simple about earlier answers says whether a question is asked."""


@dataclass(frozen=True)
class Feature:
    """What can be told of one answer: a yes or no, a choice, or whether one option of several is chosen."""

    variable: str
    values: tuple[str, ...]
    option: Any = None
    of_many: bool = False
    yes_or_no: bool = False

    def of(self, answers: Answers) -> str:
        if self.of_many:
            # As in a form's conditions, an unasked question contains nothing.
            return token(any(token(one) == token(self.option) for one in answers.get(self.variable, ())))
        return token(answers[self.variable]) if self.variable in answers else UNASKED


@dataclass(frozen=True)
class Term:
    """One answer is one of these."""

    feature: Feature
    accepted: frozenset[str]

    def holds(self, answers: Answers) -> bool:
        return self.feature.of(answers) in self.accepted

    @property
    def tells_answer(self) -> bool:
        """And not only whether the question was asked."""
        return UNASKED not in self.accepted and not self.accepted.issuperset(self.feature.values)

    def as_json(self) -> Any:
        if UNASKED in self.accepted:
            return {"not": self.one_of([value for value in self.feature.values if value not in self.accepted])}
        return self.one_of([value for value in self.feature.values if value in self.accepted])

    def one_of(self, tokens: Sequence[str]) -> Any:
        variable = self.feature.variable
        if self.feature.of_many:
            contains = {"variable": variable, "contains": self.feature.option}
            return contains if tokens == [token(True)] else {"not": contains}
        values = [json.loads(value) for value in tokens]
        if not self.feature.yes_or_no:
            return {"variable": variable, **({"in": values} if len(values) > 1 else {"equals": values[0]})}
        parts = [variable if value else {"variable": variable, "is": False} for value in values]
        return parts[0] if len(parts) == 1 else {"any": parts}


# All of its terms; always true without any.
Condition = tuple[Term, ...]


def holds(condition: Condition, answers: Answers) -> bool:
    return all(term.holds(answers) for term in condition)


def as_json(condition: Condition) -> Any:
    return condition[0].as_json() if len(condition) == 1 else {"all": [term.as_json() for term in condition]}


def token(value: Any) -> str:
    """JSON tells 1, 1.0, true and "1" from each other, which Python's equality does not."""
    return json.dumps(value, sort_keys=True, default=str)


def features(definition: Mapping[str, Any]) -> list[Feature]:
    variable, kind = definition["variable"], definition["type"]
    both = token(True), token(False)
    if kind in BOOLEAN:
        return [Feature(variable, both, yes_or_no=True)]
    values = [choice["value"] for choice in definition.get("choices", ())]
    if kind == "choice":
        return [Feature(variable, tuple(token(value) for value in values))]
    return [Feature(variable, both, value, of_many=True) for value in values] if kind == "multiple_choice" else []


def learn(
    asked: Sequence[Answers], unasked: Sequence[Answers], earlier: Iterable[Feature], branch: str | None
) -> Condition:
    """What holds for the first answers and for none of the second; raises NoCondition. `branch` is preferred."""
    terms = [Term(feature, frozenset(map(feature.of, asked))) for feature in earlier]
    terms = [term for term in terms if not all(map(term.holds, unasked))]
    if any(holds(tuple(terms), answers) for answers in unasked):
        raise NoCondition("no condition")
    # What comes first is left out first: whether something was asked at all, and then what was asked long ago.
    ranked = sorted(terms, key=lambda term: (term.tells_answer, term.feature.variable == branch))
    for term in ranked:
        fewer = [other for other in terms if other != term]
        if not any(holds(tuple(fewer), answers) for answers in unasked):
            terms = fewer
    return tuple(terms)


def ordered(sequences: Iterable[Sequence[str]]) -> list[str]:
    """One order in which every sequence is; what follows on a variable is kept near to it. Raises NoOrder."""
    after: dict[str, dict[str, None]] = {}
    before: dict[str, set[str]] = {}
    for sequence in sequences:
        for variable in sequence:
            after.setdefault(variable, {})
            before.setdefault(variable, set())
        for one, next_one in pairwise(sequence):
            after[one][next_one] = None
            before[next_one].add(one)
    ready = [variable for variable in after if not before[variable]][::-1]
    found: list[str] = []
    while ready:
        variable = ready.pop()
        found.append(variable)
        for next_one in reversed(after[variable]):
            before[next_one].discard(variable)
            if not before[next_one]:
                ready.append(next_one)
    if len(found) < len(after):
        raise NoOrder(", ".join(sorted(set(after) - set(found))))
    return found
