"""What this user has trusted to run on this machine: listed, and taken back. The server has no part in it."""

from __future__ import annotations

import click

from cli.commands.applications.noun import applications
from cli.errors import UsageProblem
from cli.listing import columns
from cli.session import Command, Noun, Session, pass_session

FIELDS = columns("sha256 application owner version server trusted_at")


@applications.group("trust", cls=Noun)
def trust() -> None:
    """Contents that may run their own code as you.

    A content is known by the SHA-256 of all its files. Trust is given at a prompt, or with `--trust`.

    \b
    Example:
        jobbergate applications trust list
        jobbergate applications trust revoke my-application
    """


@trust.command("list", cls=Command)
@pass_session
def list_(session: Session) -> None:
    """List what you have trusted, the newest first.

    \b
    Example:
        jobbergate applications trust list --output json
    """
    from cli.trusting import SHOWN_DIGITS, store_of

    trusted = sorted(store_of(session).read().items(), key=lambda pair: str(pair[1].get("trusted_at")), reverse=True)
    rows = [{**{field: entry.get(field) for field in FIELDS}, "sha256": sha256} for sha256, entry in trusted]
    if session.output.format == "table":
        rows = [{**row, "sha256": str(row["sha256"])[:SHOWN_DIGITS]} for row in rows]
    session.output.rows(rows, table=FIELDS, fields=FIELDS, named_by="sha256", nothing="Nothing is trusted.")


@trust.command(cls=Command)
@click.argument("contents", nargs=-1, metavar="SHA256_PREFIX|APPLICATION...")
@click.option("--all", "everything", is_flag=True, help="Everything that you have trusted.")
@pass_session
def revoke(session: Session, contents: tuple[str, ...], everything: bool) -> None:
    """Take trust back: you are asked again before any of these contents runs.

    A content is named by the first digits of its SHA-256; an application, or a folder, stands for all its contents.

    \b
    Example:
        jobbergate applications trust revoke my-application
        jobbergate applications trust revoke 3fa9c1
        jobbergate applications trust revoke --all
    """
    from cli.trusting import entry_name, named, store_of

    if bool(contents) == everything:
        raise UsageProblem("Give APPLICATION or SHA256_PREFIX, one or more, or --all.")
    store = store_of(session)
    trusted = store.read()
    gone = list(trusted) if everything else list(dict.fromkeys(named(contents, trusted)))
    store.forget(gone)
    for sha256 in gone:
        session.output.talk(f"No longer trusted: {sha256[:16]}  {entry_name(trusted[sha256])}")
    if session.output.format != "table":
        rows = [{"sha256": sha256, "revoked": True} for sha256 in gone]
        session.output.rows(rows, table=("sha256",), fields=("sha256", "revoked"), named_by="sha256")
    elif not gone:
        session.output.talk("Nothing is trusted.")
