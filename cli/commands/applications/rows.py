"""Applications as rows: find, show, publish, change, delete, copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import completing
from cli.commands.applications.noun import (
    VISIBILITIES,
    application_argument,
    applications,
    applications_argument,
    force_option,
    note_option,
    tag_option,
    trust_option,
    visibility_option,
)
from cli.listing import columns, fetch, listing_options, show_each
from cli.session import Command, Session, pass_session

FIELDS = columns(
    "id name identifier description tags owner visibility is_archived latest_version created_at updated_at"
)
TABLE = columns("id identifier name tags owner latest_version updated_at")


@applications.command("list", cls=Command)
@listing_options(archived=True)
@click.option("--visibility", type=click.Choice(VISIBILITIES), help="Only these.")
@click.option("--tag", metavar="TAG", shell_complete=completing.tags, help="Only those with this tag.")
@pass_session
def list_(session: Session, /, visibility: str | None, tag: str | None, **listing: Any) -> None:
    """List applications.

    \b
    Example:
        jobbergate applications list --search "fluid dynamics" --ordering name
        jobbergate applications list --tag cfd
    """
    rows = fetch(session, "/api/applications/", visibility=visibility, tag=tag, **listing)
    session.output.rows(rows, table=TABLE, fields=FIELDS, nothing="There are no such applications.")


@applications.command(cls=Command)
@application_argument
@click.option("--version", metavar="N", help="Show this version (or `latest`): its files, configuration and form.")
@pass_session
def get(session: Session, application: str, version: str | None) -> None:
    """Show one application, or one of its versions.

    \b
    Example:
        jobbergate applications get my-application
        jobbergate applications get my-application --version latest --output json
    """
    from cli.client import at

    if version is None:
        return session.output.row(session.client.get(at("applications", application)))
    session.output.row(session.client.get(at("applications", application, "versions", version)), named_by="number")


@applications.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-n", "--name", help="Its name; that of the folder where none is given.")
@click.option("--identifier", help="A short unique name for commands: small letters, digits, hyphens.")
@click.option("--description", help="What it is for.")
@tag_option("A word to find it by.")
@visibility_option
@note_option
@trust_option
@force_option
@pass_session
def create(
    session: Session,
    folder: Path,
    name: str | None,
    identifier: str | None,
    description: str | None,
    tags: tuple[str, ...],
    visibility: str | None,
    note: str | None,
    trust: bool,
    force: bool,
) -> None:
    """Publish a folder as a new application.

    A folder with a jobbergate.py has its questions captured for the browser, and its own tests run: if you trust it.

    \b
    Example:
        jobbergate applications create ./my-application -n "My application" --identifier my-application
        jobbergate applications create ./my-application --tag cfd --tag openfoam --visibility private
    """
    from cli.publishing import changes, prepared, publish

    read = prepared(session, folder, trust=trust)
    named = changes(
        name=name or folder.resolve().name,
        identifier=identifier,
        description=description,
        tags=list(tags) or None,
        visibility=visibility,
    )
    session.output.row(publish(session, "/api/applications/", read, note=note, force=force, **named))


@applications.command(cls=Command)
@application_argument
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-n", "--name", help="Its new name.")
@click.option("--identifier", help="Its new identifier.")
@click.option("--description", help="Its new description.")
@tag_option("A word to find it by, beside those that it has.")
@click.option(
    "--untag",
    "untags",
    metavar="TAG",
    multiple=True,
    shell_complete=completing.tags,
    help="A tag to take away. May be repeated.",
)
@visibility_option
@click.option("--archive/--unarchive", "archived", default=None, help="As the verbs `archive` and `unarchive` do.")
@note_option
@trust_option
@force_option
@pass_session
def update(
    session: Session,
    application: str,
    folder: Path | None,
    name: str | None,
    identifier: str | None,
    description: str | None,
    tags: tuple[str, ...],
    untags: tuple[str, ...],
    visibility: str | None,
    archived: bool | None,
    note: str | None,
    trust: bool,
    force: bool,
) -> None:
    """Change an application; a folder becomes its next version.

    \b
    Example:
        jobbergate applications update my-application ./my-application --note "Two nodes by default"
        jobbergate applications update my-application --description "What it is for"
        jobbergate applications update my-application --tag openfoam --untag draft --visibility public
    """
    from cli.client import at
    from cli.publishing import changes, prepared, publish, refuse_no_change, say_published

    path = at("applications", application)
    new = changes(
        name=name, identifier=identifier, description=description, visibility=visibility, is_archived=archived
    )
    if tags or untags:
        new["tags"] = _retagged(session.client.get(path)["tags"], tags, untags)
    if folder is None:
        refuse_no_change(new, "a FOLDER or one of the options that `--help` lists")
        return session.output.row(session.client.patch(path, new))
    row = session.client.get(path)
    # Only those who may change it see this list: nobody's code runs here for an upload that is refused then.
    session.client.get(f"{path}shares/", limit=1)
    read = prepared(session, folder, trust=trust)
    # A version cannot be taken back, so whatever else may be refused goes first. By id: the identifier may be new.
    row = session.client.patch(path, new) if new else row
    path = at("applications", row["id"])
    version = publish(session, f"{path}versions/", read, note=note, force=force)
    say_published(session, version, before=row["latest_version"])
    session.output.row(session.client.get(path))


@applications.command(cls=Command)
@application_argument
@pass_session
def delete(session: Session, application: str) -> None:
    """Delete an application. Scripts that were made from it stay.

    \b
    Example:
        jobbergate applications delete my-application
    """
    from cli.client import at

    row = session.client.get(at("applications", application))
    session.client.delete(at("applications", row["id"]))
    session.output.gone("application", row)


@applications.command(cls=Command)
@application_argument
@click.option("--version", metavar="N", default="latest", show_default=True, help="Which version.")
@click.option(
    "-d", "--directory", type=click.Path(file_okay=False, path_type=Path), help="Where to; a new folder by default."
)
@click.option("--force", is_flag=True, help="Overwrite files that differ.")
@pass_session
def download(session: Session, application: str, version: str, directory: Path | None, force: bool) -> None:
    """Download the folder of an application. Nothing of it is run.

    \b
    Example:
        jobbergate applications download my-application --version 2 -d ./my-application
    """
    from cli.client import at
    from cli.downloading import write_archive

    row = session.client.get(at("applications", application))
    named = directory or Path(row["identifier"] or f"application-{row['id']}")
    path = at("applications", row["id"], "versions", version, "archive")
    write_archive(session, path, named, force=force)


@applications.command(cls=Command)
@application_argument
@click.option("-n", "--name", help="The copy's name.")
@click.option("--identifier", help="The copy's identifier.")
@pass_session
def clone(session: Session, application: str, name: str | None, identifier: str | None) -> None:
    """Copy an application, as your own.

    \b
    Example:
        jobbergate applications clone my-application --identifier my-own-application
    """
    from cli.client import at
    from cli.publishing import changes

    path = at("applications", application, "clone")
    session.output.row(session.client.create(path, changes(name=name, identifier=identifier)))


@applications.command(cls=Command)
@applications_argument
@click.pass_context
@pass_session
def archive(session: Session, ctx: click.Context, names: tuple[str, ...]) -> None:
    """Hide applications from listings, and make no more scripts from them.

    Their versions, shares and scripts stay; `unarchive` brings them back.

    \b
    Example:
        jobbergate applications archive my-application 12
    """
    _archive_all(session, ctx, names, True)


@applications.command(cls=Command)
@applications_argument
@click.pass_context
@pass_session
def unarchive(session: Session, ctx: click.Context, names: tuple[str, ...]) -> None:
    """Bring archived applications back, to listings and to new scripts.

    \b
    Example:
        jobbergate applications unarchive my-application
    """
    _archive_all(session, ctx, names, False)


def _archive_all(session: Session, ctx: click.Context, names: tuple[str, ...], archived: bool) -> None:
    """Each that can be; who was refused is told, and is a failure."""
    from cli.client import at
    from cli.errors import ApiError

    done, refused = [], []
    for name in names:
        try:
            done.append(session.client.patch(at("applications", name), {"is_archived": archived}))
        except ApiError as error:
            refused.append(f"{name}: {error}")
    show_each(session, ctx, done, refused, asked=len(names), table=TABLE, fields=FIELDS)


def _retagged(present: list[str], added: tuple[str, ...], removed: tuple[str, ...]) -> list[str]:
    gone = {tag.casefold() for tag in removed}
    return sorted({tag.casefold() for tag in (*present, *added)} - gone)
