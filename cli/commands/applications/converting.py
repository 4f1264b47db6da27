"""`convert`: from a program to the questions that say the same."""

from __future__ import annotations

from pathlib import Path

import click

from cli.commands.applications.noun import applications, trust_option
from cli.errors import CliError, UsageProblem
from cli.session import Command, Session, pass_session


@applications.command(cls=Command)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@trust_option
@pass_session
def convert(session: Session, path: Path, trust: bool) -> None:
    """Print the jobbergate.yaml that does without jobbergate.py.

    The program runs some hundred times, to see what it asks and computes. Where a form cannot say the same, each
    reason is told, and nothing is printed.

    \b
    Example:
        jobbergate applications convert ./my-application > jobbergate.yaml
    """
    from cli.conversion.config_text import comments, config_text
    from cli.conversion.converting import convert as converted
    from cli.folder import CONFIG, PROGRAM, laid_out, read_folder
    from cli.publishing import has_questions
    from cli.trust import Content
    from cli.trusting import about_earlier, may_run

    if session.output.format in ("csv", "id"):
        raise UsageProblem("A configuration is no table; leave --output out for jobbergate.yaml, or give yaml or json.")
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
    with session.output.progress("Trying out the program"), laid_out(files) as folder:
        conversion = converted(folder)
    for note in conversion.notes:
        session.output.talk(note)
    for warning in conversion.warnings:
        session.output.warn(warning)
    if session.output.format == "json":
        return session.output.row(conversion.sections)
    text = config_text(files[CONFIG], conversion.sections)
    if comments(files[CONFIG].decode("utf-8-sig", "replace")) > comments(text):
        session.output.warn(f"The comments of {CONFIG} are left out, since it had to be written anew.")
    session.output.text(text)
