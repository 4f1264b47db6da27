"""`convert`: from a program to the questions that say the same."""

from __future__ import annotations

from pathlib import Path

import click

from cli.commands.applications.noun import applications
from cli.errors import CliError
from cli.session import Command, Session, pass_session


@applications.command(cls=Command)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--trust", is_flag=True, help="Run the folder's jobbergate.py without asking.")
@pass_session
def convert(session: Session, path: Path, trust: bool) -> None:
    """Print the jobbergate.yaml that does without jobbergate.py.

    The program runs some hundred times, to see what it asks and computes. Where a form cannot say the same, each
    reason is told, and nothing is printed.

    \b
    Example:
        jobbergate applications convert ./my-application > jobbergate.yaml
    """
    from cli.conversion.config_text import config_text
    from cli.conversion.converting import convert as converted
    from cli.folder import CONFIG, read_folder
    from cli.foreign import PROGRAM
    from cli.publishing import has_questions
    from cli.trust import Content
    from cli.trusting import about_earlier, may_run

    files = read_folder(path)
    if PROGRAM not in files:
        raise CliError(f"{path} has no {PROGRAM}, so there is nothing to convert.")
    if has_questions(files):
        raise CliError(f"{path} has questions in its {CONFIG}, so its {PROGRAM} does not count.")
    content = Content.of_folder(path, files)
    purpose = f"To find its questions, {PROGRAM} of this folder has to run on this machine, some hundred times."
    if not may_run(session, content, purpose=purpose, trust=trust):
        raise CliError(
            f"{PROGRAM} of {path} was not run, since nobody trusted it; read it, then add --trust or answer at a "
            f"terminal.{about_earlier(session, content)}"
        )
    with session.output.progress("Trying out the program"):
        conversion = converted(path)
    for note in conversion.notes:
        session.output.talk(note)
    for warning in conversion.warnings:
        session.output.warn(warning)
    if session.output.format == "json":
        return session.output.row(conversion.sections)
    session.output.text(config_text(files[CONFIG], conversion.sections))
