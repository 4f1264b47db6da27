"""Files of the server onto this machine: never outside the directory, and never reported when they failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.listing import columns

if TYPE_CHECKING:
    from pathlib import Path

    from cli.session import Session

FIELDS = columns("path size")


def write_archive(session: Session, path: str, directory: Path, *, force: bool, quietly: bool = False) -> None:
    """Fetch a tar.gz, write its files below the directory, and show what was written unless other data is shown."""
    from cli.folder import read_archive, write_files

    with session.output.progress("Downloading"):
        archive = session.client.download(path)
    written = write_files(read_archive(archive), directory, force=force)
    rows = [{"path": str(file), "size": file.stat().st_size} for file in written]
    session.output.talk(f"{len(rows)} {'file' if len(rows) == 1 else 'files'} written to {directory}.")
    if not quietly:
        session.output.rows(rows, table=FIELDS, fields=FIELDS, named_by="path")
