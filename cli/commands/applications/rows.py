"""Applications as rows: find, show, publish, change, delete, copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.commands.applications.noun import (
    application_argument,
    applications,
    force_option,
    note_option,
    trust_option,
    visibility_option,
)
from cli.listing import columns, fetch, listing_options
from cli.session import Command, Session, pass_session

FIELDS = columns("id name identifier description owner visibility is_archived latest_version created_at updated_at")
TABLE = columns("id identifier name owner latest_version updated_at")


@applications.command("list", cls=Command)
@listing_options(archived=True)
@click.option("--visibility", type=click.Choice(["public", "private"]), help="Only these.")
@pass_session
def list_(session: Session, /, visibility: str | None, **listing: Any) -> None:
    """List applications.

    \b
    Example:
        jobbergate applications list --search "fluid dynamics" --ordering name
    """
    rows = fetch(session, "/api/applications/", visibility=visibility, **listing)
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
    private: bool | None,
    note: str | None,
    trust: bool,
    force: bool,
) -> None:
    """Publish a folder as a new application.

    A folder with a jobbergate.py has its questions captured for the browser, and its own tests run: if you trust it.

    \b
    Example:
        jobbergate applications create ./my-application -n "My application" --identifier my-application
    """
    from cli.publishing import changes, prepared, publish

    read = prepared(session, folder, trust=trust)
    named = changes(name=name or folder.resolve().name, identifier=identifier, description=description)
    fields = {**named, **_visibility(private)}
    session.output.row(publish(session, "/api/applications/", read, note=note, force=force, **fields))


@applications.command(cls=Command)
@application_argument
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-n", "--name", help="Its new name.")
@click.option("--identifier", help="Its new identifier.")
@click.option("--description", help="Its new description.")
@visibility_option
@click.option("--archive/--restore", "archived", default=None, help="Hide it from listings, or show it again.")
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
    private: bool | None,
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
    """
    from cli.client import at
    from cli.publishing import changes, prepared, publish, refuse_no_change

    path = at("applications", application)
    new = changes(name=name, identifier=identifier, description=description, is_archived=archived)
    new |= _visibility(private)
    if folder is None:
        refuse_no_change(new, "a FOLDER or one of the options that `--help` lists")
        return session.output.row(session.client.patch(path, new))
    read = prepared(session, folder, trust=trust)
    # A version cannot be taken back, so whatever else may be refused goes first. By id: the identifier may be new.
    path = at("applications", (session.client.patch(path, new) if new else session.client.get(path))["id"])
    version = publish(session, f"{path}versions/", read, note=note, force=force)
    session.output.talk(f"Version {version['number']} is published.")
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


def _visibility(private: bool | None) -> dict[str, str]:
    if private is None:
        return {}
    return {"visibility": "private" if private else "public"}
