"""`jobbergate agent`: submits and watches for a cluster, from one of its login nodes."""

from __future__ import annotations

from pathlib import Path

import click

from cli.session import Command, Session, pass_session


@click.command(cls=Command)
@click.option("--mine", is_flag=True, help="Only for your own submissions, without root.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of lines `name at the server: account here`, in place of accounts of the same name.",
)
@click.option("--min-uid", type=click.IntRange(min=1), default=1000, show_default=True, help="Refuse accounts below.")
@click.option(
    "--floor", type=click.FloatRange(min=0.5), default=2.0, show_default=True, help="Seconds between looks at Slurm."
)
@click.option(
    "--poll",
    type=click.FloatRange(min=0.1),
    default=0.5,
    show_default=True,
    help="Seconds between looks at the server.",
)
@click.option("--once", is_flag=True, help="End when all that waits is in Slurm, and its state is told.")
@pass_session
def agent(
    session: Session, mine: bool, map_file: Path | None, min_uid: int, floor: float, poll: float, once: bool
) -> None:
    """Submit and watch for this login node's cluster.

    It runs as root, signed in as the agent of its cluster, and does everything for each owner as that owner; with
    --mine it runs as you, for you. It may be stopped and started at any moment.

    \b
    Example:
        jobbergate agent
        jobbergate agent --mine
    """
    from cli.agent.starting import start

    start(session, mine=mine, map_file=map_file, min_uid=min_uid, floor=floor, poll=poll, once=once)
