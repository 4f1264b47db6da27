"""Where a program's text branches: the literals that its answers may be compared with, and the answers that it reads
there. Pure, and a guess: text that is made, or handed on to functions, is not followed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Beside what is compared, only words and small numbers: a program may do anything with a path, or so many times.
WORD = re.compile(r"[\w.+-]{1,40}\Z")
SMALL = 100_000
MOST_TEXT = 1000


@dataclass
class Branches:
    """`literals` in the order in which they are worth trying, `read` the place at which a variable is read first."""

    literals: list[Any] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, bytes], config: Any = None) -> Branches:
        trees = {path: tree for path in sorted(files) if path.endswith(".py") and (tree := parsed(files[path]))}
        compared = [one for tree in trees.values() for place in conditions(tree) for one in constants(place)]
        others = [one for tree in trees.values() for one in constants(tree)] + list(scalars(config))
        found = cls([*filter(fits, compared), *filter(is_harmless, others)])
        for path, tree in trees.items():
            aliases = aliases_of(tree)
            for place in conditions(tree):
                for variable in reads(place, aliases):
                    found.read.setdefault(variable, f"{path}, line {place.lineno}")
        return found

    def numbers(self) -> list[int | float]:
        """With those beside them, since nobody knows on which side a comparison turns."""
        numbers = [one for one in self.literals if not isinstance(one, str)]
        return list(dict.fromkeys(near for one in numbers for near in (one, one + 1, one - 1)))

    def texts(self) -> list[str]:
        return list(dict.fromkeys(str(one) for one in self.literals))


def parsed(source: bytes) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None  # Running it tells more.


def conditions(tree: ast.AST) -> Iterator[ast.expr | ast.pattern]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            yield node.test
        elif isinstance(node, ast.Compare | ast.BoolOp):
            yield node
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Match):
            yield node.subject
            yield from (case.pattern for case in node.cases)


def constants(tree: ast.AST) -> Iterator[Any]:
    yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))


def scalars(value: Any) -> Iterator[Any]:
    """Each mapping and list once, since YAML lets them stand in themselves."""
    waiting, seen = [value], set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, dict | list):
            yield one
        elif id(one) not in seen:
            seen.add(id(one))
            waiting += one.values() if isinstance(one, dict) else one


def fits(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MOST_TEXT
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def is_harmless(value: Any) -> bool:
    return fits(value) and bool(WORD.match(value) if isinstance(value, str) else abs(value) <= SMALL)


def aliases_of(tree: ast.AST) -> dict[str, set[str]]:
    """Names that were given something made of answers, whatever function they are in."""
    given = [pair for node in ast.walk(tree) for pair in assigned(node)]
    aliases: dict[str, set[str]] = {}
    for _ in range(len(given)):
        before = {name: set(variables) for name, variables in aliases.items()}
        for name, value in given:
            if found := reads(value, aliases):
                aliases[name] = aliases.get(name, set()) | found
        if aliases == before:
            break
    return aliases


def assigned(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
        targets, value = [node.target], node.value
    else:
        return []
    # A subscript that is assigned to is no alias: `data["x"] = …` names only data.
    names = [name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return [(name.id, value) for name in names if isinstance(name.ctx, ast.Store)]


def reads(tree: ast.AST, aliases: Mapping[str, set[str]]) -> set[str]:
    """The variables of `data["x"]`, of `data.get("x")`, and of names that stand for them."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found |= aliases.get(node.id, set())
        elif isinstance(node, ast.Subscript):
            found |= texts_of([node.slice])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop"):
            found |= texts_of(node.args[:1])
    return found


def texts_of(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
