"""Job scripts out of applications and answers, out of files, and out of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import completing
from cli.commands.job_scripts.noun import job_scripts, script_argument
from cli.errors import UsageProblem
from cli.preparing import Changes, Wishes, answer_options, change_options
from cli.session import Command, Session, pass_session
from cli.sweeping import sweep_options


@job_scripts.command(cls=Command)
@click.argument("application", required=False, shell_complete=completing.applications)
@answer_options
@sweep_options
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
    help="Write its files too: into this directory, or the current one; with --force over files that differ.",
)
@pass_session
def create(
    session: Session,
    /,
    application: str | None,
    upload: Path | None,
    entrypoint: str | None,
    directory: Path | None,
    sweep: bool,
    side_by_side: bool,
    sweep_file: str | None,
    max_queued: int | None,
    **wishes: Any,
) -> None:
    """Make a job script from an application and answers, or a sweep of them.

    Questions are asked on a terminal; elsewhere every answer has to be given, or --fast. With --sweep each answer may
    have several values, with commas between them, and there is a script for every combination.

    \b
    Example:
        jobbergate job-scripts create my-application -n "Two nodes" -a nodes=2
        jobbergate job-scripts create my-application --answers answers.yaml -p --time=10 --download results
        jobbergate job-scripts create my-application -a nodes=1,2,4 -a solver=cg,gmres --sweep
        jobbergate job-scripts create --upload job.sh
    """
    from cli.downloading import write_script
    from cli.preparing import create_script
    from cli.sweeping import SweepWishes, create_sweep
    from cli.uploading import upload_script

    how = SweepWishes(sweep, side_by_side, sweep_file, max_queued)
    how.check()
    if how.wanted:
        if upload is not None or entrypoint is not None or directory is not None or application is None:
            raise UsageProblem("A sweep is made from an APPLICATION; `jobbergate sweeps download ID` writes its files.")
        return session.output.row(create_sweep(session, application, Wishes(**wishes), how))

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
        write_script(session, script, directory, force=wishes["force"], quietly=True)


@job_scripts.command(cls=Command)
@click.argument("application", shell_complete=completing.applications)
@answer_options
@click.option(
    "--against",
    metavar="ID",
    type=int,
    shell_complete=completing.job_scripts,
    help="Show only what differs from this job script.",
)
@pass_session
def preview(session: Session, /, application: str, against: int | None, **wishes: Any) -> None:
    """Show what `create` would make, and save nothing.

    \b
    Example:
        jobbergate job-scripts preview my-application --fast
        jobbergate job-scripts preview my-application -a nodes=8 --fast --against 12
    """
    from cli.preparing import prepare, show_warnings

    body = prepare(session, application, Wishes(**wishes))
    with session.output.progress("Rendering"):
        script = session.client.post("/api/job-scripts/preview/", body)
    show_warnings(session, script)
    if against is not None:
        return _compare_with_saved(session, against, script)
    if session.output.format != "table":
        return session.output.row(script, named_by="name")
    for file in script["files"]:
        if len(script["files"]) > 1:
            session.output.text(f"==> {file['path']} <==\n")
        session.output.text("(no text)\n" if file["content"] is None else file["content"])


def _compare_with_saved(session: Session, number: int, preview: dict[str, Any]) -> None:
    from cli.comparing_scripts import fetched, show_difference

    saved = fetched(session, number)
    # What is no text is not in a preview: there it can only be said that both have it.
    contents = {
        file["path"]: saved["files"].get(file["path"], b"\0") if file["content"] is None else file["content"].encode()
        for file in preview["files"]
    }
    show_difference(session, saved, {**preview, "files": contents})


@job_scripts.command(cls=Command)
@script_argument
@change_options
@pass_session
def clone(session: Session, /, script: int, **changes: Any) -> None:
    """Copy a job script as it is; with changed answers it is rendered again, as `rerun` does.

    \b
    Example:
        jobbergate job-scripts clone 12
        jobbergate job-scripts clone 12 -a nodes=4
    """
    from cli.preparing import copy_script

    session.output.row(copy_script(session, script, Changes(**changes, latest=False)))


@job_scripts.command(cls=Command)
@script_argument
@change_options
@click.option("--latest", is_flag=True, help="From the newest version of the application, not from the script's own.")
@pass_session
def rerun(session: Session, /, script: int, **changes: Any) -> None:
    """Render a job script again, from its stored answers and with changes.

    It comes from exactly the version that the script came from, unless --latest is given: the same answers give the
    same bytes. What was edited by hand is not in it.

    \b
    Example:
        jobbergate job-scripts rerun 12 -a nodes=8
        jobbergate job-scripts rerun 12 --latest
    """
    from cli.preparing import render_again

    session.output.row(render_again(session, script, Changes(**changes)))


@job_scripts.command(cls=Command)
@click.argument("old", metavar="ID", type=int, shell_complete=completing.job_scripts)
@click.argument("new", metavar="OTHER_ID", type=int, shell_complete=completing.job_scripts)
@pass_session
def diff(session: Session, old: int, new: int) -> None:
    """Show what differs between two job scripts: version, answers, resources, and files line by line.

    \b
    Example:
        jobbergate job-scripts diff 12 13
        jobbergate job-scripts diff 12 13 --output json
    """
    from cli.comparing_scripts import fetched, show_difference

    with session.output.progress("Downloading"):
        before, after = fetched(session, old), fetched(session, new)
    show_difference(session, before, after)
