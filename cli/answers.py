"""Answers that were prepared: `--answers FILE`, and `-a NAME=VALUE` on top."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.errors import CliError, UsageProblem
from cli.plain import plain


class Typed(str):
    """What somebody typed as a value: its question says of which type it is."""

    __slots__ = ()

    def guessed(self) -> Any:
        """Its value where no question asks for it: numbers, true, false and null as in JSON, else text."""
        try:
            value = json.loads(self, parse_constant=float)
        except ValueError:
            return str(self)
        return str(self) if isinstance(value, float) and value - value != 0 else value


def guessed(value: Any) -> Any:
    return value.guessed() if isinstance(value, Typed) else value


def read_answers(file: str | None, pairs: Sequence[str]) -> dict[str, Any]:
    """All answers by variable; of two for one variable the later wins."""
    answers = read_file(file) if file else {}
    return {**answers, **dict(read_pair(pair) for pair in pairs)}


def read_pair(pair: str) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals or not name.strip():
        raise UsageProblem(f"-a {pair}: give NAME=VALUE.")
    return name.strip(), read_value(text)


def read_value(text: str) -> Any:
    """A JSON list, mapping or quoted text as what it is; everything else waits for its question."""
    if not text.lstrip().startswith(("[", "{", '"')):
        return Typed(text)
    try:
        return json.loads(text)
    except ValueError:
        return Typed(text)


def read_file(file: str, name: str | None = None) -> dict[str, Any]:
    """`name` is what messages call it."""
    name = name or ("standard input" if file == "-" else file)
    found = parse(read_text(file, name), name)
    if not isinstance(found, dict):
        raise CliError(f"{name}: give a mapping from variables to answers, such as `nodes: 2`.")
    for variable in found:
        if not isinstance(variable, str):
            raise CliError(f"{name}: {variable!r} cannot be a variable; give its name as text.")
    return {variable: plain(value, variable) for variable, value in found.items()}


def read_text(file: str, name: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CliError(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CliError(f"{name} is not UTF-8 text.") from None


def parse(text: str, name: str) -> Any:
    """JSON, or else YAML: its own errors are told unless the text means to be JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if name.endswith(".json"):
            raise CliError(f"{name}, line {error.lineno}: {error.msg}.") from None
    except ValueError as error:  # A number of thousands of digits.
        raise CliError(f"{name}: {error}.") from None
    except RecursionError:
        raise CliError(f"{name} is nested too deeply.") from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Any:
    import yaml

    from cli.plain_yaml import PlainLoader

    try:
        loader = PlainLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        refuse_endless(node, name)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise CliError(f"{name}{line}: {error.problem or error.context}.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise CliError(f"{name} is not YAML: {str(error).splitlines()[0]}.") from None


def refuse_endless(node: Any, name: str) -> None:
    """An alias may name what it stands in; the same value twice, side by side, is fine."""
    within: set[int] = set()
    seen: set[int] = set()

    def visit(node: Any) -> None:
        if id(node) in within:
            raise CliError(f"{name}, line {node.start_mark.line + 1}: a value contains itself.")
        if id(node) in seen or not isinstance(node.value, list):
            return
        seen.add(id(node))
        within.add(id(node))
        for inner in node.value:
            for one in inner if isinstance(inner, tuple) else [inner]:
                visit(one)
        within.discard(id(node))

    visit(node)
