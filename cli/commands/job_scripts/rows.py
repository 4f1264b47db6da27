"""Job scripts as rows: list, show, change, archive, delete."""

from __future__ import annotations

from typing import Any

import click

from cli.commands.job_scripts.noun import job_scripts, script_argument, scripts_argument
from cli.listing import columns, fetch, listing_options, show_each
from cli.session import Command, Session, pass_session

FIELDS = columns("id name description owner application application_name version is_archived created_at updated_at")
TABLE = columns("id name application_name version owner created_at")
# What the server takes in one request.
AT_ONCE = 500


@job_scripts.command("list", cls=Command)
@listing_options(archived=True)
@click.option("--application", metavar="ID", type=int, help="Only those made from this application.")
@click.option("--shared", is_flag=True, help="Those that others share with you, and none of your own.")
@pass_session
def list_(session: Session, /, application: int | None, shared: bool, **listing: Any) -> None:
    """List your own job scripts (staff: everybody's), or those that others share with you.

    \b
    Example:
        jobbergate job-scripts list --application 3 --output id
        jobbergate job-scripts list --shared --owner bob
    """
    rows = fetch(session, "/api/job-scripts/", application=application, shared=shared or None, **listing)
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
@click.option("--entrypoint", metavar="PATH", help="Which of its files sbatch gets.")
@click.option("--archive/--unarchive", "archived", default=None, help="As the verbs `archive` and `unarchive` do.")
@pass_session
def update(
    session: Session,
    script: int,
    name: str | None,
    description: str | None,
    entrypoint: str | None,
    archived: bool | None,
) -> None:
    """Change the name, the description or the entrypoint of a job script.

    \b
    Example:
        jobbergate job-scripts update 12 --name "Two nodes, long"
        jobbergate job-scripts update 12 --entrypoint long.sh
    """
    from cli.client import at
    from cli.publishing import changes, refuse_no_change

    new = changes(name=name, description=description, entrypoint=entrypoint, is_archived=archived)
    refuse_no_change(new, "--name, --description, --entrypoint, --archive or --unarchive")
    session.output.row(session.client.patch(at("job-scripts", script), new))


@job_scripts.command(cls=Command)
@scripts_argument
@click.pass_context
@pass_session
def archive(session: Session, ctx: click.Context, scripts: tuple[int, ...]) -> None:
    """Hide job scripts from listings. They can still be used by their ids.

    \b
    Example:
        jobbergate job-scripts archive 12 13
    """
    done, refused = _bulk(session, "archive", scripts)
    show_each(session, ctx, done, refused, asked=len(scripts), table=TABLE, fields=FIELDS)


@job_scripts.command(cls=Command)
@scripts_argument
@click.pass_context
@pass_session
def unarchive(session: Session, ctx: click.Context, scripts: tuple[int, ...]) -> None:
    """Bring archived job scripts back to listings.

    \b
    Example:
        jobbergate job-scripts unarchive 12
    """
    done, refused = _bulk(session, "unarchive", scripts)
    show_each(session, ctx, done, refused, asked=len(scripts), table=TABLE, fields=FIELDS)


@job_scripts.command(cls=Command)
@scripts_argument
@click.pass_context
@pass_session
def delete(session: Session, ctx: click.Context, scripts: tuple[int, ...]) -> None:
    """Delete job scripts. What was submitted stays until its submissions are deleted.

    \b
    Example:
        jobbergate job-scripts delete 12 13
    """
    done, refused = _bulk(session, "delete", scripts)
    for row in done:
        session.output.talk(f"The job script {row['id']} is deleted.")
    gone = [{"id": row["id"], "deleted": True} for row in done] if session.output.format != "table" else []
    show_each(session, ctx, gone, refused, asked=len(scripts), table=("id",), fields=("id", "deleted"))


def _bulk(session: Session, action: str, scripts: tuple[int, ...]) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows in the order of the ids, and why it was not done with the others."""
    ids = list(dict.fromkeys(scripts))
    done: dict[int, dict[str, Any]] = {}
    refused: list[str] = []
    for start in range(0, len(ids), AT_ONCE):
        answer = session.client.post("/api/job-scripts/bulk/", {"action": action, "ids": ids[start : start + AT_ONCE]})
        done |= {row["id"]: row for row in answer["results"]}
        refused += [f"Job script {id}: {why}" for id, why in answer["errors"].items()]
    return [done[id] for id in ids if id in done], refused
