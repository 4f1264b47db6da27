"""What one rendering may take and make: time, output, and the size of its values. Pure.

Nothing can interrupt one long step of Python's, so sizes are looked at before such a step, and the clock between steps.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from random import Random
from typing import Any

from jinja2 import nodes
from jinja2.utils import Namespace

MAX_SECONDS = 2.0
# Bytes.
MAX_OUTPUT = 10 * 2**20
CHUNKS_BETWEEN_LOOKS, STEPS_BETWEEN_LOOKS = 64, 16
# Bytes, about; an item of a list counts as many as it takes.
MAX_VALUE, MAX_MADE, ITEM = 16 * 2**20, 256 * 2**20, 64
# Of a step whose effort is only known to be less than this: a text searched for another, a replacement.
MAX_EFFORT = 64 * 2**20
# Python hashes and compares what is nested by recursion in C: 20,000 levels end the process.
MAX_DEPTH = 100
# Of an integer: about 1,200 digits. More are slow to multiply and to print.
MAX_BITS = 4096
# What has more characters, or more items, may make a step a long one.
LONG = 1024

SCALARS = (int, float, type(None))
VIEWS: tuple[type[Any], ...] = (type({}.keys()), type({}.values()), type({}.items()))
SEQUENCES: tuple[type[Any], ...] = (list, tuple, set, frozenset, *VIEWS)
SIZED: tuple[type[Any], ...] = (str, dict, *SEQUENCES)


class TooMuch(Exception):
    """A template takes too long, or makes too much; the text says which."""


class Budget:
    """What one rendering may take, over all its templates."""

    def __init__(self, seed: Callable[[], str] = str) -> None:
        self.seed = seed
        self.written, self.made, self.steps = 0, 0, 0
        self.until = time.thread_time() + MAX_SECONDS

    @cached_property
    def random(self) -> Random:
        """The same choices for the same inputs: a script can be made again."""
        return Random(self.seed())  # noqa: S311  (no secret is made of it)

    def look(self) -> None:
        if time.thread_time() > self.until:
            raise TooMuch(f"it takes more than {MAX_SECONDS:.0f} s")

    def step(self) -> None:
        """A look at the clock after a few short steps: looking takes longer than they do."""
        self.steps += 1
        if self.steps % STEPS_BETWEEN_LOOKS == 0:
            self.look()

    def spend(self, size: int) -> None:
        self.made += size
        if self.made > MAX_MADE:
            raise TooMuch(f"it makes more than {MAX_MADE // 2**20} MiB of values")

    def watched(self, chunks: Iterable[str]) -> Iterator[str]:
        for count, chunk in enumerate(chunks):
            self.written += len(chunk) if chunk.isascii() else len(chunk.encode("utf-8", "replace"))
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
    """About how many bytes a value takes, or is printed as: one that stands in it twice counts twice.

    Not more than a little over MAX_VALUE is counted. Raises TooMuch for what is nested too deeply.
    """
    if isinstance(value, str):
        return len(value) if value.isascii() else 4 * len(value)
    total, level = 0, [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            total += ITEM + size(item)
            inner.extend(inside(item))
            if total + len(inner) * ITEM > MAX_VALUE:
                return MAX_VALUE + 1
        if not inner:
            return total
        level = inner
    raise TooMuch(f"a value is nested more than {MAX_DEPTH} levels deep")


def size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else 4 * len(value)
    return value.bit_length() // 8 if isinstance(value, int) else 0


def inside(value: Any) -> Iterable[Any]:
    if isinstance(value, SEQUENCES):
        return value  # type: ignore[no-any-return]
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    # It is printed as what it holds. Its own attributes hide those of its class.
    return [object.__getattribute__(value, "_Namespace__attrs")] if isinstance(value, Namespace) else ()


def checked(value: Any) -> Any:
    if not isinstance(value, SCALARS):
        refuse_large(weight(value))
    return value


def refuse_large(size: int) -> None:
    if size > MAX_VALUE:
        raise TooMuch(f"a value is larger than {MAX_VALUE // 2**20} MiB")


def foresee(size: int, most: int = MAX_EFFORT) -> None:
    """Refuses what could become too large, before it is made."""
    if size > most:
        raise TooMuch(f"a value would be larger than {most // 2**20} MiB")


def made(value: Any) -> Any:
    """The value, which counts as a new one."""
    if isinstance(value, int):
        refuse_long(value.bit_length())
    elif isinstance(value, (*SIZED, Namespace)):
        size = weight(value)
        refuse_large(size)
        current().spend(size)
    return value


def refuse_long(bits: int) -> None:
    if bits > MAX_BITS:
        raise TooMuch(f"a number would have more than {MAX_BITS} bits")


def weighed(value: Any) -> Any:
    """The value, which is about to be compared, searched or put into another one."""
    if not isinstance(value, SCALARS):
        look_for(value)
        checked(value)
    return value


def look_for(*values: Any) -> None:
    """A look at the clock, where what comes may be a long step."""
    if any(isinstance(value, SIZED) and len(value) > LONG for value in values):
        current().look()
    else:
        current().step()


def walked(items: Iterable[Any]) -> Iterator[Any]:
    """The items one by one, with the clock in sight."""
    for item in items:
        current().step()
        yield item
