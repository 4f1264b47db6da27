"""A directory of application folders on the server's machine, as a site keeps it under version control.

A folder is published as its newest version, unless it is that already. No code of it is run.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from applications import archive, config
from applications.archive import Files
from applications.models import Application
from applications.versions import ApplicationVersion
from jobbergate.core.errors import Conflict, DomainError

# The client leaves out the same (cli/folder.py).
LEFT_OUT = frozenset({".git", "__pycache__", ".venv", ".DS_Store"})


class BadFolder(DomainError):
    """A folder cannot be read as an application's."""


@dataclass(frozen=True)
class Wish:
    """How folders are published: for whom, and what is said of new applications and versions."""

    owner: User
    visibility: str = Application.Visibility.PUBLIC
    note: str = ""
    force: bool = False
    dry_run: bool = False


def folders(paths: Iterable[Path]) -> Iterator[Path]:
    """The application folders among these paths and, where a path is none itself, directly below it."""
    for path in paths:
        if (path / config.NAME).is_file():
            yield path
            continue
        below = [entry for entry in entries(path) if (entry / config.NAME).is_file()]
        if not below:
            raise BadFolder(f"{path} has no {config.NAME}, and no folder with one.")
        yield from below


def entries(path: Path) -> list[Path]:
    try:
        found = sorted(path.iterdir())
    except OSError as error:
        raise BadFolder(f"{path} cannot be read: {error.strerror}.") from None
    return [entry for entry in found if entry.name not in LEFT_OUT and not entry.name.endswith((".pyc", "~"))]


def identifier_of(path: Path) -> str:
    """The folder's name, as an identifier is written."""
    name = path.absolute().name
    if not name.isprintable():
        raise BadFolder(f"{name!a} has a control character, or bytes that are not UTF-8. Rename the folder.")
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    identifier = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-_")
    if not identifier:
        raise BadFolder(f"{name!r} makes no identifier: it has no letter of a to z and no digit. Rename the folder.")
    try:
        return str(Application._meta.get_field("identifier").clean(identifier, None))
    except ValidationError as error:
        raise BadFolder(f"{name!r} makes no identifier ({' '.join(error.messages)}) Rename the folder.") from None


def read_folder(path: Path) -> Files:
    """The files that a version is made of, under the rules of an upload."""
    if path.is_symlink():
        raise BadFolder(f"{path} is a symbolic link; give the folder itself.")
    return archive.collected((file.relative_to(path).as_posix(), read_file(file)) for file in walk(path))


def walk(path: Path) -> Iterator[Path]:
    for entry in entries(path):
        mode = entry.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from walk(entry)
        elif stat.S_ISREG(mode):
            yield entry
        else:
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "a pipe, socket or device"
            raise BadFolder(f"{entry} is {kind}; an application holds only files and folders.")


def read_file(file: Path) -> bytes:
    try:
        # What has become a link or a pipe since we looked is neither followed nor waited for.
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            return stream.read(archive.MAX_FILE + 1)
    except OSError as error:
        raise BadFolder(f"{file} cannot be read: {error.strerror}.") from None


# --- publishing -----------------------------------------------------------------------------------------------------


def publish(path: Path, identifier: str, wish: Wish) -> str:
    """What has become of one folder, in words; raises DomainError where it cannot be published."""
    files = read_folder(path)
    found = Application.objects.filter(identifier=identifier).first()
    return create(path, identifier, files, wish) if found is None else update(found, files, wish)


@contextmanager
def saving(wish: Wish) -> Iterator[None]:
    """A transaction, which a dry run undoes. Tests come before it: nobody else has to wait while they run."""
    with transaction.atomic():
        yield
        if wish.dry_run:
            transaction.set_rollback(True)


def create(path: Path, identifier: str, files: Files, wish: Wish) -> str:
    version = ApplicationVersion.tested(files, note=wish.note, force=wish.force)
    columns = {"name": path.absolute().name[:255], "identifier": identifier, "visibility": wish.visibility}
    with saving(wish):
        Application.begin(version, files, wish.owner, **columns)
        return f"created, {told(version, None)}"


def update(application: Application, files: Files, wish: Wish) -> str:
    refuse_stranger(application, wish.owner)
    newest = application.version() if application.latest_version else None
    if newest is not None and newest.sha256 == archive.sha256(files):
        return f"unchanged, version {newest.number}"
    form = kept_form(newest, files)
    version = ApplicationVersion.tested(files, form, wish.note, force=wish.force)
    with saving(wish):
        return told(application.append(version, files, wish.owner), form and newest)


def refuse_stranger(application: Application, owner: User) -> None:
    """As the API has it: one's own, those that one edits, and for staff everybody's."""
    if not application.may_be_changed_by(owner):
        raise Conflict(
            f"It is an application of {application.owner}'s, so {owner} may not publish it; "
            f"give --owner {application.owner}, an editor or one of staff, or rename the folder."
        )


def kept_form(newest: ApplicationVersion | None, files: Files) -> Any:
    """The form of the newest version, where the program that asks it is the same to the last byte."""
    if newest is None or newest.form is None or not newest.form["captured"]:
        return None
    asking = (config.NAME, config.PROGRAM)
    before = {
        path: bytes(content) for path, content in newest.files.filter(path__in=asking).values_list("path", "content")
    }
    return newest.form if before == {path: files[path] for path in asking if path in files} else None


def told(version: ApplicationVersion, asked_by: ApplicationVersion | None) -> str:
    words = f"version {version.number}"
    if version.kind != ApplicationVersion.Kind.PROGRAMMED:
        return words
    if asked_by is not None:
        return f"{words}, with the form of version {asked_by.number}"
    return f"{words}, without a form: its {config.PROGRAM} is not run here"
