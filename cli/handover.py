"""One submission's way into Slurm, exactly once.

Lease at the server → files into the directory → `sbatch --hold` with the tag as the job's comment → record the job's id
at the server → release. Whoever dies on the way leaves one of three things, and each can be gone on from: nothing in
Slurm; a held job that its tag names; a recorded job that is still held. Only a recorded job is ever released, and only
one is ever recorded, so only one ever runs.
"""

from __future__ import annotations

import os
import re
import socket
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.client import at
from cli.errors import ApiError, CliError, NotSignedIn, Unreachable
from cli.queue import Queue, Submission
from cli.slurm import Accepted, NoAnswer, Slurm, SlurmRefused, SlurmSilent
from cli.slurm_text import TAG_PREFIX

if TYPE_CHECKING:
    from cli.client import Client

Talk = Callable[[str], None]

LONGEST_REASON = 20_000
PROCESSES = Path("/proc")


class Interrupted(CliError):
    """The hand-over stopped half-way, and nothing is lost: it can be gone on with."""

    def __init__(self, number: int, problem: CliError) -> None:
        self.exit_code = problem.exit_code
        way = f"`jobbergate job-submissions get {number} --refresh` goes on from here."
        super().__init__(f"{problem} Submission {number} is kept; {way}")


def silently(_sentence: str) -> None:
    pass


def hand_over(
    client: Client,
    slurm: Slurm,
    submission: Submission,
    *,
    directory: Path | None = None,
    instead_of: str = "",
    talk: Talk = silently,
) -> Submission:
    """The submission as the server knows it afterwards: `pending`, or `rejected` with the words of sbatch.

    `instead_of` names a lease's holder that is known to be dead. Raises Interrupted when Slurm or the server falls
    silent on the way.
    """
    place = _directory(submission, directory)
    try:
        leased = _lease(client, submission, place, instead_of)
    except ApiError as refusal:
        if refusal.code not in ("leased", "already_recorded", "not_submittable"):
            raise
        talk(f"Submission {submission['id']} is left to somebody else: {refusal.detail}")
        return _detail(client, submission)
    try:
        # Somebody has been here before, and may have come as far as Slurm.
        found = _in_queue(slurm, leased) if submission["status"] != "created" else None
        if found is None and leased["cancel_requested"]:
            return _reject(client, leased, "Cancelled before it reached Slurm.")
        if found is None and leased["never_begins"]:
            raise Refusal(leased["never_begins"])
        job, cluster = (found, None) if found else _submit(client, slurm, leased, place, talk)
        return take_in(client, slurm, leased, job, cluster=cluster, talk=talk)
    except Refusal as refusal:
        talk(str(refusal))
        return _reject(client, leased, str(refusal))
    except (SlurmSilent, Unreachable, NotSignedIn) as problem:
        raise Interrupted(leased["id"], problem) from problem


class Refusal(CliError):
    """It cannot be submitted, and nothing of it is in Slurm."""


def take_in(
    client: Client, slurm: Slurm, submission: Submission, job: int, *, cluster: str | None = None, talk: Talk = silently
) -> Submission:
    """Records a held job as the submission's, then lets it go, or cancels it if that is what its owner wants by now."""
    identity = {"slurm_job_id": job, "slurm_cluster": cluster or slurm.cluster_name()}
    try:
        recorded: Submission = client.post(at("job-submissions", submission["id"], "record"), identity)
    except ApiError as refusal:
        if refusal.status not in (404, 409):
            raise
        # Another job was recorded, or the submission has ended or is deleted: nobody would ever follow this one.
        slurm.scancel(job)
        talk(f"Slurm job {job} was one too many for submission {submission['id']}, and is cancelled: {refusal.detail}")
        if refusal.status == 404:
            raise
        return _detail(client, submission)
    if recorded["cancel_requested"]:
        slurm.scancel(job)
        return recorded
    if recorded["released"]:
        return recorded
    return release(client, slurm, recorded)


def release(client: Client, slurm: Slurm, recorded: Submission) -> Submission:
    """Lets a recorded job go; a job that is over, or that an administrator holds, stays as it is."""
    job = recorded["slurm_job_id"]
    try:
        slurm.release(job)
    except SlurmRefused:
        return recorded
    told = {"id": recorded["id"], "slurm_job_id": job, "state": "PENDING", "reason": "", "released": True}
    some = {"slurm_cluster": recorded["slurm_cluster"], "reports": [told]}
    answer = client.post(at("job-submissions", "report"), some)
    return next(iter(answer["results"]), recorded)


