"""What the agent has done in Slurm, each thing by the worker of its owner."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cli.agent.handing import Handing
from cli.agent.identity import NOBODY, Account, Accounts, NoAccount
from cli.agent.workers import Workers
from cli.queue import Submission

ROW_OF_A_JOB = ("id", "name", "execution_directory", "sbatch_arguments", "comment")
ROW_OF_A_LOG = ("slurm_job_id", "tag", "execution_directory", "stdout", "stderr", "tasks", "nodes")
# A job may take its time to end; and what failed is tried again.
CANCEL_AGAIN = 30.0


@dataclass(frozen=True)
class Submitting:
    number: int


@dataclass(frozen=True)
class Steering:
    verb: str
    jobs: tuple[int, ...]
    # Whose jobs these are, where they are anybody's.
    submissions: tuple[int, ...] = ()


@dataclass(frozen=True)
class Granting:
    wish: int
    row: Submission


class Hands:
    def __init__(self, accounts: Accounts, workers: Workers) -> None:
        self._accounts, self._workers = accounts, workers
        self._cancelled_at: dict[int, float] = {}
        self.granting: set[int] = set()

    def account_of(self, row: Submission) -> Account | None:
        try:
            return self._accounts.of(row["owner"])
        except NoAccount:
            return None

    def user_of(self, row: Submission) -> int:
        """Nobody's number where there is no account: no job can be the submission's then."""
        account = self.account_of(row)
        return account.uid if account else NOBODY.uid

    def submit(self, handing: Handing) -> None:
        handing.at("submitting")
        asked = {name: handing.row[name] for name in ("entrypoint", "files")}
        row = {name: handing.row[name] for name in ROW_OF_A_JOB}
        self._workers.ask(handing.account, Submitting(handing.id), do="submit", submission=row, **asked)

    def steer(self, account: Account, verb: str, jobs: Iterable[int], submissions: Iterable[int] = ()) -> None:
        named = tuple(jobs)
        if named:
            about = Steering(verb, named, tuple(submissions))
            self._workers.ask(account, about, do="steer", verb=verb, jobs=named)

    def release(self, rows: Iterable[Submission]) -> None:
        """One command for each owner."""
        by_account: dict[Account, list[Submission]] = defaultdict(list)
        for row in rows:
            if account := self.account_of(row):
                by_account[account].append(row)
        for account, some in by_account.items():
            self.steer(account, "release", [row["slurm_job_id"] for row in some], [row["id"] for row in some])

    def cancel(self, row: Submission) -> None:
        account, at = self.account_of(row), time.monotonic()
        if account and at - self._cancelled_at.get(row["id"], -CANCEL_AGAIN) >= CANCEL_AGAIN:
            self._cancelled_at[row["id"]] = at
            self.steer(account, "cancel", [row["slurm_job_id"]])

    def forget(self, number: int) -> None:
        self._cancelled_at.pop(number, None)

    def grant(self, wish: dict[str, Any]) -> bool:
        """False where nobody's hand could do it."""
        row, account = wish["submission"], self.account_of(wish["submission"])
        if account is None:
            return False
        self.granting.add(wish["id"])
        about = Granting(wish["id"], row)
        if wish["action"] == "log":
            named = {name: row[name] for name in ROW_OF_A_LOG}
            self._workers.ask(account, about, do="log", submission=named, **wish["arguments"])
        else:
            self._workers.ask(account, about, do="steer", verb=wish["action"], jobs=[row["slurm_job_id"]])
        return True
