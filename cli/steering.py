"""Jobs cancelled, held, released and requeued: by this machine's Slurm where they are its, else by their agent."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from cli.errors import ApiError, CliError, UsageProblem
from cli.following import Submission, listed
from cli.submitting import refreshed, slurm_here, submission_of, submissions_of
from cli.tailing import ask, granted, silent_agent, slurm_of
from cli.terminal import confirmed, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.session import Session
    from cli.slurm import Slurm

CANCEL = "/api/job-submissions/cancel/"
# For all of them together.
PATIENCE = 10.0


def cancel_all(session: Session, numbers: list[int]) -> tuple[list[Submission], list[str]]:
    """What is cancelled or asked to be, and why the others are not. On a login node its Slurm is told at once."""
    answer = session.client.post(CANCEL, {"ids": numbers})
    by_number = {row["id"]: row for row in answer["results"]}
    rows = [by_number[number] for number in dict.fromkeys(numbers) if number in by_number]
    if slurm_here() is not None:
        rows = refreshed(session, rows)
    return rows, [f"Submission {number}: {why}" for number, why in answer["errors"].items()]


def cancel_selected(session: Session, wanted: dict[str, Any], *, yes: bool) -> list[Submission]:
    """One's own unfinished ones; asked about before, unless that is said to be unneeded."""
    if not yes:
        found = list(session.client.pages("/api/job-submissions/", owner="me", unfinished=True, **wanted))
        if not found:
            return []
        confirm(found)
    rows: list[Submission] = []
    while True:
        answer = session.client.post(CANCEL, {"filter": wanted})
        rows += answer["results"]
        if not answer["left"]:
            break
    return refreshed(session, rows) if rows and slurm_here() is not None else rows


def confirm(found: Sequence[Submission]) -> None:
    if not sys.stdin.isatty():
        raise UsageProblem(f"That would cancel submission {listed(found)}; with --yes it does.")
    with terminal(instead="--yes") as stream:
        if not confirmed(f"Cancel {len(found)} submissions ({listed(found)})?", stream):
            raise CliError("Nothing is cancelled.")


def steer(session: Session, verb: str, numbers: Sequence[int]) -> tuple[list[Submission], list[str]]:
    """The rows of those it was done with, or is asked for; and why not of the others."""
    done: list[Submission] = []
    refused: list[str] = []
    wishes: list[tuple[Submission, dict[str, Any]]] = []
    local: list[Submission] = []
    for number in dict.fromkeys(numbers):
        try:
            row = submission_of(session, number)
            slurm = slurm_of(session, row)
            if slurm is None:
                wishes.append((row, ask(session, row, verb)))
            else:
                local.append(told(slurm, row, verb))
        except CliError as problem:
            if isinstance(problem, ApiError) or problem.exit_code == 1:
                refused.append(str(problem))
                continue
            raise
    if local:
        done += refreshed(session, local)
    until = time.monotonic() + PATIENCE
    for row, wish in wishes:
        wish = granted(session, row, wish, max(until - time.monotonic(), 0))
        if wish["error"]:
            refused.append(f"Submission {row['id']}: {wish['error']}")
            continue
        if wish["answered_at"] is None:
            session.output.talk(f"Submission {row['id']}: {silent_agent(session, row)} It is asked to {verb} it.")
        done += submissions_of(session, [row["id"]])
    return done, refused


def told(slurm: Slurm, row: Submission, verb: str) -> Submission:
    """The submission, to be looked at again: what is queued again has not ended, whatever was known of it."""
    if row["slurm_job_id"] is None:
        raise CliError(f"Submission {row['id']} is {row['status']}, and Slurm has no job for it.")
    slurm.steer(verb, [row["slurm_job_id"]])
    return {**row, "status": "unknown"} if verb == "requeue" else row
