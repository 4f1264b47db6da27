"""The only module that starts sbatch, squeue, sacct, sinfo, scancel and scontrol.

Every command is a list of arguments, built here, and runs with its person's own environment less what would steer
Slurm behind our back. A command that Slurm did not answer raises SlurmSilent: nothing is known then, so nothing may
be concluded.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from cli.errors import CliError
from cli.slurm_text import (
    QUEUE_FORMAT,
    RECORD_FIELDS,
    SEPARATOR,
    WAIT_STATUS_FIELDS,
    Paths,
    Row,
    cluster_name,
    exit_codes,
    max_array_size,
    named_jobs,
    output_paths,
    queue_rows,
    record_rows,
    wait_statuses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

# While the queue is full, sbatch itself tries again for 120 s; one that is killed before may have submitted.
SBATCH_SECONDS = 180
# After its id sbatch has nothing more to do, except for a script that holds `#SBATCH --wait`.
LINGER_SECONDS = 2
COMMAND_SECONDS = 100
IDS_AT_ONCE = 5000
# So many jobs are asked for one by one; for more of them the whole queue is listed once.
FEW = 20

STEERING_VERBS = {"release": "release", "hold": "hold", "requeue": "requeue"}
STEERING = re.compile(r"(SBATCH|SLURM|SQUEUE|SACCT|SINFO|SCANCEL|SCONTROL|JOBBERGATE)_")
# What Slurm says when the question did not arrive, or the answer did not.
SILENCE = re.compile(
    r"unable to contact|connection|connected|(connect|send|receive|shutdown) failure|no route to host|timed out"
    r"|zero bytes|insane message|message header|header lengths|unexpected message|communication|standby mode|retry"
    r"|temporarily|incompatible versions|authentication|credential|munge|broken pipe|network is|interrupted system call"
    r"|cannot allocate memory|configuration (source|file)",
    re.IGNORECASE,
)
# The last word is slurmctld's; what stands before it may be a site's own text, which proves nothing.
_VERDICT = re.compile(r"Batch job submission failed: (.*)|\bfatal: (.*)")
_JOB_ID = re.compile(r"(?P<job>\d+)(?:;(?P<cluster>\S+))?")


class SlurmSilent(CliError):
    """Slurm gave no answer."""


class SlurmRefused(CliError):
    """Slurm answered, and said no."""


@dataclass(frozen=True)
class Accepted:
    job_id: int
    # Named by sbatch only where it was asked for several clusters.
    cluster: str | None
    text: str


@dataclass(frozen=True)
class Refused:
    text: str


@dataclass(frozen=True)
class NoAnswer:
    """The job may exist, or may come to exist a little later: a controller that hung submits when it wakes up."""

    text: str


def sbatch_command(arguments: Sequence[str], comment: str, entrypoint: str) -> list[str]:
    """The owner's arguments, in the middle of ours.

    Nothing takes back a `--hold`, and of two comments the last one counts. The first one is for arguments that end in
    an option without its value, which takes the second comment for that.
    """
    ours = f"--comment={comment}"
    return ["sbatch", "--parsable", "--hold", ours, *arguments, ours, f"./{entrypoint}"]


def job_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What the job inherits: all that `sbatch` by hand would give it, modules too, but no options and no passwords."""
    return {name: value for name, value in environment.items() if name == "SLURM_CONF" or not STEERING.match(name)}