# --- the steps ------------------------------------------------------------------------------------------------------


def _lease(client: Client, submission: Submission, place: Path, instead_of: str) -> Submission:
    wanted = {"holder": own_name(), "execution_directory": str(place)}
    if instead_of:
        wanted["instead_of"] = instead_of
    leased: Submission = client.post(at("job-submissions", submission["id"], "lease"), wanted)
    return leased


def _submit(client: Client, slurm: Slurm, leased: Submission, place: Path, talk: Talk) -> tuple[int, str | None]:
    """Job id, and the cluster if sbatch names it; raises Refusal or SlurmSilent."""
    entrypoint = _stage(client, leased, place)
    arguments = [*leased["sbatch_arguments"], *leased["dependency_arguments"]]
    told = slurm.sbatch(arguments, comment=leased["comment"], entrypoint=entrypoint, directory=place)
    if isinstance(told, NoAnswer):
        raise SlurmSilent(f"Slurm did not answer sbatch: {_sentence(told.text)}")
    if isinstance(told, Accepted):
        if told.text:
            talk(told.text)
        return told.job_id, told.cluster
    # A refusal may be wrong, and an id may be kept from us by `#SBATCH --quiet`.
    found = _in_queue(slurm, leased)
    if found is None:
        raise Refusal(told.text)
    return found, None


def _stage(client: Client, leased: Submission, place: Path) -> str:
    """The script's files in the directory, and the path of the one to submit."""
    from cli.folder import read_archive, refuse_damage, write_files

    script = client.get(at("job-scripts", leased["job_script"]))
    archive = client.download(at("job-scripts", leased["job_script"], "archive"))
    try:
        files = read_archive(archive)
        refuse_damage(files, script["files"])
        write_files(files, place)
    except CliError as problem:
        raise Refusal(str(problem)) from problem
    entrypoint: str = script["entrypoint"]
    return entrypoint


def _in_queue(slurm: Slurm, submission: Submission) -> int | None:
    return next(iter(Queue(slurm.squeue()).tagged(submission["tag"])), None)


def _reject(client: Client, submission: Submission, reason: str) -> Submission:
    path = at("job-submissions", submission["id"], "reject")
    try:
        rejected: Submission = client.post(path, {"reason": reason[:LONGEST_REASON]})
    except ApiError as refusal:
        # Somebody who took over from us has come further.
        if refusal.status != 409:
            raise
        return _detail(client, submission)
    return rejected


def _detail(client: Client, submission: Submission) -> Submission:
    detail: Submission = client.get(at("job-submissions", submission["id"]))
    return detail


def _sentence(text: str) -> str:
    return f"{' '.join(text.split()).rstrip('.')}."


def _directory(submission: Submission, wanted: Path | None) -> Path:
    """Where it was begun, where its owner wants it, or a new directory here."""
    if wanted is None and submission["execution_directory"]:
        return Path(submission["execution_directory"])
    return (wanted or Path(f"{slug(submission['name'])}-{submission['id']}")).absolute()


def slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "job"


# --- who holds a lease ----------------------------------------------------------------------------------------------


def own_name() -> str:
    """`host/pid/start time`: a process id alone is used again."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def is_dead(holder: str, tag: str) -> bool:
    """Whether a lease's holder was a process of this machine that is no more, and neither is its sbatch.

    An sbatch lives on when the process that started it is killed, and may still submit.
    """
    host, _, process = holder.partition("/")
    pid, _, started = process.partition("/")
    if host != socket.gethostname() or not pid.isdigit() or not PROCESSES.joinpath("self").exists():
        return False
    return _started(int(pid)) != started and not _is_being_submitted(tag)


def _started(pid: int) -> str | None:
    """The start time of a living process, in clock ticks since the machine started."""
    try:
        fields = PROCESSES.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _is_being_submitted(tag: str) -> bool:
    mark = f"--comment={TAG_PREFIX}{tag}".encode()
    for process in PROCESSES.glob("[0-9]*/cmdline"):
        try:
            if mark in process.read_bytes():
                return True
        except OSError:
            continue
    return False
