"""Whom an application is shared with, and whose it is."""

from __future__ import annotations

import sys
from typing import Any

import click

from cli import completing
from cli.commands.applications.noun import application_argument, applications
from cli.errors import CliError, UsageProblem
from cli.listing import columns
from cli.output import Output, on_one_line
from cli.session import Command, Session, pass_session

FIELDS = columns("id user group role created_at")


@applications.command(cls=Command)
@application_argument
@click.option("--user", "users", metavar="USERNAME", multiple=True, help="With this person. May be repeated.")
@click.option("--group", "groups", metavar="GROUP", multiple=True, help="With all of this group. May be repeated.")
@click.option("--editor", is_flag=True, help="They may change it too.")
@pass_session
def share(session: Session, application: str, users: tuple[str, ...], groups: tuple[str, ...], editor: bool) -> None:
    """Share an application with people and groups.

    A reader uses it; a private application becomes shared by that. An editor changes it too. Who is named again in
    another role has that one from then on.

    \b
    Example:
        jobbergate applications share my-application --user bob --group cfd
        jobbergate applications share my-application --user bob --editor
    """
    from cli.client import at

    row = session.client.get(at("applications", application))
    role = "editor" if editor else "reader"
    path = at("applications", row["id"], "shares")
    shared, refused = [], None
    for one in _named(users, groups):
        try:
            shared.append(session.client.create(path, {**one, "role": role}))
        except CliError as error:
            refused = error
            break
    if shared or refused is None:
        _show_shared(session, row, shared, editor=editor)
    if refused is not None:
        raise refused


def _show_shared(session: Session, row: dict[str, Any], shared: list[dict[str, Any]], *, editor: bool) -> None:
    if row["visibility"] == "private" and not editor:
        session.output.talk("It was private; it is shared now.")
    elif row["visibility"] == "public" and not editor:
        session.output.talk("It is public: everybody who is signed in sees it anyway.")
    session.output.rows(shared, table=FIELDS, fields=FIELDS)


@applications.command(cls=Command)
@application_argument
@click.option(
    "--user",
    "users",
    metavar="USERNAME",
    multiple=True,
    shell_complete=completing.sharing_users,
    help="With this person no more. May be repeated.",
)
@click.option(
    "--group",
    "groups",
    metavar="GROUP",
    multiple=True,
    shell_complete=completing.sharing_groups,
    help="With this group no more. May be repeated.",
)
@pass_session
def unshare(session: Session, application: str, users: tuple[str, ...], groups: tuple[str, ...]) -> None:
    """Share an application no more with people and groups.

    \b
    Example:
        jobbergate applications unshare my-application --user bob
    """
    from cli.client import at

    wanted = _named(users, groups)
    path = at("applications", application, "shares")
    found = [_share_of(list(session.client.pages(path)), one) for one in wanted]
    for row in found:
        session.client.delete(f"{path}{row['id']}/")
        session.output.talk(f"It is not shared with {row['user'] or row['group']} any more.")
    if session.output.format != "table":
        gone = [{"id": row["id"], "deleted": True} for row in found]
        session.output.rows(gone, table=("id",), fields=("id", "deleted"))


@applications.command(cls=Command)
@application_argument
@pass_session
def shares(session: Session, application: str) -> None:
    """List whom an application is shared with.

    \b
    Example:
        jobbergate applications shares my-application
    """
    from cli.client import at

    rows = list(session.client.pages(at("applications", application, "shares")))
    session.output.rows(rows, table=FIELDS, fields=FIELDS, nothing="It is shared with nobody.")


@applications.command(cls=Command)
@application_argument
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def transfer(session: Session, application: str, username: str, yes: bool) -> None:
    """Give an application to another owner. You stay an editor.

    \b
    Example:
        jobbergate applications transfer my-application bob --yes
    """
    from cli.client import at

    row = session.client.get(at("applications", application))
    if not yes:
        whose = f"{on_one_line(row['name'])} (of {on_one_line(row['owner'])})"
        _confirm(f"{whose} goes to {on_one_line(username)}, and only they can give it back.")
    session.output.row(session.client.post(at("applications", row["id"], "transfer"), {"owner": username}))


def _named(users: tuple[str, ...], groups: tuple[str, ...]) -> list[dict[str, str]]:
    named = [{"user": name} for name in users] + [{"group": name} for name in groups]
    if not named:
        raise UsageProblem("Say with whom: --user USERNAME or --group GROUP.")
    return named


def _share_of(rows: list[dict[str, Any]], wanted: dict[str, str]) -> dict[str, Any]:
    ((kind, name),) = wanted.items()
    for row in rows:
        if row[kind] == name:
            return row
    raise CliError(f"It is not shared with the {kind} {name}; `jobbergate applications shares` lists with whom it is.")


def _confirm(sentence: str) -> None:
    from cli.terminal import confirmed, terminal

    if not sys.stdin.isatty():
        raise UsageProblem("Nobody can be asked here; --yes goes on without.")
    with terminal(instead="--yes") as stream:
        Output(stderr=stream).talk(sentence)
        if not confirmed("Go on?", stream):
            raise click.Abort
