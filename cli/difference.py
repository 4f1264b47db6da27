"""What differs between two versions or scripts, as data: files line by line, questions of forms, and plain values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.plain import shown
from cli.unified import unified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Difference = dict[str, Any]


def of_files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Difference]:
    """`{path, change, binary, diff}` of each; `diff` is None where lines cannot be compared."""
    paths = sorted({*old, *new}, key=str.encode)
    return [of_file(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]


def of_file(path: str, old: bytes | None, new: bytes | None) -> Difference:
    change = "added" if old is None else "removed" if new is None else "changed"
    before, after = text_of(old), text_of(new)
    binary = before is None or after is None
    diff = None if before is None or after is None else diff_of(path, change, before, after)
    return {"path": path, "change": change, "binary": binary, "diff": diff}


def text_of(content: bytes | None) -> str | None:
    """None where it is no text."""
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def diff_of(path: str, change: str, before: str, after: str) -> str | None:
    old = "/dev/null" if change == "added" else f"a/{path}"
    new = "/dev/null" if change == "removed" else f"b/{path}"
    lines = unified(before, after, old, new)
    # Two headers even where a file without a line comes or goes.
    return None if lines is None else "".join(f"{line}\n" for line in lines or [f"--- {old}", f"+++ {new}"])


# --- values ---------------------------------------------------------------------------------------------------------


def of_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """`{name, change, old, new}` for each that came, went or changed."""
    changed = [name for name in {**old, **new} if as_json(old.get(name)) != as_json(new.get(name))]
    return [of_value(name, old, new) for name in changed]


def of_value(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    change = "added" if name not in old else "removed" if name not in new else "changed"
    return {"name": name, "change": change, "old": old.get(name), "new": new.get(name)}


# --- forms ----------------------------------------------------------------------------------------------------------


def of_forms(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """`{variable, change, key, old, new}` for each question that came or went, and each key that changed."""
    before, after = (dict(every(form.get("questions", ()))) for form in (old, new))
    return [one for variable in {**before, **after} for one in of_question(variable, before, after)]


def every(questions: Sequence[Mapping[str, Any]], asked: str = "always") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each question by its variable, with when it is asked in place of where it stands."""
    for question in questions:
        variable = question["variable"]
        own = {key: value for key, value in question.items() if key not in ("variable", "when_true", "when_false")}
        yield variable, {**own, "asked": asked}
        further = "" if asked == "always" else f"{asked} and "
        yield from every(question.get("when_true") or (), f"{further}if {variable}")
        yield from every(question.get("when_false") or (), f"{further}if not {variable}")


def of_question(
    variable: str, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[Difference]:
    if variable not in before:
        yield {"variable": variable, "change": "added", "key": None, "old": None, "new": after[variable]}
        return
    if variable not in after:
        yield {"variable": variable, "change": "removed", "key": None, "old": before[variable], "new": None}
        return
    old, new = before[variable], after[variable]
    for key in {**old, **new}:
        # As JSON tells them apart: 1 is neither 1.0 nor true.
        if as_json(old.get(key)) != as_json(new.get(key)):
            yield {
                "variable": variable,
                "change": "changed",
                "key": key,
                "old": old.get(key),
                "new": new.get(key),
            }


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def sentence(difference: Difference) -> str:
    variable, key, old, new = (difference[name] for name in ("variable", "key", "old", "new"))
    if difference["change"] == "added":
        return f"{variable} is a new question: {new.get('message') or variable}"
    if difference["change"] == "removed":
        return f"{variable} is not asked for any more."
    if isinstance(old, list) and isinstance(new, list):
        return f"{variable}: {key} {of_lists(old, new)}."
    return f"{variable}: {key} changed from {quoted(old)} to {quoted(new)}."


def of_lists(old: list[Any], new: list[Any]) -> str:
    came = [shown(one) for one in new if one not in old]
    went = [shown(one) for one in old if one not in new]
    words = ([f"gained {', '.join(came)}"] if came else []) + ([f"lost {', '.join(went)}"] if went else [])
    return " and ".join(words) or "changed their order"


def quoted(value: Any) -> str:
    return "none" if value is None else shown(value)
