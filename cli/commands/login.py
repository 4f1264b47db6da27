"""Who is calling: `login`, `logout`, `whoami`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.errors import CliError, NotSignedIn
from cli.session import Command, Session, pass_session

if TYPE_CHECKING:
    from cli.config import Credentials, Settings


@click.command(cls=Command)
@click.option("-u", "--username", help="Who signs in; asked for where it is missing.")
@pass_session
def login(session: Session, username: str | None) -> None:
    """Sign in, and stay signed in.

    The password is asked for, or comes from JOBBERGATE_PASSWORD or from the file that JOBBERGATE_PASSWORD_FILE names.
    Tokens are kept in the config directory, for you alone; the server is remembered for the commands that follow.

    \b
    Example:
        jobbergate login --server https://jobbergate.example.org
    """
    from cli.config import is_loopback, remember_server

    settings = session.settings
    if settings.server.startswith("http:") and not is_loopback(settings.server):
        session.output.warn(f"{settings.server} is not encrypted: others on the way can read your password.")
    tokens = session.client.sign_in(_credentials(settings, username))
    settings.tokens.write(tokens)
    remember_server(settings.directory, settings.server)
    session.output.talk(f"Signed in to {settings.server} as {tokens.username}.")
    if session.server_option and settings.server_is_fixed:
        session.output.talk("Without --server, commands ask the server of JOBBERGATE_SERVER or config.toml.")
    if session.output_format:
        session.output.row(session.client.get("/api/whoami/"))


@click.command(cls=Command)
@pass_session
def logout(session: Session) -> None:
    """Revoke and forget this sign-in.

    The tokens on this machine are deleted even when the server cannot be reached to revoke them.

    \b
    Example:
        jobbergate logout
    """
    settings = session.settings
    tokens = settings.tokens.read()
    if tokens is None:
        settings.tokens.delete()
        session.output.talk(f"You were not signed in to {settings.server}.")
        return
    try:
        session.client.revoke(tokens.refresh)
    except CliError as error:
        session.output.warn(f"The sign-in was not revoked at the server: {error}")
    finally:
        settings.tokens.delete()
    session.output.talk(f"Signed out of {settings.server}.")


@click.command(cls=Command)
@pass_session
def whoami(session: Session) -> None:
    """Show who is signed in, and where.

    \b
    Example:
        jobbergate whoami --output json
    """
    session.output.row({**session.client.get("/api/whoami/"), "server": session.settings.server})


def _credentials(settings: Settings, username: str | None) -> Credentials:
    from cli.config import Credentials

    username = username or settings.username
    password = settings.password
    if (username is None or password is None) and not sys.stdin.isatty():
        raise NotSignedIn(
            "Nobody can be asked; give JOBBERGATE_USERNAME, and JOBBERGATE_PASSWORD or JOBBERGATE_PASSWORD_FILE."
        )
    username = username or click.prompt("Username", err=True)
    return Credentials(username, password or click.prompt("Password", hide_input=True, err=True))
