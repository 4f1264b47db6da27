"""A job's output files, read as their owner, a bounded piece at a time."""

from __future__ import annotations

import os
import pwd
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.errors import CliError
from cli.output_paths import expanded, output_path, values
from cli.slurm import SlurmSilent
from cli.slurm_text import TAG_PREFIX

if TYPE_CHECKING:
    from cli.slurm import Slurm

# What a request to the server takes.
MOST = 256 * 1024
# By which an agent's refusal is known to be no refusal.
NOT_THERE = "is not there, or not yet."


class NoLog(CliError):
    """There is no such file, or it is not one to be read."""


class NotYet(NoLog):
    """There is no such file; there may be one when the job has begun."""


@dataclass(frozen=True)
class Piece:
    path: str
    offset: int
    # Of the whole file.
    size: int
    content: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.content)

    def told(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "offset": self.offset,
            "size": self.size,
            "content": b64encode(self.content).decode(),
        }

    @classmethod
    def heard(cls, told: Mapping[str, Any]) -> Piece:
        try:
            content = b64decode(told["content"], validate=True)
            return cls(str(told["path"]), int(told["offset"]), int(told["size"]), content)
        except (KeyError, TypeError, ValueError):
            raise NoLog("The cluster's agent answered with something that is no piece of a log.") from None


def read_piece(path: str, offset: int = 0, size: int = MOST, *, from_end: bool = False) -> Piece:
    """At most `size` bytes from `offset`, or the last ones. Of files alone: a FIFO would keep us waiting."""
    try:
        # A FIFO that nobody writes to, or a terminal, must not hold or take the one who opens it.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotYet(f"{path} {NOT_THERE}") from None
    except (OSError, ValueError) as error:
        raise NoLog(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise NoLog(f"{path} is not a file, so it is not read.")
        size = min(size, MOST)
        start = max(found.st_size - size, 0) if from_end else offset
        return Piece(path, start, found.st_size, os.pread(file, size, start))
    except (OSError, OverflowError) as error:
        raise NoLog(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    finally:
        os.close(file)


def path_of(slurm: Slurm, submission: Mapping[str, Any], stream: str, task: int | None) -> str:
    """From Slurm as long as it knows the job, for it has the last word; else from what it was told."""
    if submission["slurm_job_id"] is None:
        raise NotYet("Slurm has no job for it yet, so there is no output.")
    if task is None and submission["tasks"]:
        raise NoLog("It is an array: name one of its tasks, whose output is wanted.")
    try:
        paths = slurm.output_paths(submission["slurm_job_id"]).get(task or 0)
    except SlurmSilent:
        paths = None
    # Slurm uses ids again: a job without our tag may be another one.
    user = pwd.getpwuid(os.getuid()).pw_name
    if paths is not None and (not submission["tag"] or tag_of(paths.comment) == submission["tag"]):
        path = paths.stderr if stream == "stderr" and paths.stderr else paths.stdout
        own = str(paths.job)
        # Slurm 22.05 leaves some of a pattern as it is, such as those with a width.
        return expanded(path, {**values(submission, task, user), "j": own, "J": own}) if "%" in path else path
    return output_path(submission, stream, task, user)


def tag_of(comment: str) -> str:
    first = comment.partition(" ")[0]
    return first.removeprefix(TAG_PREFIX) if first.startswith(TAG_PREFIX) else ""
