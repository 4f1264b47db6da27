"""Jinja2's sandbox with bounds: whatever a template does ends soon and stays small. Pure.

Jinja2's own sandbox keeps a template from our objects. It lets it loop for hours, though, and make gigabytes in one
step that nothing can interrupt (`"x" * 10**10`), at publication too, when constants are folded. Here every loop, call
and filter looks at the clock, and what would grow too large is refused before it is made.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, wraps
from random import Random
from typing import Any

from jinja2 import Undefined, nodes
from jinja2.runtime import Context, str_join
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_SECONDS = 2.0
MAX_OUTPUT = 10 * 2**20
CHUNKS_BETWEEN_LOOKS = 64
# Characters; an item of a list counts as many as it takes bytes.
MAX_VALUE, MAX_MADE, ITEM = 64 * 2**20, 256 * 2**20, 64
# Of an integer: about 1,200 digits. More are slow to multiply and to print.
MAX_BITS, MAX_DECIMALS = 4096, 400
# Filters that can make much more than they are given.
GROWING = ("center", "indent", "wordwrap", "batch", "slice", "replace", "tojson", "join", "format")
# Filters that take something undefined for something empty, without a word.
SILENT = ("map", "select", "reject", "selectattr", "rejectattr", "items")
# Filters that fail on something undefined in words of Python's.
SPEECHLESS = ("tojson", "abs", "round")
# Widths of `%` and of str.format that are wider than any line, or not to be foreseen.
WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[^A-Za-z%]*(?:[0-9]{5}|\*)")
WIDE_FORMAT = re.compile(r"\{[^{}]*:[^{}]*(?:[0-9]{5}|\{)")


class TooMuch(Exception):
    """A template takes too long, or makes too much; the text says which."""


class Budget:
    """What one rendering may take, over all its templates."""

    def __init__(self, seed: Callable[[], str] = str) -> None:
        self.seed = seed
        self.written, self.made, self.until = 0, 0, time.thread_time() + MAX_SECONDS

    @cached_property
    def random(self) -> Random:
        """The same choices for the same inputs: a script can be made again."""
        return Random(self.seed())  # noqa: S311  (no secret is made of it)

    def look(self) -> None:
        if time.thread_time() > self.until:
            raise TooMuch(f"it takes more than {MAX_SECONDS:.0f} s")

    def spend(self, size: int) -> None:
        self.made += size
        if self.made > MAX_MADE:
            raise TooMuch(f"it makes more than {MAX_MADE // 2**20} MiB of values")

    def watched(self, chunks: Iterable[str]) -> Iterator[str]:
        for count, chunk in enumerate(chunks):
            self.written += len(chunk)
            if self.written > MAX_OUTPUT:
                raise TooMuch(f"it writes more than {MAX_OUTPUT // 2**20} MiB")
            if count % CHUNKS_BETWEEN_LOOKS == 0:
                self.look()
            yield chunk


_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budget(seed: Callable[[], str] = str) -> Iterator[Budget]:
    """The bounds for what is rendered inside. `seed` tells its inputs from others, and is asked where chance is."""
    token = _budget.set(Budget(seed))
    try:
        yield current()
    finally:
        _budget.reset(token)


def current() -> Budget:
    found = _budget.get()
    if found is None:
        # Jinja2 folds constants when it compiles; with this it leaves them to the rendering.
        raise nodes.Impossible
    return found


# --- sizes ----------------------------------------------------------------------------------------------------------


def weight(value: Any) -> int:
    """About how many characters or bytes a value takes, or is printed as: one that stands in it twice counts twice."""
    if isinstance(value, str):
        return len(value)
    total, todo = 0, [value]
    while todo and total <= MAX_VALUE:
        value = todo.pop()
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, list | tuple | set | frozenset):
            todo.extend(value)
        elif isinstance(value, dict):
            todo.extend([*value.keys(), *value.values()])
        total += ITEM
    return total


def checked(value: Any) -> Any:
    if not isinstance(value, str | int | float) and weight(value) > MAX_VALUE:
        raise TooMuch(f"a value is larger than {MAX_VALUE // 2**20} MiB")
    return value


def foresee(value: Any, others: Iterable[Any]) -> None:
    """Refuses what could become as large as the value times the largest of its arguments."""
    factors = [abs(other) if isinstance(other, int) else weight(other) for other in others]
    if weight(value) * max(factors, default=1) > MAX_VALUE:
        raise TooMuch(f"a value would be larger than {MAX_VALUE // 2**20} MiB")


def made(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict):
        current().spend(weight(value))
    return value


# --- what is bounded ------------------------------------------------------------------------------------------------


def bounded(name: str, filter: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja2 that looks at the clock and at sizes."""
    first = int(hasattr(filter, "jinja_pass_arg"))

    @wraps(filter)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        current().look()
        value, others = args[first] if len(args) > first else None, [*args[first + 1 :], *kwargs.values()]
        if isinstance(value, Undefined):
            noted(name, value)
        if name == "join" and isinstance(value, Iterator):
            value = list(value)
            args = (*args[:first], value, *args[first + 1 :])
        if name == "format":
            refuse_wide(WIDE_PERCENT, value)
        if name == "round" and any(isinstance(other, int) and abs(other) > MAX_DECIMALS for other in others):
            raise TooMuch(f"a number would have more than {MAX_DECIMALS} decimals")
        if name == "sum":
            foresee(value, [len(value) if isinstance(value, list) and others else 1])
        checked(value)
        if name in GROWING:
            foresee(value, others)
        return made(filter(*args, **kwargs))

    return guarded


