"""Figures and how they are printed."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTHS = (44, 8, 9, 6, 8, 11, 10, 15, 4)


def seconds_of(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def alternating(ours: Callable[[], object], limit: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The medians of both, in seconds, measured in turn: what disturbs the machine disturbs both."""
    pairs = [(seconds_of(ours), seconds_of(limit)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def heading(title: str, columns: Sequence[str]) -> None:
    print(f"\n{title}\n")
    line(columns)
    line(["-" * (width - 1) for width in WIDTHS[: len(columns)]])


def line(cells: Sequence[str]) -> None:
    first, *others = cells
    print(
        first.ljust(WIDTHS[0]),
        *(cell.rjust(width) for cell, width in zip(others, WIDTHS[1:], strict=False)),
        flush=True,
    )


def verdict(good: bool) -> str:
    return "yes" if good else "NO"
