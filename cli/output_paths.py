"""Where a job's output went, worked out as Slurm does for when Slurm has forgotten the job. Pure.

Source: sbatch(1) of Slurm 22.05, "FILENAME PATTERN".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from cli.errors import CliError

DEFAULT, OF_ARRAY = "slurm-%j.out", "slurm-%A_%a.out"
WIDEST = 10
_PATTERN = re.compile(r"%(?:%|(\d*)([A-Za-z]))")
_FIRST_NODE = re.compile(r"([^\[,]*)(?:\[(\d+))?")


class NoPath(CliError):
    """It cannot be known any more what the file is called."""


def output_path(submission: Mapping[str, Any], stream: str, task: int | None, user: str) -> str:
    """Of a submission as the server shows it; `stream` is `stdout` or `stderr`, `user` whose job it is to Slurm."""
    # Error output goes with the other one where nothing else is said.
    pattern = submission["stderr"] if stream == "stderr" and submission["stderr"] else submission["stdout"]
    path = expanded(pattern or (DEFAULT if task is None else OF_ARRAY), values(submission, task, user))
    return posixpath.join(submission["execution_directory"], path)


def values(submission: Mapping[str, Any], task: int | None, user: str) -> dict[str, str]:
    """Letter of a pattern → what it stands for; a task's own job id is known to Slurm alone."""
    job, node = str(submission["slurm_job_id"]), first_node(submission["nodes"])
    known = {"A": job, "u": user, "n": "0", "t": "0", "s": "batch"}
    if task is None:
        # Outside of an array the index is Slurm's word for none.
        known |= {"j": job, "J": job, "a": "4294967294"}
    else:
        known |= {"a": str(task), "b": str(task % 10)}
    return known | ({"N": node} if node else {})


def expanded(pattern: str, known: Mapping[str, str]) -> str:
    """A pattern with a backslash in it stands for itself, less the backslashes."""
    if "\\" in pattern:
        return pattern.replace("\\", "")

    def value(found: re.Match[str]) -> str:
        width, letter = found[1], found[2]
        if letter is None:
            return "%"
        if letter not in known:
            words = f"What %{letter} of its output file {pattern!r} stood for is not known"
            raise NoPath(f"{words} here; look into the directory where it ran.")
        text = known[letter]
        return text.zfill(min(int(width or 0), WIDEST)) if text.isdigit() else text

    return _PATTERN.sub(value, pattern)


def first_node(nodes: str) -> str:
    """`n08` of `n[08-10,12],m1`."""
    found = _FIRST_NODE.match(nodes)
    return f"{found[1]}{found[2] or ''}" if found else ""
