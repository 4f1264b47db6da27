"""Scripts to Slurm, and looks at what became of them: by this machine's own Slurm, or by a cluster's agent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.client import at
from cli.errors import ApiError, CliError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.session import Session
    from cli.slurm import Slurm

SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Destination:
    cluster: str | None
    execution_directory: str | None
    sbatch_arguments: Sequence[str]
    # Submissions that have to have completed, or to have ended, before it begins.
    after_ok: Sequence[int] = ()
    after_any: Sequence[int] = ()


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
    if destination.after_ok:
        body["after_ok"] = list(destination.after_ok)
    if destination.after_any:
        body["after_any"] = list(destination.after_any)
    if slurm is not None:
        _look_at_parents(session, slurm, [*destination.after_ok, *destination.after_any])
    submission = session.client.create("/api/job-submissions/", body)
    return _handed_over(session, submission, slurm)


def submit_again(
    session: Session, number: int, directory: str | None = None, sbatch_arguments: Sequence[str] = ()
) -> dict[str, Any]:
    """With the same arguments where none are given."""
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
    body: dict[str, Any] = {"sbatch_arguments": list(sbatch_arguments)} if sbatch_arguments else {}
    if directory:
        body["execution_directory"] = directory_of(directory, here=slurm is not None)
    submission = session.client.create(at("job-submissions", number, "resubmit"), body)
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


def _look_at_parents(session: Session, slurm: Slurm, numbers: Sequence[int]) -> None:
    """Slurm takes a job that it has forgotten for one that completed, so what became of it has to be known before."""
    from cli.observation import refresh

    if numbers:
        refresh(session.client, slurm, submissions_of(session, numbers), talk=session.output.talk)


def submissions_of(session: Session, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The submissions of these ids, in this order, each once."""
    from cli.observation import IDS_AT_ONCE

    wanted = list(dict.fromkeys(numbers))
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(wanted), IDS_AT_ONCE):
        listed = ",".join(map(str, wanted[start : start + IDS_AT_ONCE]))
        found |= {row["id"]: row for row in session.client.pages("/api/job-submissions/", id=listed)}
    return [found[number] if number in found else submission_of(session, number) for number in wanted]


def submission_of(session: Session, number: int) -> dict[str, Any]:
    """One by itself: lists leave archived ones out."""
    try:
        found: dict[str, Any] = session.client.get(at("job-submissions", number))
    except ApiError as refusal:
        if refusal.status != 404:
            raise
        raise CliError(f"There is no submission {number} that you may see.") from refusal
    return found
