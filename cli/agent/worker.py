"""One owner's process: it runs as them, and does what is done on their behalf. A line of JSON in, a line out.

It trusts nobody but its own pipe; what it says is believed by nobody further than its owner could do it by hand.
Of several things asked for at once some are done side by side, so answers come in the order in which they are ready.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from base64 import b64decode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from cli.errors import CliError
from cli.folder import write_files
from cli.handover import slug
from cli.logs import path_of, read_piece
from cli.slurm import Accepted, Refused, Slurm, SlurmRefused, SlurmSilent
from cli.writing import NotNow

AT_ONCE = 4
HOME_FOLDER = "jobbergate"
Answer = dict[str, Any]


def submit(slurm: Slurm, home: Path, asked: Mapping[str, Any]) -> Answer:
    """Stages the files, and submits the entrypoint, held."""
    row = asked["submission"]
    directory = directory_of(row, home)
    files = {file["path"]: b64decode(file["content"]) for file in asked["files"]}
    try:
        write_files(files, directory)
    except NotNow as problem:
        return {"outcome": "delayed", "text": str(problem)}
    except CliError as problem:
        return {"outcome": "refused", "text": str(problem)}
    told = slurm.sbatch(
        row["sbatch_arguments"], comment=row["comment"], entrypoint=asked["entrypoint"], directory=directory
    )
    if isinstance(told, Accepted):
        return {"outcome": "accepted", "job": told.job_id, "text": told.text, "directory": str(directory)}
    return {"outcome": "doubtful" if isinstance(told, Refused) else "silent", "text": told.text}


def directory_of(row: Mapping[str, Any], home: Path) -> Path:
    """Where its owner wants it, or a new directory of its own at home."""
    if row["execution_directory"]:
        return Path(row["execution_directory"])
    return home / HOME_FOLDER / f"{slug(row['name'])}-{row['id']}"


def steer(slurm: Slurm, asked: Mapping[str, Any]) -> Answer:
    """`scancel`, or `scontrol release`, `hold`, `requeue`, of several jobs at once."""
    try:
        slurm.steer(asked["verb"], asked["jobs"])
    except SlurmRefused as refusal:
        return {"outcome": "refused", "text": str(refusal)}
    except SlurmSilent as silence:
        return {"outcome": "silent", "text": str(silence)}
    return {"outcome": "done", "text": ""}


def log(slurm: Slurm, asked: Mapping[str, Any]) -> Answer:
    """A piece of a job's output, as its owner may read it."""
    try:
        path = path_of(slurm, asked["submission"], asked["stream"], asked.get("task"))
        wanted = {name: asked[name] for name in ("offset", "size", "from_end") if name in asked}
        piece = read_piece(path, **wanted)
    except CliError as problem:
        return {"outcome": "refused", "text": str(problem)}
    return {"outcome": "done", "answer": piece.told()}


def do(slurm: Slurm, home: Path, asked: Mapping[str, Any]) -> Answer:
    try:
        if asked["do"] == "log":
            return log(slurm, asked)
        return submit(slurm, home, asked) if asked["do"] == "submit" else steer(slurm, asked)
    except Exception as fault:
        # Nobody reads our standard error for long; who asked has to know that this one came to nothing, or may have.
        return {"outcome": "silent", "text": f"{type(fault).__name__}: {fault}"}


class Pipe:
    """Answers, a line each, from whichever thread has one."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def say(self, number: int, answer: Answer) -> None:
        line = json.dumps({"number": number, **answer}).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


def main(uid: int) -> None:
    """Until the agent closes the pipe; what has begun is ended then."""
    if os.getuid() != uid or os.geteuid() != uid or uid == 0:
        sys.exit(f"This has to run as uid {uid}, which is nobody's but its owner's.")
    # How this program was found is no business of a job's.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    slurm, home = Slurm(plain), Path(plain["HOME"])
    pipe = Pipe(sys.stdout.buffer)

    def done(asked: dict[str, Any]) -> None:
        pipe.say(asked["number"], do(slurm, home, asked))

    pipe.say(0, {"outcome": "ready"})
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for line in sys.stdin.buffer:
            threads.submit(done, json.loads(line))


if __name__ == "__main__":
    main(int(sys.argv[1]))
