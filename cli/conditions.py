"""`when` of a form's questions, as the form's JSON has it, over the answers so far; the server looks again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cli.errors import CliError

Condition = Mapping[str, Any]


def holds(condition: Condition, answers: Mapping[str, Any]) -> bool:
    """A question that is not asked has no answer, and every comparison with it is false."""
    match condition:
        case {"all": parts}:
            return all(holds(part, answers) for part in parts)
        case {"any": parts}:
            return any(holds(part, answers) for part in parts)
        case {"not": part}:
            return not holds(part, answers)
    if condition["variable"] not in answers:
        return False
    answer = answers[condition["variable"]]
    match condition:
        case {"is": value} | {"equals": value}:
            return alike(answer, value)
        case {"in": values}:
            return any(alike(answer, value) for value in values)
        case {"contains": value}:
            return any(alike(one, value) for one in answer or ())
    raise CliError(f"This client knows no condition such as {json.dumps(dict(condition))}; a newer one may.")


def alike(one: Any, other: Any) -> bool:
    """Equality as JSON has it: 1 is 1.0, and true is not 1."""
    return (type(one) is type(other) or {type(one), type(other)} <= {int, float}) and bool(one == other)


def described(condition: Condition) -> str:
    match condition:
        case {"all": parts}:
            return " and ".join(bracketed(part) for part in parts)
        case {"any": parts}:
            return " or ".join(bracketed(part) for part in parts)
        case {"not": part}:
            return f"not ({described(part)})"
        case {"in": values}:
            return f"{condition['variable']} is one of {', '.join(map(quoted, values))}"
        case {"contains": value}:
            return f"{condition['variable']} has {quoted(value)}"
        case {"is": value} | {"equals": value}:
            return f"{condition['variable']} is {quoted(value)}"
    return quoted(dict(condition))


def bracketed(condition: Condition) -> str:
    return f"({described(condition)})" if condition.keys() & {"all", "any"} else described(condition)


def quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
