"""What people do with jobs that are on their way: cancel, hold, release, requeue."""

from __future__ import annotations

from typing import Any

import click

from cli import completing
from cli.commands.job_submissions.noun import (
    FIELDS,
    TABLE,
    job_submissions,
    some_submissions_argument,
    submissions_argument,
)
from cli.errors import UsageProblem
from cli.listing import show_each
from cli.session import Command, Session, pass_session


@job_submissions.command(cls=Command)
@some_submissions_argument
@click.option("--status", metavar="STATUS[,STATUS]", help="Your own that are this, such as created,pending.")
@click.option("--job-script", metavar="ID", type=int, help="Your own of this job script.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Your own for this cluster.")
@click.option("--sweep", metavar="ID", type=int, shell_complete=completing.sweeps, help="Your own of this sweep.")
@click.option("--search", metavar="WORDS", help="Your own that contain all these words.")
@click.option("--yes", is_flag=True, help="Do not ask whether those that the options select are meant.")
@click.pass_context
@pass_session
def cancel(session: Session, ctx: click.Context, /, submissions: tuple[int, ...], yes: bool, **filters: Any) -> None:
    """Cancel submissions: these, or your own unfinished ones that options select.

    On a login node scancel is called here; elsewhere the cluster's agent does it.

    \b
    Example:
        jobbergate job-submissions cancel 31 32
        jobbergate job-submissions cancel --status pending --job-script 12 --yes
    """
    from cli.steering import cancel_all, cancel_selected

    wanted = {name: value for name, value in filters.items() if value is not None}
    if bool(submissions) == bool(wanted):
        raise UsageProblem("Name submissions by their ids, or by options such as --status, and not by both.")
    if wanted:
        cancelled, refused = cancel_selected(session, wanted, yes=yes), list[str]()
        if not cancelled:
            return session.output.talk("There are no such submissions of yours that have not ended.")
    else:
        cancelled, refused = cancel_all(session, list(submissions))
    asked = len(submissions) or len(cancelled)
    show_each(session, ctx, cancelled, refused, asked=asked, table=TABLE, fields=FIELDS)


@job_submissions.command(cls=Command)
@submissions_argument
@click.pass_context
@pass_session
def hold(session: Session, ctx: click.Context, submissions: tuple[int, ...]) -> None:
    """Hold jobs that wait: they do not begin before they are released.

    \b
    Example:
        jobbergate job-submissions hold 31
    """
    _steer(session, ctx, "hold", submissions)


@job_submissions.command(cls=Command)
@submissions_argument
@click.pass_context
@pass_session
def release(session: Session, ctx: click.Context, submissions: tuple[int, ...]) -> None:
    """Release jobs that are held.

    \b
    Example:
        jobbergate job-submissions release 31
    """
    _steer(session, ctx, "release", submissions)


@job_submissions.command(cls=Command)
@submissions_argument
@click.pass_context
@pass_session
def requeue(session: Session, ctx: click.Context, submissions: tuple[int, ...]) -> None:
    """Queue jobs again that run or have ended, under the ids that they have.

    \b
    Example:
        jobbergate job-submissions requeue 31
    """
    _steer(session, ctx, "requeue", submissions)


def _steer(session: Session, ctx: click.Context, verb: str, submissions: tuple[int, ...]) -> None:
    from cli.steering import steer

    done, refused = steer(session, verb, submissions)
    show_each(session, ctx, done, refused, asked=len(submissions), table=TABLE, fields=FIELDS)
