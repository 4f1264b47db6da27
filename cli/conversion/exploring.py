"""Many trials of one program: one answer after another is changed, and then many at a time, by a fixed chance.

Numbers and texts are too many to be tried; those that the program's own text names are where it branches, if at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.conversion.branches import Branches
from cli.conversion.deriving import token
from cli.conversion.trials import Trial, alternatives, elsewhere, named_in
from cli.folder import read_folder
from cli.program import read_config

MOST_TRIALS = 400
MOST_WITH_LITERALS = 1200
MOST_LITERALS = 150
LEARNED_FROM = 100
CHECKED_WITH = 200
SEED = 20210701


class Trials:
    """All runs, from default answers on; the same on every machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.branches = Branches.of(read_folder(self.folder), read_config(self.folder))
        self.random = random.Random(SEED)  # noqa: S311  Nothing is secret about the answers to try.
        self.found: dict[str, Any] = {}
        self.first = self.run({})
        with elsewhere():
            self.abroad = self.run({})
        self.all = [self.first]
        self.answers_to_try: dict[str, list[Any]] = {}
        self.most = MOST_TRIALS

    def run(self, wanted: dict[str, Any], parent: Trial | None = None, varied: str | None = None) -> Trial:
        return Trial(wanted, parent, varied, found=self.found).run(self.folder)

    def explore(self) -> None:
        self.vary(self.first)
        self.most = max(MOST_TRIALS, len(self.all)) + MOST_WITH_LITERALS
        self.vary_by_literals()
        self.most += LEARNED_FROM
        for _ in range(LEARNED_FROM):
            trial = self.run(self.random_answers())
            self.all.append(trial)
            self.vary(trial)

    def vary(self, start: Trial) -> None:
        """Each variable that nobody has varied yet, one at a time, and so on from what is asked then."""
        waiting = [start]
        while waiting and len(self.all) < self.most:
            trial = waiting.pop(0)
            for variable in [one for one in trial.asked if one not in self.answers_to_try]:
                asked = trial.asked[variable]
                self.answers_to_try[variable] = alternatives(asked.question)
                for answer in self.answers_to_try[variable]:
                    if token(answer) == token(asked.answer) or len(self.all) >= self.most:
                        continue
                    waiting.append(self.change(trial, variable, answer))

    def vary_by_literals(self) -> None:
        """Numbers and texts once more, now by what the program names; and so on from what is asked then."""
        seen: set[str] = set()
        # The list grows while it is walked.
        for trial in self.all:
            for variable in [one for one in trial.asked if one not in seen]:
                seen.add(variable)
                tried = self.answers_to_try.setdefault(variable, [])
                for answer in named_in(self.branches, trial.asked[variable].question)[:MOST_LITERALS]:
                    if token(answer) in map(token, tried) or len(self.all) >= self.most:
                        continue
                    tried.append(answer)
                    self.vary(self.change(trial, variable, answer))

    def change(self, trial: Trial, variable: str, answer: Any) -> Trial:
        varied = self.run({**trial.answers, **trial.wanted, variable: answer}, trial, variable)
        self.all.append(varied)
        return varied

    def random_answers(self) -> dict[str, Any]:
        tried = {variable: answers for variable, answers in self.answers_to_try.items() if answers}
        return {variable: self.random.choice(answers) for variable, answers in tried.items()}

    def others(self) -> Iterator[Trial]:
        """Runs under answers that no run so far was given, as far as there are any."""
        known = {token(trial.wanted) for trial in self.all}
        for _ in range(CHECKED_WITH):
            wanted = self.random_answers()
            if token(wanted) not in known:
                known.add(token(wanted))
                yield self.run(wanted)
