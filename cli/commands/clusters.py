"""`jobbergate clusters`: the Slurm clusters that the server knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from cli import completing
from cli.listing import columns, fetch, listing_options
from cli.session import Command, Noun, Session, pass_session

FIELDS = columns("id name description contact last_contact_at slurm_version partitions limits load created_at")
TABLE = columns("name last_heard slurm_version nodes_idle running pending description")
PARTITIONS = columns("partition state nodes_idle cpus_idle longest_job default_time memory_of_a_node")


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
    """List the clusters, as their agents last described them.

    \b
    Example:
        jobbergate clusters list --output json
    """
    from cli.cluster_words import list_row

    rows, at = fetch(session, "/api/clusters/", **listing), datetime.now(UTC)
    if session.output.format == "table":
        rows = [list_row(row, at) for row in rows]
    session.output.rows(rows, table=TABLE, fields=FIELDS, named_by="name", nothing="There are no clusters.")


@clusters.command(cls=Command)
@click.argument("name", shell_complete=completing.clusters)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one cluster: its partitions, its limits, what goes on there, and when its agent was last heard of.

    \b
    Example:
        jobbergate clusters get hpc1
    """
    from cli.client import at
    from cli.cluster_words import partition_row, properties

    cluster = session.client.get(at("clusters", name))
    if session.output.format != "table":
        session.output.row(cluster, named_by="name")
        return
    session.output.row(properties(cluster, datetime.now(UTC)))
    if cluster["partitions"]:
        session.output.text("\n")
        session.output.rows(list(map(partition_row, cluster["partitions"])), table=PARTITIONS, fields=PARTITIONS)