def chosen(values: Any) -> Any:
    """Jinja2's `random`, with chance that is the same each time."""
    values = list(values)
    return current().random.choice(values) if values else Undefined("there is nothing to choose from")


def noted(name: str, value: Undefined) -> None:
    """Walks through something undefined, which thereby is a hole, or fails with its name."""
    if name in SILENT:
        list(value)
    if name in SPEECHLESS:
        value._fail_with_undefined_error()


def refuse_wide(wide: re.Pattern[str], text: Any) -> None:
    if isinstance(text, str) and wide.search(text):
        raise TooMuch("a width of a format has at most 4 digits, written out")


def foresee_operation(operator: str, left: Any, right: Any) -> None:
    if operator == "%":
        refuse_wide(WIDE_PERCENT, left)
    elif isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        if bits > MAX_BITS:
            raise TooMuch(f"a number would have more than {MAX_BITS} bits")
    elif operator == "*":
        value, times = (right, left) if isinstance(left, int) else (left, right)
        foresee(value, [times])


class Watched(NodeTransformer):
    """Puts a look at the clock into every loop, and `~` where its result is counted."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802  (named after the node)
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(call("look", [], node.lineno), lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Call:  # noqa: N802
        self.generic_visit(node)
        return call("joined", node.nodes, node.lineno)


def call(name: str, args: list[nodes.Expr], line: int) -> nodes.Call:
    method = nodes.EnvironmentAttribute(name, lineno=line)
    return nodes.Call(method, args, [], None, None, lineno=line)


class BoundedEnvironment(SandboxedEnvironment):
    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self, **options: Any) -> None:
        super().__init__(finalize=checked, **options)
        filters = {**self.filters, "random": chosen}
        self.filters = {name: bounded(name, filter) for name, filter in filters.items()}
        # Any number of paragraphs of nonsense: nobody's script wants one.
        del self.globals["lipsum"]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = Watched().visit(super()._parse(source, name, filename))
        tree.set_environment(self)
        return tree

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        current().look()
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str):
            foresee(owner, [*args, *kwargs.values()])
        if isinstance(owner, str | list | dict):
            return made(super().call(context, obj, *map(made, args), **kwargs))
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        foresee_operation(operator, left, right)
        return made(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is not None:
            refuse_wide(WIDE_FORMAT, value.__self__)
        return wrapped

    def look(self) -> None:
        """Called in every loop: `call` looks at the clock."""

    def joined(self, *parts: Any) -> str:
        return str(made(str_join([checked(part) for part in parts])))

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        return str(made("".join(parts)))
