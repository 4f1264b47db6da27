"""Submissions followed to their end: waited for, watched, and looked at together."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cli.errors import Unreachable
from cli.observation import FINAL, refresh
from cli.submitting import LONGEST_PAUSE, SHORTEST_PAUSE, slurm_here, submissions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cli.session import Session

Submission = dict[str, Any]

# A job outlives a restart of the server, and so does somebody who waits for it.
LONGEST_OUTAGE = 3600.0
LONGEST_WATCH_PAUSE = 5.0


def wait_for_end(session: Session, submission: Submission) -> Submission:
    return wait_for_all(session, [submission])[0]


def wait_for_all(session: Session, submissions: Sequence[Submission], timeout: float | None = None) -> list[Submission]:
    """The submissions when all have ended, or as they are when so many seconds have gone by."""
    rows, until = list(submissions), None if timeout is None else time.monotonic() + timeout
    with session.output.progress(f"Waiting for submission {listed(rows)}"):
        for now in looks(session, rows, LONGEST_PAUSE, until, tell=session.output.talk):
            rows = now
            if all(map(is_final, rows)):
                break
    return rows


def looks(
    session: Session,
    submissions: Sequence[Submission],
    longest_pause: float,
    until: float | None = None,
    *,
    tell: Callable[[str], None],
) -> Iterable[list[Submission]]:
    """The rows, again and again, ever more seldom while nothing changes; an outage of Slurm or of the server is waited
    out. Changes are told, but for ends."""
    rows, pause, silent_since = list(submissions), SHORTEST_PAUSE, None
    while True:
        yield rows
        if until is not None and time.monotonic() >= until:
            return
        time.sleep(pause if until is None else max(min(pause, until - time.monotonic()), 0.05))
        pause, before = min(pause * 1.5, longest_pause), rows
        try:
            rows, silent_since = looked_at(session, rows), None
        except Unreachable:
            silent_since = silent_since or time.monotonic()
            if time.monotonic() - silent_since > LONGEST_OUTAGE:
                raise
        for old, new in zip(before, rows, strict=True):
            if old["status"] != new["status"]:
                pause = SHORTEST_PAUSE
                if not is_final(new):
                    tell(f"Submission {new['id']} is {new['status']}.")


def looked_at(session: Session, submissions: Sequence[Submission]) -> list[Submission]:
    """One look: at Slurm where it is this machine's, else at what the agent has told the server."""
    from cli.slurm import SlurmSilent

    left = [row["id"] for row in submissions if not is_final(row)]
    now = {row["id"]: row for row in submissions_of(session, left)}
    here = [row for row in now.values() if row["via"] == "login_node"]
    slurm = slurm_here() if here else None
    if slurm is not None:
        # When it is silent nothing is known, so nothing has changed.
        with suppress(SlurmSilent):
            now |= {row["id"]: row for row in refresh(session.client, slurm, here, talk=session.output.talk)}
    return [now.get(row["id"], row) for row in submissions]


def describe_end(submission: Submission) -> str:
    details = [submission["reason"]] if submission["reason"] not in ("", "None") else []
    if submission["exit_code"]:
        details.append(f"exit code {submission['exit_code']}")
    if submission["signal"]:
        details.append(f"signal {submission['signal']}")
    more = f" ({', '.join(details)})" if details else ""
    return f"Submission {submission['id']} has ended: {submission['status']}{more}."


def describe_unended(submissions: Sequence[Submission], timeout: str) -> str:
    left = [row for row in submissions if not is_final(row)]
    verb = "has" if len(left) == 1 else "have"
    return f"Submission {listed(left)} {verb} not ended within {timeout}, and {verb} been left alone."


# --- a table that lives ---------------------------------------------------------------------------------------------


def watch(session: Session, submissions: Sequence[Submission], fields: Sequence[str]) -> None:
    """On a terminal a table that is drawn anew, else a line a change; until all have ended."""
    rows = looks(session, submissions, LONGEST_WATCH_PAUSE, tell=lambda _: None)
    if session.output.format == "table" and session.output.stdout.isatty():
        with session.output.live(fields) as draw:
            for now in rows:
                draw(now)
                if all(map(is_final, now)):
                    return
    told: dict[int, Submission] = {}
    for now in rows:
        for row in now:
            if differs(row, told.get(row["id"])):
                say(session, row)
        told = {row["id"]: row for row in now}
        if all(map(is_final, now)):
            return


def differs(row: Submission, before: Submission | None) -> bool:
    return before is None or any(row[name] != before[name] for name in ("status", "reason", "tasks"))


def say(session: Session, row: Submission) -> None:
    if session.output.format == "json":
        return session.output.json_line(row)
    if session.output.format == "id":
        return session.output.line(str(row["id"]))
    tasks = ", ".join(f"{count} {status}" for status, count in row["tasks"].items())
    why = row["reason"] if row["reason"] not in ("", "None") else ""
    session.output.line("  ".join(word for word in (str(row["id"]), row["status"], tasks, why, row["name"]) if word))


def is_final(submission: Submission) -> bool:
    return submission["status"] in FINAL


def listed(submissions: Iterable[Submission]) -> str:
    return ", ".join(str(row["id"]) for row in submissions)
