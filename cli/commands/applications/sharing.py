"""Whom an application is shared with, and whose it is."""

from __future__ import annotations

import sys
from typing import Any

import click

from cli.commands.applications.noun import application_argument, applications
from cli.errors import UsageProblem
from cli.output import Output, on_one_line
from cli.session import Command, Session, pass_session
from cli.sharing import editor_option, with_whom, with_whom_no_more


@applications.command(cls=Command)
@application_argument
@with_whom
@editor_option
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
    from cli.sharing import share_with, show_shared

    row = session.client.get(at("applications", application))
    shared, refused = share_with(session, at("applications", row["id"], "shares"), users, groups, editor=editor)
    if shared and not editor:
        _say_who_sees_it(session, row)
    show_shared(session, shared, refused)


def _say_who_sees_it(session: Session, before: dict[str, Any]) -> None:
    if before["visibility"] == "private":
        session.output.talk("It was private; it is shared now.")
    elif before["visibility"] == "public":
        session.output.talk("It is public: everybody who is signed in sees it anyway.")


@applications.command(cls=Command)
@application_argument
@with_whom_no_more
@pass_session
def unshare(session: Session, application: str, users: tuple[str, ...], groups: tuple[str, ...]) -> None:
    """Share an application no more with people and groups.

    \b
    Example:
        jobbergate applications unshare my-application --user bob
    """
    from cli import sharing
    from cli.client import at

    sharing.unshare(session, at("applications", application, "shares"), users, groups, "applications")


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
    from cli.sharing import list_shares

    list_shares(session, at("applications", application, "shares"))


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


def _confirm(sentence: str) -> None:
    from cli.terminal import confirmed, terminal

    if not sys.stdin.isatty():
        raise UsageProblem("Nobody can be asked here; --yes goes on without.")
    with terminal(instead="--yes") as stream:
        Output(stderr=stream).talk(sentence)
        if not confirmed("Go on?", stream):
            raise click.Abort
