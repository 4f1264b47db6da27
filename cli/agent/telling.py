"""What the server has not been told yet. It stays here until the server has answered, and may safely be told twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from cli.agent.handing import Handing
from cli.agent.watching import Report

# On their way into Slurm at once; what takes long (a full disk, a silent Slurm) does not keep others waiting.
MOST_HANDING = 100
REPORTS_AT_ONCE = 2000
ANSWERS_AT_ONCE = 100
MOST_DEAD = 100


@dataclass
class Outbox:
    """By submission, by wish, and by tag."""

    reports: dict[int, Report] = field(default_factory=dict)
    delayed: dict[int, str] = field(default_factory=dict)
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.reports or self.delayed or self.answers or self.tags or self.facts)

    def news(self, holder: str, handing: Collection[Handing], dead: Iterable[str]) -> dict[str, Any]:
        """The next request: what there is to tell, and how much more there is room for."""
        busy = sum(one.step != "later" for one in handing)
        told: dict[str, Any] = {
            "holder": holder,
            "take": max(MOST_HANDING - busy, 0),
            "holding": sorted(one.id for one in handing),
            "dead": sorted(dead)[:MOST_DEAD],
            "recorded": [one.told() for one in handing if one.step == "made"],
            "rejected": [{"id": one.id, "reason": one.text} for one in handing if one.step == "rejected"],
            "reports": list(self.reports.values())[:REPORTS_AT_ONCE],
            "delayed": [{"id": number, "reason": text} for number, text in self.delayed.items()],
            "answers": [{"wish": wish, **answer} for wish, answer in list(self.answers.items())[:ANSWERS_AT_ONCE]],
            "tags": sorted(self.tags),
            "facts": self.facts,
        }
        return {name: value for name, value in told.items() if value}

    def settle(self, told: dict[str, Any]) -> None:
        """The server has all of this. What came meanwhile is newer, and stays."""
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
