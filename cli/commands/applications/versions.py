"""An application's versions: which there are, what differs between them, and back to an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import completing
from cli.commands.applications.noun import application_argument, applications
from cli.listing import columns
from cli.session import Command, Session, pass_session

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = columns("id application number kind sha256 note size created_by created_at")
TABLE = columns("number kind created_by created_at note")


def _number_or_latest(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value != "latest" and not (value.isascii() and value.isdecimal()):
        raise click.BadParameter(f"{value!r} is not accepted; give a version's number, or latest.")
    return value


def version_argument(name: str, **settings: Any) -> Callable[[Any], Any]:
    return click.argument(name, shell_complete=completing.versions, callback=_number_or_latest, **settings)


@applications.command(cls=Command)
@application_argument
@pass_session
def versions(session: Session, application: str) -> None:
    """List the versions of an application, the newest first.

    \b
    Example:
        jobbergate applications versions my-application
    """
    from cli.client import at

    rows = list(session.client.pages(at("applications", application, "versions")))
    session.output.rows(rows, table=TABLE, fields=FIELDS, named_by="number", nothing="There are no versions.")


@applications.command(cls=Command)
@application_argument
@version_argument("old")
@version_argument("new", default="latest")
@pass_session
def diff(session: Session, application: str, old: str, new: str) -> None:
    """Show what differs between two versions: files line by line, questions in words.

    \b
    Example:
        jobbergate applications diff my-application 1
        jobbergate applications diff my-application 1 3 --output json
    """
    from cli.client import at
    from cli.comparing import show_difference

    row = session.client.get(at("applications", application))
    show_difference(session, row["id"], old, new)


@applications.command(cls=Command)
@application_argument
@version_argument("number")
@click.option("--note", help="Why; `Restores version N.` where none is given.")
@pass_session
def restore(session: Session, application: str, number: str, note: str | None) -> None:
    """Publish what an earlier version holds as the newest one.

    The versions that came between stay, and so does every script that was made from them.

    \b
    Example:
        jobbergate applications restore my-application 2 --note "The new mesh was too coarse."
    """
    from cli.client import at
    from cli.publishing import say_published

    row = session.client.get(at("applications", application))
    path = at("applications", row["id"], "versions", number, "restore")
    version = session.client.create(path, {"note": note} if note else {})
    say_published(session, version, before=row["latest_version"])
    session.output.row({field: version[field] for field in FIELDS}, named_by="number")
