"""`when`: a condition over other answers, as data. Pure.

A condition compares a variable (`is`, `equals`, `in`, `contains`), or joins others (`all`, `any`, `not`). A variable
that is not asked for has no answer, and every comparison with it is false.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MAX_WORDS = 500
COMPARING = ("is", "equals", "in", "contains")
JOINING = ("all", "any", "not")


@dataclass(frozen=True)
class Condition:
    """`value` is what a comparison compares with; for `in` a tuple. `parts` are what is joined."""

    operator: str
    variable: str = ""
    value: Any = None
    parts: tuple["Condition", ...] = ()

    def holds(self, answers: Mapping[str, Any]) -> bool:
        return HOLDS[self.operator](self, answers)

    def __str__(self) -> str:
        text = WORDS[self.operator](self)
        return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "…"

    @property
    def size(self) -> int:
        """How many values and parts it has in all."""
        return (len(self.value) if self.operator == "in" else 1) + sum(part.size for part in self.parts)

    @property
    def depth(self) -> int:
        return 1 + max((part.depth for part in self.parts), default=0)

    def as_json(self) -> dict[str, Any]:
        if self.operator == "not":
            return {"not": self.parts[0].as_json()}
        if self.operator in JOINING:
            return {self.operator: [part.as_json() for part in self.parts]}
        value = list(self.value) if self.operator == "in" else self.value
        return {"variable": self.variable, self.operator: value}


def every(*conditions: Condition | None) -> Condition | None:
    """All of these that are conditions, as one."""
    parts = tuple(condition for condition in conditions if condition is not None)
    return Condition("all", parts=parts) if len(parts) > 1 else next(iter(parts), None)


def same(one: Any, other: Any) -> bool:
    """Equality in which 1, 1.0 and True are three different things."""
    return type(one) is type(other) and bool(one == other)


def same_number(one: Any, other: Any) -> bool:
    """JSON has one type of numbers: 2.0 is 2 there, though true is not 1."""
    return {type(one), type(other)} <= {int, float} and bool(one == other)


def alike(one: Any, other: Any) -> bool:
    return same(one, other) or same_number(one, other)


HOLDS: dict[str, Callable[[Condition, Mapping[str, Any]], bool]] = {
    "is": lambda it, answers: answers.get(it.variable) is it.value,
    "equals": lambda it, answers: it.variable in answers and alike(answers[it.variable], it.value),
    "in": lambda it, answers: it.variable in answers and any(alike(answers[it.variable], one) for one in it.value),
    "contains": lambda it, answers: any(alike(one, it.value) for one in answers.get(it.variable) or ()),
    "all": lambda it, answers: all(part.holds(answers) for part in it.parts),
    "any": lambda it, answers: any(part.holds(answers) for part in it.parts),
    "not": lambda it, answers: not it.parts[0].holds(answers),
}


def quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def joined(condition: Condition, word: str) -> str:
    return f" {word} ".join(f"({part})" if part.operator in ("all", "any") else str(part) for part in condition.parts)


WORDS: dict[str, Callable[[Condition], str]] = {
    "is": lambda it: f"{it.variable} is {quoted(it.value)}",
    "equals": lambda it: f"{it.variable} is {quoted(it.value)}",
    "in": lambda it: f"{it.variable} is one of {', '.join(map(quoted, it.value))}",
    "contains": lambda it: f"{it.variable} has {quoted(it.value)}",
    "all": lambda it: joined(it, "and"),
    "any": lambda it: joined(it, "or"),
    "not": lambda it: f"not ({it.parts[0]})",
}
