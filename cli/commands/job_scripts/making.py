"""Job scripts out of applications and answers, out of files, and out of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import completing
from cli.commands.job_scripts.noun import force_option, job_scripts, script_argument
from cli.errors import UsageProblem
from cli.preparing import Wishes, answer_options
from cli.session import Command, Session, pass_session


@job_scripts.command(cls=Command)
@click.argument("application", required=False, shell_complete=completing.applications)
@answer_options
@click.option(
    "--upload",
    type=click.Path(exists=True, path_type=Path),
    help="A script, or a folder with one, to keep as it is, with no application.",
)
@click.option("--entrypoint", metavar="PATH", help="Which file of an uploaded folder sbatch gets.")
@click.option(
    "-d",
    "--download",
    "directory",
    is_flag=False,
    flag_value=".",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write its files too: into this directory, or the current one.",
)
@force_option
@pass_session
def create(
    session: Session,
    /,
    application: str | None,
    upload: Path | None,
    entrypoint: str | None,
    directory: Path | None,
    force: bool,
    **wishes: Any,
) -> None:
    """Make a job script from an application and answers.

    Questions are asked on a terminal; elsewhere every answer has to be given, or --fast.

    \b
    Example:
        jobbergate job-scripts create my-application -n "Two nodes" -a nodes=2
        jobbergate job-scripts create my-application --answers answers.yaml -p --time=10 --download results
        jobbergate job-scripts create --upload job.sh
    """
    from cli.downloading import write_script
    from cli.preparing import create_script
    from cli.uploading import upload_script

    if (application is None) == (upload is None):
        raise UsageProblem("Give an APPLICATION, or a script of your own with --upload.")
    if upload is not None:
        script = upload_script(session, upload, entrypoint, Wishes(**wishes))
    elif entrypoint is not None:
        raise UsageProblem("--entrypoint goes with --upload; an application names its own.")
    else:
        script = create_script(session, str(application), Wishes(**wishes))
    session.output.row(script)
    if directory is not None:
        write_script(session, script, directory, force=force, quietly=True)


@job_scripts.command(cls=Command)
@click.argument("application", shell_complete=completing.applications)
@answer_options
@pass_session
def preview(session: Session, /, application: str, **wishes: Any) -> None:
    """Show what `create` would make, and save nothing.

    \b
    Example:
        jobbergate job-scripts preview my-application --fast
    """
    from cli.preparing import prepare, show_warnings

    body = prepare(session, application, Wishes(**wishes))
    with session.output.progress("Rendering"):
        script = session.client.post("/api/job-scripts/preview/", body)
    show_warnings(session, script)
    if session.output.format != "table":
        return session.output.row(script, named_by="name")
    for file in script["files"]:
        if len(script["files"]) > 1:
            session.output.text(f"==> {file['path']} <==\n")
        session.output.text("(no text)\n" if file["content"] is None else file["content"])


@job_scripts.command(cls=Command)
@script_argument
@click.option("-n", "--name", help="The copy's name.")
@click.option("--answers", "answers_file", metavar="FILE", help="Answers to change, as JSON or YAML.")
@click.option("-a", "--answer", "pairs", multiple=True, metavar="KEY=VALUE", help="One answer to change.")
@pass_session
def clone(
    session: Session,
    script: int,
    name: str | None,
    answers_file: str | None,
    pairs: tuple[str, ...],
) -> None:
    """Copy a job script; changed answers render it again, from the same version of its application.

    \b
    Example:
        jobbergate job-scripts clone 12 -a nodes=4
    """
    from cli.asking import read_answers
    from cli.client import at
    from cli.preparing import show_warnings
    from cli.publishing import changes

    wanted = changes(name=name, answers=read_answers(answers_file, pairs) or None)
    copy = session.client.create(at("job-scripts", script, "clone"), wanted)
    show_warnings(session, copy)
    session.output.row(copy)
