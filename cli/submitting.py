"""Scripts to Slurm, and looks at what became of them: by this machine's own Slurm, or by a cluster's agent."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.client import at
from cli.errors import CliError, Unreachable, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.session import Session
    from cli.slurm import Slurm

SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
# A job outlives a restart of the server, and so does somebody who waits for it.
LONGEST_OUTAGE = 3600.0


@dataclass(frozen=True)
class Destination:
    cluster: str | None
    execution_directory: str | None
    sbatch_arguments: Sequence[str]


def submit(session: Session, script: int, destination: Destination, *, name: str | None = None) -> dict[str, Any]:
    """The submission as it is after the hand-over, or as it waits for the cluster's agent."""
    slurm = slurm_for(destination.cluster)
    body: dict[str, Any] = {"job_script": script, "via": "login_node" if slurm else "agent"}
    if slurm is not None and (spoken_to := name_of(slurm)):
        body["slurm_cluster"] = spoken_to
    if destination.sbatch_arguments:
        body["sbatch_arguments"] = list(destination.sbatch_arguments)
    if destination.cluster:
        body["cluster"] = destination.cluster
    if name:
        body["name"] = name
    if destination.execution_directory:
        body["execution_directory"] = directory_of(destination.execution_directory, here=slurm is not None)
    submission = session.client.create("/api/job-submissions/", body)
    return _handed_over(session, submission, slurm)


def submit_again(session: Session, number: int) -> dict[str, Any]:
    earlier = session.client.get(at("job-submissions", number))
    slurm = None
    if earlier["via"] == "login_node":
        where = earlier["slurm_cluster"] or earlier["cluster"]
        slurm = slurm_for(where or None)
        if slurm is None:
            raise CliError(
                f"Submission {number} went through a login node{f' of {where}' if where else ''}; resubmit it there, "
                f"or send its script anywhere with `jobbergate job-submissions create {earlier['job_script']}`."
            )
    submission = session.client.create(at("job-submissions", number, "resubmit"), {})
    return _handed_over(session, submission, slurm)


def refreshed(session: Session, submissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same submissions in the same order, one's own after a look at this machine's Slurm.

    A look goes on with what it finds half-way. With other people's, which staff can see, that would submit them as the
    wrong person.
    """
    from cli.observation import refresh

    slurm = slurm_here()
    if slurm is None:
        raise CliError("There is no sbatch on this machine, so there is no Slurm to ask; leave out --refresh.")
    me = session.client.get("/api/whoami/")["username"]
    own = [row for row in submissions if row["owner"] == me]
    with session.output.progress("Asking Slurm"):
        found = {row["id"]: row for row in refresh(session.client, slurm, own, talk=session.output.talk)}
    if len(own) < len(submissions):
        session.output.talk("Submissions of other people are shown as they were last heard of.")
    return [found.get(row["id"], row) for row in submissions]


def wait_for_end(session: Session, submission: dict[str, Any]) -> dict[str, Any]:
    """Looks again and again, ever more seldom; an outage of Slurm or of the server is waited out."""
    pause, silent_since, told = SHORTEST_PAUSE, None, submission["status"]
    with session.output.progress(f"Waiting for submission {submission['id']}"):
        while not _is_final(submission):
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
            try:
                submission, silent_since = _looked_at(session, submission), None
            except Unreachable:
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > LONGEST_OUTAGE:
                    raise
            if submission["status"] != told:
                told = submission["status"]
                if not _is_final(submission):
                    session.output.talk(f"Submission {submission['id']} is {told}.")
                pause = SHORTEST_PAUSE
    return submission


def cancel_all(session: Session, numbers: list[int]) -> tuple[list[dict[str, Any]], list[str]]:
    """What is cancelled or asked to be, and why the others are not. On a login node its Slurm is told at once."""
    answer = session.client.post("/api/job-submissions/cancel/", {"ids": numbers})
    by_number = {row["id"]: row for row in answer["results"]}
    rows = [by_number[number] for number in dict.fromkeys(numbers) if number in by_number]
    if slurm_here() is not None:
        rows = refreshed(session, rows)
    return rows, [f"Submission {number}: {why}" for number, why in answer["errors"].items()]


def describe_end(submission: dict[str, Any]) -> str:
    details = [submission["reason"]] if submission["reason"] not in ("", "None") else []
    if submission["exit_code"]:
        details.append(f"exit code {submission['exit_code']}")
    if submission["signal"]:
        details.append(f"signal {submission['signal']}")
    more = f" ({', '.join(details)})" if details else ""
    return f"Submission {submission['id']} has ended: {submission['status']}{more}."


# --- which Slurm ----------------------------------------------------------------------------------------------------


def slurm_here() -> Slurm | None:
    from cli.slurm import Slurm

    slurm = Slurm(os.environ)
    return slurm if slurm.available() else None


def slurm_for(cluster: str | None) -> Slurm | None:
    """This machine's Slurm, unless another cluster is meant."""
    slurm = slurm_here()
    if slurm is None or cluster is None or slurm.cluster_name() == cluster:
        return slurm
    return None


def name_of(slurm: Slurm) -> str | None:
    """What Slurm calls its cluster, so that no login node of another one goes on with the submission."""
    from cli.slurm import SlurmSilent

    try:
        return slurm.cluster_name()
    except SlurmSilent:
        return None


def directory_of(text: str, *, here: bool) -> str:
    if here:
        return str(Path(text).absolute())
    if not text.startswith("/"):
        raise UsageProblem(f"{text} would be another directory on the cluster than here; give an absolute path.")
    return text


def _handed_over(session: Session, submission: dict[str, Any], slurm: Slurm | None) -> dict[str, Any]:
    from cli.handover import hand_over

    if slurm is None:
        session.output.talk(f"Submission {submission['id']} waits for the agent of {submission['cluster']}.")
        tell_of_silence(session, submission["cluster"])
        return submission
    with session.output.progress("Submitting"):
        submission = hand_over(session.client, slurm, submission, talk=session.output.talk)
    if submission["slurm_job_id"]:
        session.output.talk(f"Submission {submission['id']} is Slurm job {submission['slurm_job_id']}.")
    return submission


def tell_of_silence(session: Session, cluster: str) -> None:
    """It may take a while, then. What has been submitted is so, whether or not the cluster can be asked for."""
    from cli.cluster_words import silence

    try:
        words = silence(session.client.get(at("clusters", cluster)), datetime.now(UTC))
    except CliError:
        return
    if words:
        session.output.talk(words)


def _looked_at(session: Session, submission: dict[str, Any]) -> dict[str, Any]:
    """One look: at Slurm where it is this machine's, else at what the agent has told the server."""
    from cli.observation import refresh
    from cli.slurm import SlurmSilent

    current: dict[str, Any] = session.client.get(at("job-submissions", submission["id"]))
    slurm = slurm_here() if current["via"] == "login_node" else None
    if slurm is None:
        return current
    try:
        return refresh(session.client, slurm, [current], talk=session.output.talk)[0]
    except SlurmSilent:
        # Nothing is known, so nothing has changed.
        return current


def _is_final(submission: dict[str, Any]) -> bool:
    from cli.observation import FINAL

    return submission["status"] in FINAL
