"""Whom a row is shared with: what `share`, `unshare` and `shares` do, whatever noun they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import completing
from cli.errors import CliError, UsageProblem
from cli.listing import columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.session import Session

FIELDS = columns("id user group role created_at")

editor_option = click.option("--editor", is_flag=True, help="They may change it too.")


def _whom(no_more: str = "", users: Any = None, groups: Any = None) -> Callable[[Any], Any]:
    options = (
        click.option(
            "--group",
            "groups",
            metavar="GROUP",
            multiple=True,
            shell_complete=groups,
            help=f"With all of this group{no_more}. May be repeated.",
        ),
        click.option(
            "--user",
            "users",
            metavar="USERNAME",
            multiple=True,
            shell_complete=users,
            help=f"With this person{no_more}. May be repeated.",
        ),
    )

    def decorate(command: Any) -> Any:
        for option in options:
            command = option(command)
        return command

    return decorate


with_whom = _whom()
with_whom_no_more = _whom(" no more", completing.sharing_users, completing.sharing_groups)


def share_with(
    session: Session, path: str, users: tuple[str, ...], groups: tuple[str, ...], *, editor: bool
) -> tuple[list[dict[str, Any]], CliError | None]:
    """The shares that were made, and what ended that early."""
    shared: list[dict[str, Any]] = []
    for one in named(users, groups):
        try:
            shared.append(session.client.create(path, {**one, "role": "editor" if editor else "reader"}))
        except CliError as error:
            return shared, error
    return shared, None


def show_shared(session: Session, shared: list[dict[str, Any]], refused: CliError | None) -> None:
    if shared or refused is None:
        session.output.rows(shared, table=FIELDS, fields=FIELDS)
    if refused is not None:
        raise refused


def unshare(session: Session, path: str, users: tuple[str, ...], groups: tuple[str, ...], noun: str) -> None:
    wanted = named(users, groups)
    found = [share_of(list(session.client.pages(path)), one, noun) for one in wanted]
    for row in found:
        session.client.delete(f"{path}{row['id']}/")
        session.output.talk(f"It is not shared with {row['user'] or row['group']} any more.")
    if session.output.format != "table":
        gone = [{"id": row["id"], "deleted": True} for row in found]
        session.output.rows(gone, table=("id",), fields=("id", "deleted"))


def list_shares(session: Session, path: str) -> None:
    rows = list(session.client.pages(path))
    session.output.rows(rows, table=FIELDS, fields=FIELDS, nothing="It is shared with nobody.")


def named(users: tuple[str, ...], groups: tuple[str, ...]) -> list[dict[str, str]]:
    found = [{"user": name} for name in users] + [{"group": name} for name in groups]
    if not found:
        raise UsageProblem("Say with whom: --user USERNAME or --group GROUP.")
    return found


def share_of(rows: list[dict[str, Any]], wanted: dict[str, str], noun: str) -> dict[str, Any]:
    ((kind, name),) = wanted.items()
    for row in rows:
        if row[kind] == name:
            return row
    raise CliError(f"It is not shared with the {kind} {name}; `jobbergate {noun} shares` lists with whom it is.")
