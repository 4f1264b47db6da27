"""Submissions as rows: list, show, change, delete."""

from __future__ import annotations

from typing import Any

import click

from cli import completing
from cli.commands.job_submissions.noun import FIELDS, TABLE, job_submissions, refresh_option, submission_argument
from cli.listing import fetch, listing_options
from cli.session import Command, Session, pass_session


@job_submissions.command("list", cls=Command)
@listing_options(archived=True)
@click.option("--status", metavar="STATUS[,STATUS]", help="Only these, such as running,pending.")
@click.option("--unfinished/--finished", default=None, help="Only those that have not ended, or that have.")
@click.option("--job-script", metavar="ID", type=int, help="Only those of this job script.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Only those for this cluster.")
@click.option("--slurm-job-id", metavar="ID", type=int, help="Only the one that Slurm knows by this id.")
@refresh_option
@pass_session
def list_(
    session: Session,
    /,
    status: str | None,
    unfinished: bool | None,
    job_script: int | None,
    cluster: str | None,
    slurm_job_id: int | None,
    refresh: bool,
    **listing: Any,
) -> None:
    """List submissions.

    \b
    Example:
        jobbergate job-submissions list --status failed,timeout --ordering -ended_at
    """
    from cli.submitting import refreshed

    rows = fetch(
        session,
        "/api/job-submissions/",
        status=status,
        unfinished=unfinished,
        job_script=job_script,
        cluster=cluster,
        slurm_job_id=slurm_job_id,
        **listing,
    )
    if refresh:
        details = refreshed(session, rows)
        rows = [{field: detail[field] for field in row} for row, detail in zip(rows, details, strict=True)]
    session.output.rows(rows, table=TABLE, fields=FIELDS, nothing="There are no such submissions.")


@job_submissions.command(cls=Command)
@submission_argument
@refresh_option
@pass_session
def get(session: Session, submission: int, refresh: bool) -> None:
    """Show one submission: its state, its times, and what it used.

    \b
    Example:
        jobbergate job-submissions get 31 --refresh --output json
    """
    from cli.client import at
    from cli.submitting import refreshed

    row = session.client.get(at("job-submissions", submission))
    session.output.row(refreshed(session, [row])[0] if refresh else row)


@job_submissions.command(cls=Command)
@submission_argument
@click.option("-n", "--name", help="Its new name.")
@click.option("--description", help="Its new description.")
@click.option("--archive/--unarchive", "archived", default=None, help="Hide it from listings, or show it again.")
@pass_session
def update(session: Session, submission: int, name: str | None, description: str | None, archived: bool | None) -> None:
    """Change the name or the description of a submission.

    \b
    Example:
        jobbergate job-submissions update 31 --name "Second try"
    """
    from cli.client import at
    from cli.publishing import changes, refuse_no_change

    new = changes(name=name, description=description, is_archived=archived)
    refuse_no_change(new, "--name, --description, --archive or --unarchive")
    session.output.row(session.client.patch(at("job-submissions", submission), new))


@job_submissions.command(cls=Command)
@submission_argument
@pass_session
def delete(session: Session, submission: int) -> None:
    """Delete a submission that has ended, or that never reached Slurm.

    \b
    Example:
        jobbergate job-submissions delete 31
    """
    from cli.client import at

    session.client.delete(at("job-submissions", submission))
    session.output.gone("submission", {"id": submission})
