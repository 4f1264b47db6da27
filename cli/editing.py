"""A file of a job script in a person's own editor. What they typed is never lost."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from cli.client import at
from cli.errors import CliError, UsageProblem
from cli.folder import checked_path, read_file
from cli.scriptfiles import File, at_file, save

if TYPE_CHECKING:
    from cli.session import Session

EDITOR = "vi"


def edit_file(session: Session, script: int, path: str | None) -> dict[str, Any]:
    """The script, as it is afterwards; without a path its entrypoint is edited."""
    row: dict[str, Any] = session.client.get(at("job-scripts", script))
    refuse_before_typing(session, row)
    before = as_it_is(session, row, path or row["entrypoint"])
    place = Path(mkdtemp(prefix="jobbergate-"))
    # Its own name, by which an editor knows what it is.
    file = place / PurePosixPath(checked_path(before.path)).name
    file.write_bytes(before.content or b"")
    try:
        run_editor(file)
        typed = File(before.path, read_file(file, before.path))
        if typed.content == (before.content or b""):
            session.output.talk("Nothing was changed, and nothing is saved.")
        else:
            row = save(session, script, typed, before.seen)
    except BaseException:
        keep(session, file, before, script)
        raise
    shutil.rmtree(place)
    return row


def refuse_before_typing(session: Session, row: dict[str, Any]) -> None:
    """Who may not change it, and what was submitted, is told before anybody types: by a rename that changes nothing."""
    session.client.patch(at_file(row["id"], row["entrypoint"]), {"path": row["entrypoint"]})


def as_it_is(session: Session, row: dict[str, Any], path: str) -> File:
    path = checked_path(path)
    is_there = path in {file["path"] for file in row["files"]}
    return File(path, session.client.download(at_file(row["id"], path)) if is_there else None)


def run_editor(file: Path) -> None:
    words = editor()
    try:
        done = subprocess.run([*words, str(file)], check=False)
    except OSError as error:
        raise CliError(f"The editor {words[0]} cannot be started: {error.strerror}; set $EDITOR.") from None
    if done.returncode:
        raise CliError(f"The editor {words[0]} failed (exit status {done.returncode}); nothing is saved.")


def editor() -> list[str]:
    text = os.environ.get("VISUAL") or os.environ.get("EDITOR") or EDITOR
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageProblem(f"$VISUAL or $EDITOR cannot be read as a command: {error}.") from None
    return words or [EDITOR]


def keep(session: Session, file: Path, before: File, script: int) -> None:
    """After a failure: the file stays if something was typed, and it is said where."""
    try:
        is_typed = file.read_bytes() != (before.content or b"")
    except OSError:
        is_typed = False
    if not is_typed:
        return shutil.rmtree(file.parent, ignore_errors=True)
    again = shlex.join(["jobbergate", "job-scripts", "upload", str(script), str(file), "--as", before.path])
    session.output.talk(f"What you typed is kept in {file}. To save it all the same: {again}")
