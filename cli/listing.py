"""What every `list` command shares: which rows, how many, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cli.session import Session

ROWS = 50

_OPTIONS = (
    click.option("--limit", type=click.IntRange(min=1), default=ROWS, show_default=True, help="How many rows in all."),
    click.option("--all", "everything", is_flag=True, help="All rows, however many."),
    click.option("--search", metavar="WORDS", help="Only rows that contain all these words."),
    click.option("--ordering", metavar="FIELD", help="Sort by this field; -FIELD is the other way round."),
)
_OWNED = (
    click.option("--mine", is_flag=True, help="Only your own."),
    click.option("--owner", metavar="USERNAME", help="Only those of this person."),
)
_ARCHIVED = (click.option("--archived", is_flag=True, help="Archived ones, and no others."),)


def listing_options(*, owned: bool = True, archived: bool = False) -> Callable[[Any], Any]:
    options = _OPTIONS + (_OWNED if owned else ()) + (_ARCHIVED if archived else ())

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def fetch(
    session: Session,
    path: str,
    *,
    limit: int,
    everything: bool,
    search: str | None,
    ordering: str | None,
    mine: bool = False,
    owner: str | None = None,
    archived: bool = False,
    **filters: Any,
) -> list[dict[str, Any]]:
    """The rows that the listing options ask for. Says on standard error when there are more."""
    asked = None if everything else limit
    params = {"search": search, "ordering": ordering, "owner": "me" if mine else owner, **filters}
    if archived:
        params["archived"] = True
    # One more than asked for shows whether there are more, without counting them all.
    rows = list(session.client.pages(path, limit=asked and asked + 1, **params))
    if asked is None or len(rows) <= asked:
        return rows
    session.output.talk(f"These are the first {asked}; --limit N or --all shows more.")
    return rows[:asked]


def show_each(
    session: Session,
    ctx: click.Context,
    rows: list[dict[str, Any]],
    refused: list[str],
    *,
    asked: int,
    table: Sequence[str],
    fields: Sequence[str],
) -> None:
    """What came of a verb for several rows: those it was done with, and in words the others, which are a failure."""
    if asked == 1 and rows:
        session.output.row(rows[0])
    elif rows:
        session.output.rows(rows, table=table, fields=fields)
    for sentence in refused:
        session.output.talk(f"Error: {sentence}")
    if refused:
        ctx.exit(1)


def columns(names: str) -> Sequence[str]:
    return tuple(names.split())
