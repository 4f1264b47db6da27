"""`jobbergate clusters`: the Slurm clusters that the server knows."""

from __future__ import annotations

from typing import Any

import click

from cli import completing
from cli.listing import columns, fetch, listing_options
from cli.session import Command, Noun, Session, pass_session

FIELDS = columns("id name description last_contact_at partitions created_at")
TABLE = columns("name description last_contact_at")


@click.group(cls=Noun)
def clusters() -> None:
    """Slurm clusters that this server knows.

    \b
    Example:
        jobbergate clusters list
    """


@clusters.command("list", cls=Command)
@listing_options(owned=False)
@pass_session
def list_(session: Session, /, **listing: Any) -> None:
    """List the clusters.

    \b
    Example:
        jobbergate clusters list --output json
    """
    rows = fetch(session, "/api/clusters/", **listing)
    session.output.rows(rows, table=TABLE, fields=FIELDS, named_by="name", nothing="There are no clusters.")


@clusters.command(cls=Command)
@click.argument("name", shell_complete=completing.clusters)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one cluster: its partitions, and when its agent was last heard of.

    \b
    Example:
        jobbergate clusters get hpc1
    """
    from cli.client import at

    session.output.row(session.client.get(at("clusters", name)), named_by="name")
