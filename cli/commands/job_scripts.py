"""`jobbergate job-scripts`: scripts made from applications and answers, or uploaded as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import completing
from cli.errors import UsageProblem
from cli.listing import columns, fetch, listing_options
from cli.preparing import Wishes, answer_options
from cli.session import Command, Noun, Session, pass_session

FIELDS = columns("id name description owner application application_name version is_archived created_at updated_at")
TABLE = columns("id name application_name version owner created_at")

script_argument = click.argument("script", metavar="ID", type=int, shell_complete=completing.job_scripts)
force_option = click.option("--force", is_flag=True, help="Overwrite files that differ.")


@click.group(cls=Noun)
def job_scripts() -> None:
    """Scripts made from applications and answers.

    \b
    Example:
        jobbergate job-scripts create my-application -a nodes=2 --fast
        jobbergate job-scripts download 12
    """


@job_scripts.command("list", cls=Command)
@listing_options(archived=True)
@click.option("--application", metavar="ID", type=int, help="Only those made from this application.")
@pass_session
def list_(session: Session, /, application: int | None, **listing: Any) -> None:
    """List job scripts.

    \b
    Example:
        jobbergate job-scripts list --application 3 --output id
    """
    rows = fetch(session, "/api/job-scripts/", application=application, **listing)
    session.output.rows(rows, table=TABLE, fields=FIELDS, nothing="There are no such job scripts.")


@job_scripts.command(cls=Command)
@script_argument
@pass_session
def get(session: Session, script: int) -> None:
    """Show one job script: its files, and the answers that made it.

    \b
    Example:
        jobbergate job-scripts get 12 --output json
    """
    from cli.client import at

    session.output.row(session.client.get(at("job-scripts", script)))


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
    from cli.client import at
    from cli.downloading import write_archive
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
        write_archive(session, at("job-scripts", script["id"], "archive"), directory, force=force, quietly=True)


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
@click.option("-n", "--name", help="Its new name.")
@click.option("--description", help="Its new description.")
@click.option("--archive/--unarchive", "archived", default=None, help="Hide it from listings, or show it again.")
@pass_session
def update(session: Session, script: int, name: str | None, description: str | None, archived: bool | None) -> None:
    """Change the name or the description of a job script.

    \b
    Example:
        jobbergate job-scripts update 12 --name "Two nodes, long"
    """
    from cli.client import at
    from cli.publishing import changes, refuse_no_change

    new = changes(name=name, description=description, is_archived=archived)
    refuse_no_change(new, "--name, --description, --archive or --unarchive")
    session.output.row(session.client.patch(at("job-scripts", script), new))


@job_scripts.command(cls=Command)
@script_argument
@pass_session
def delete(session: Session, script: int) -> None:
    """Delete a job script.

    \b
    Example:
        jobbergate job-scripts delete 12
    """
    from cli.client import at

    session.client.delete(at("job-scripts", script))
    session.output.gone("job script", {"id": script})


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