def asking_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """For commands whose output is parsed: times as epoch seconds, no array expression cut to 64 characters."""
    return {**job_environment(environment), "LC_ALL": "C", "SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}


def outcome(code: int, lines: Iterable[str], text: str) -> Accepted | Refused | NoAnswer:
    """What became of a submission, from the exit status, standard output and standard error of sbatch.

    A job id is believed whatever the exit status: with `#SBATCH --wait` that is the job's own.
    """
    text = text.strip()
    for line in lines:
        if found := _JOB_ID.fullmatch(line.strip()):
            return Accepted(int(found["job"]), found["cluster"], text)
    if code == 0:
        return Refused(f"{text or 'sbatch said nothing'} (sbatch made no job)")
    if code < 0 or any(SILENCE.search(" ".join(words)) for words in _VERDICT.findall(text)[-1:]):
        return NoAnswer(text or f"sbatch was ended by signal {-code}")
    return Refused(text or f"sbatch ended with exit status {code} and said nothing")


class Slurm:
    """The Slurm of this machine, spoken to as the person who runs us."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._cluster: str | None = None

    def available(self) -> bool:
        return shutil.which("sbatch", path=self._environment.get("PATH", os.defpath)) is not None

    def cluster_name(self) -> str:
        if self._cluster is None:
            self._cluster = cluster_name(self._answer(["scontrol", "show", "config"]))
        if self._cluster is None:
            raise SlurmSilent("Slurm does not say what its cluster is called (scontrol show config).")
        return self._cluster

    def config(self) -> str:
        """All of `scontrol show config`."""
        return self._answer(["scontrol", "show", "config"])

    def sinfo(self, fields: str) -> str:
        """What sinfo prints of these fields, with plain numbers."""
        return self._answer(["sinfo", "--noheader", "--noconvert", "-o", fields])

    def max_array_size(self) -> int | None:
        """An index of an array is smaller; None where Slurm does not say, 0 where it takes no arrays."""
        return max_array_size(self._answer(["scontrol", "show", "config"]))

    def sbatch(
        self, arguments: Sequence[str], *, comment: str, entrypoint: str, directory: Path
    ) -> Accepted | Refused | NoAnswer:
        """Submits, held. Standard output and error are kept apart: sites write greetings to the latter."""
        command = sbatch_command(arguments, comment, entrypoint)
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            try:
                code, lines = _submit(command, directory, job_environment(self._environment), said)
            except OSError as error:
                return Refused(f"sbatch cannot be started: {error.strerror}.")
            said.seek(0)
            return outcome(code, lines, said.read())

    def squeue(self, user: str | None = None, *, everybody: bool = False) -> list[Row]:
        """All jobs of a user that Slurm remembers, also the ended ones; the caller's own by default."""
        marker = f"{secrets.token_hex(8)}:"
        whose = [] if everybody else ["-u", user or str(os.getuid())]
        # With --all: jobs in a hidden partition are there too, and must not be submitted once more.
        command = ["squeue", "--all", "-h", "-t", "all", *whose, "-o", marker + QUEUE_FORMAT]
        return queue_rows(self._answer(command), marker)

    def waiting_or_running(self, user: str | None = None) -> list[tuple[str, str]]:
        """Id and name of each job in the queue, by default of everybody's."""
        marker = f"{secrets.token_hex(8)}:"
        whose = ["-u", user] if user else []
        return named_jobs(self._answer(["squeue", "-h", *whose, "-o", f"{marker}%i{SEPARATOR}%j"]), marker)

    def sacct(self, jobs: Iterable[int], *, seconds: int) -> list[Row] | None:
        """Accounting of jobs that were there within the last so many seconds; None where there is no accounting."""
        ids = sorted(set(jobs))
        rows: list[Row] = []
        delimiter = f"{SEPARATOR}{secrets.token_hex(8)}{SEPARATOR}"
        for start in range(0, len(ids), IDS_AT_ONCE):
            listed = ",".join(map(str, ids[start : start + IDS_AT_ONCE]))
            asked = ["-j", listed, "-S", f"now-{max(seconds, 60)}", "-o", RECORD_FIELDS]
            # A job that is queued again has one more record under its id, and so has another job that got the id later.
            shape = ["--noheader", "--parsable2", "--duplicates", f"--delimiter={delimiter}"]
            done = self._run(["sacct", *shape, *asked])
            if done.returncode and "accounting storage is disabled" in done.stderr:
                return None
            rows += record_rows(_checked(done), delimiter)
        return rows

    def exit_codes(self, job: int) -> dict[int, str]:
        """Part → `rc:signal` of a job, as long as the controller remembers it."""
        try:
            return exit_codes(self._answer(["scontrol", "--all", "show", "job", str(job)]))
        except SlurmRefused:
            return {}

    def output_paths(self, job: int) -> dict[int, Paths]:
        """Part → where it writes to, as long as the controller remembers the job."""
        try:
            return output_paths(self._answer(["scontrol", "show", "job", str(job)]))
        except SlurmRefused:
            return {}

    def steer(self, verb: str, jobs: Iterable[int]) -> None:
        """`cancel`, `release`, `hold` or `requeue` jobs. Whoever is refused one of them may not have been refused all.

        Released jobs may be released again, and cancelled ones cancelled; ended and unknown ones raise SlurmRefused,
        but for `cancel`, which is silent about them.
        """
        listed = [str(job) for job in jobs]
        self._answer(["scancel", *listed] if verb == "cancel" else ["scontrol", STEERING_VERBS[verb], ",".join(listed)])

    def exit_codes_of(self, jobs: Iterable[int]) -> dict[int, dict[int, str]]:
        """Job → part → `rc:signal`, as long as the controller remembers them."""
        wanted = set(jobs)
        if len(wanted) <= FEW:
            return {job: self.exit_codes(job) for job in wanted}
        listed = wait_statuses(self._answer(["squeue", "--all", "-h", "-t", "all", "-O", WAIT_STATUS_FIELDS]))
        return {job: listed.get(job, {}) for job in wanted}

    def release(self, job: int) -> None:
        self.steer("release", [job])

    def scancel(self, job: int) -> None:
        self.steer("cancel", [job])

    def _answer(self, command: list[str]) -> str:
        return _checked(self._run(command))

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                env=asking_environment(self._environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SlurmSilent(f"Slurm gave no answer to {command[0]} within {COMMAND_SECONDS} s.") from error
        except OSError as error:
            raise SlurmSilent(f"{command[0]} cannot be started here: {error.strerror}.") from error


def _submit(command: list[str], directory: Path, environment: dict[str, str], said: IO[str]) -> tuple[int, list[str]]:
    """Exit status and standard output of sbatch, up to the job id."""
    with subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=said,
        encoding="utf-8",
        errors="replace",
    ) as process:
        watchdog = threading.Timer(SBATCH_SECONDS, process.kill)
        watchdog.daemon = True
        watchdog.start()
        lines: list[str] = []
        try:
            for line in process.stdout or ():
                lines.append(line)
                if _JOB_ID.fullmatch(line.strip()):
                    return process.wait(LINGER_SECONDS), lines
            return process.wait(), lines
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(), lines
        finally:
            watchdog.cancel()


def _checked(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == 0:
        return done.stdout
    words = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
    # A list is refused by nobody: when one of these fails, nothing was answered.
    if done.args[0] in ("squeue", "sacct", "sinfo") or SILENCE.search(done.stderr):
        raise SlurmSilent(f"Slurm does not answer: {words}.")
    raise SlurmRefused(f"Slurm refuses `{' '.join(done.args)}`: {words}.")


def queued_jobs(user: str | None) -> list[tuple[str, str]]:
    """Id and name of each job in the queue of this machine's Slurm; everybody's, when no user is named."""
    return Slurm(os.environ).waiting_or_running(user)
