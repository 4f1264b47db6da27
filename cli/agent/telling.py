"""What the server has not been told yet. It stays here until the server has answered, and may safely be told twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from cli.agent.handing import Handing
from cli.agent.watching import Report

# On their way into Slurm at once; what takes long (a full disk, a silent Slurm) does not keep others waiting.
MOST_HANDING = 100
# Of one owner, whose disk is full or whose home hangs: there are thousands more where these come from.
MOST_SLOW = 20
MOST_WITHOUT = 1000
REPORTS_AT_ONCE = 2000
ANSWERS_AT_ONCE = 100
MOST_DEAD = 100
# The server takes three times as much; an array may have thousands of tasks, and a log is long.
BYTES_AT_ONCE = 4 * 1024 * 1024
NOT_TAKEN = {"error": "The server did not take the answer."}


@dataclass
class Outbox:
    """By submission, by wish, and by tag."""

    reports: dict[int, Report] = field(default_factory=dict)
    delayed: dict[int, str] = field(default_factory=dict)
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)
    # Of each kind; less after the server refused what it was told.
    most: int = REPORTS_AT_ONCE

    def __bool__(self) -> bool:
        return bool(self.reports or self.delayed or self.answers or self.tags or self.facts)

    def news(self, holder: str, handing: Collection[Handing], dead: Iterable[str]) -> dict[str, Any]:
        """The next request: what there is to tell, and how much more there is room for."""
        slow = Counter(one.row["owner"] for one in handing if one.is_slow)
        busy = len(handing) - slow.total()
        told: dict[str, Any] = {
            "holder": holder,
            "take": max(MOST_HANDING - busy, 0),
            "without": sorted(owner for owner, number in slow.items() if number >= MOST_SLOW)[:MOST_WITHOUT],
            "holding": sorted(one.id for one in handing),
            "dead": sorted(dead)[:MOST_DEAD],
            "recorded": [one.told() for one in handing if one.step == "made"],
            "rejected": [{"id": one.id, "reason": one.text} for one in handing if one.step == "rejected"],
            "reports": fitting(list(self.reports.values())[: self.most]),
            "delayed": [{"id": number, "reason": text} for number, text in self.delayed.items()][: self.most],
            "answers": fitting({"wish": wish, **answer} for wish, answer in some_of(self.answers, self.most)),
            "tags": sorted(self.tags)[: self.most],
            "facts": self.facts,
        }
        return {name: value for name, value in told.items() if value}

    def settle(self, told: dict[str, Any]) -> None:
        """The server has all of this. What came meanwhile is newer, and stays."""
        self.most = min(self.most * 2, REPORTS_AT_ONCE)
        self._drop(told)

    def refused(self, told: dict[str, Any]) -> dict[str, Any]:
        """What of this is not told any more, for it must not keep the rest from being told.

        Less is told at once, until it is one of each kind; that is dropped.
        """
        longest = max(len(told.get(name, ())) for name in ("reports", "delayed", "answers", "tags"))
        if longest > 1:
            self.most = min(longest, self.most) // 4 or 1
            return {}
        self._drop(told)
        again = [one["wish"] for one in told.get("answers", ()) if one.get("error") != NOT_TAKEN["error"]]
        self.answers |= dict.fromkeys(again, NOT_TAKEN)
        return told

    def _drop(self, told: dict[str, Any]) -> None:
        for report in told.get("reports", ()):
            number = report["id"]
            if self.reports.get(number) == report:
                del self.reports[number]
        for one in told.get("delayed", ()):
            self.delayed.pop(one["id"], None)
        for one in told.get("answers", ()):
            self.answers.pop(one["wish"], None)
        self.tags -= set(told.get("tags", ()))
        if told.get("facts") == self.facts:
            self.facts = {}


def some_of(answers: dict[int, dict[str, Any]], most: int) -> Iterable[tuple[int, dict[str, Any]]]:
    return list(answers.items())[: min(most, ANSWERS_AT_ONCE)]


def fitting(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as a request may hold, and the first in any case."""
    found: list[dict[str, Any]] = []
    left = BYTES_AT_ONCE
    for one in items:
        left -= len(json.dumps(one))
        if left < 0 and found:
            break
        found.append(one)
    return found
