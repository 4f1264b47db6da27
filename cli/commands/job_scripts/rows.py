"""Job scripts as rows: list, show, change, delete."""

from __future__ import annotations

from typing import Any

import click

from cli.commands.job_scripts.noun import job_scripts, script_argument
from cli.listing import columns, fetch, listing_options
from cli.session import Command, Session, pass_session

FIELDS = columns("id name description owner application application_name version is_archived created_at updated_at")
TABLE = columns("id name application_name version owner created_at")


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
