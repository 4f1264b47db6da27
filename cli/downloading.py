"""Files of the server onto this machine: never outside the directory, and never reported when they failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.listing import columns

if TYPE_CHECKING:
    from pathlib import Path

    from cli.session import Session

FIELDS = columns("path size")


def write_archive(session: Session, path: str, directory: Path, *, force: bool) -> None:
    """Fetch a tar.gz, write its files below the directory, and show what was written."""
    from cli.folder import read_archive

    with session.output.progress("Downloading"):
        archive = session.client.download(path)
    _write(session, read_archive(archive), directory, force=force)


def write_script(
    session: Session, script: dict[str, Any], directory: Path, *, force: bool, quietly: bool = False
) -> None:
    """The files of a job script, if they are those that its row names; shown unless other data is."""
    from cli.client import at
    from cli.folder import read_archive, refuse_damage

    with session.output.progress("Downloading"):
        files = read_archive(session.client.download(at("job-scripts", script["id"], "archive")))
    refuse_damage(files, script["files"])
    _write(session, files, directory, force=force, quietly=quietly)


def _write(session: Session, files: dict[str, bytes], directory: Path, *, force: bool, quietly: bool = False) -> None:
    from cli.folder import write_files

    written = write_files(files, directory, force=force)
    rows = [{"path": str(file), "size": file.stat().st_size} for file in written]
    session.output.talk(f"{len(rows)} {'file' if len(rows) == 1 else 'files'} written to {directory}.")
    if not quietly:
        session.output.rows(rows, table=FIELDS, fields=FIELDS, named_by="path")
