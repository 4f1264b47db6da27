"""The files of a job script."""

from __future__ import annotations

from pathlib import Path

import click

from cli.commands.job_scripts.noun import force_option, job_scripts, script_argument
from cli.session import Command, Session, pass_session


@job_scripts.command(cls=Command)
@script_argument
@click.option(
    "-d",
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Where to; the current directory by default.",
)
@force_option
@pass_session
def download(session: Session, script: int, directory: Path, force: bool) -> None:
    """Write the files of a job script into a directory.

    \b
    Example:
        jobbergate job-scripts download 12 -d ./run-12
    """
    from cli.client import at
    from cli.downloading import write_archive

    write_archive(session, at("job-scripts", script, "archive"), directory, force=force)
