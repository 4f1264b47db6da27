"""What `applications.export` wrote becomes applications again.

The file may come from anywhere, so nothing of it is believed. It is unpacked to a directory and read to its end before
anything is stored. Then each application is one transaction: its versions are checked as uploads are, and are stored
under their old numbers, dates and names.
"""

import gzip
import hashlib
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import orjson
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from applications import archive
from applications.archive import Bounded
from applications.export import FORMAT, MANIFEST
from applications.models import Application
from applications.versions import ApplicationVersion
from jobbergate.core.errors import Conflict, DomainError

MAX_SIZE, MAX_NUMBER = 4 * 2**30, 2**31 - 1
# The manifest is read into memory, where it takes up to forty times its bytes. 16 MiB are 5000 versions with 15 files
# and 12 questions each.
MANIFEST_SHARE = 256
BLOCK, MANY = tarfile.BLOCKSIZE, 500
SHA256 = re.compile(r"[0-9a-f]{64}\Z")
KINDS = {str: "text", int: "a number", bool: "true or false", list: "a list", dict: "a mapping"}


class BadExport(DomainError):
    """A file is not one that `export_applications` wrote, or not all of it."""


@dataclass(frozen=True)
class ToldVersion:
    number: int
    sha256: str
    kind: str
    note: str
    form: Any
    created_by: str
    created_at: datetime
    # Path → SHA-256 of the content.
    files: dict[str, str]


@dataclass(frozen=True)
class ToldApplication:
    owner: str
    columns: dict[str, Any]
    versions: tuple[ToldVersion, ...]

    def __str__(self) -> str:
        name = self.columns["identifier"] or self.columns["name"]
        return "".join(character if character.isprintable() else "?" for character in name)

    @property
    def people(self) -> set[str]:
        return {self.owner, *(version.created_by for version in self.versions)}


# --- reading the file -----------------------------------------------------------------------------------------------


def unpack(stream: IO[bytes], directory: Path, most: int = MAX_SIZE) -> list[ToldApplication]:
    """The applications that the file tells of; contents are in the directory then, each under its SHA-256."""
    manifest: bytes | None = None
    try:
        with gzip.GzipFile(fileobj=stream) as unzipped:
            for name, content in members(Bounded(unzipped, most, too_large("The file", most)), most // MANIFEST_SHARE):
                if name == MANIFEST:
                    manifest = content
                else:
                    keep(name, content, directory)
    except (tarfile.TarError, EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise BadExport(f"This is not a complete export: {error}.") from None
    if manifest is None:
        raise BadExport(f"This is not a complete export: it has no {MANIFEST}.")
    applications = list(read_manifest(manifest))
    refuse_missing(applications, directory)
    return applications


def too_large(what: str, most: int) -> BadExport:
    return BadExport(
        f"{what} unpacks to more than {most // 2**20} MiB. Where you trust it, raise --max-size; or export fewer "
        "applications at a time."
    )


def members(stream: Bounded, manifest: int) -> Iterator[tuple[str, bytes]]:
    """The files of a tar, of which each header is one block: whatever else there is in tar, we never write it."""
    while (block := stream.read(BLOCK)).strip(b"\0"):
        entry = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        name = entry.name.removeprefix("./")
        if entry.isdir():
            continue
        if not entry.isreg():
            raise BadExport(f"{name!r} is no plain file; export_applications writes only such.")
        if name == MANIFEST and entry.size > manifest:
            raise too_large(MANIFEST, manifest)
        if not 0 <= entry.size <= (manifest if name == MANIFEST else archive.MAX_FILE):
            raise BadExport(f"{name!r} is larger than {archive.MAX_FILE // 2**20} MiB.")
        content = stream.read(entry.size)
        if len(content) != entry.size:
            raise BadExport(f"This is not a complete export: it ends within {name!r}.")
        stream.read(-entry.size % BLOCK)
        yield name, content
    # gzip compares its checksum at the very end only.
    while stream.read(archive.CHUNK):
        pass


def keep(name: str, content: bytes, directory: Path) -> None:
    folder, _, sha256 = name.rpartition("/")
    if folder != "files" or not SHA256.match(sha256):
        raise BadExport(f"{name!r} is nothing that export_applications writes.")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BadExport(f"{name!r} is not what its name says: its content was changed.")
    (directory / sha256).write_bytes(content)


def refuse_missing(applications: Iterable[ToldApplication], directory: Path) -> None:
    for told in applications:
        for version in told.versions:
            for path, sha256 in version.files.items():
                if not (directory / sha256).exists():
                    raise BadExport(f"{told}, version {version.number}: the content of {path!r} is not in the file.")


# --- the manifest ---------------------------------------------------------------------------------------------------


def read_manifest(content: bytes) -> Iterator[ToldApplication]:
    try:
        manifest = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadExport(f"{MANIFEST} is not JSON: {error}.") from None
    if valued(manifest, "format", int, MANIFEST) != FORMAT:
        raise BadExport(f"{MANIFEST} has format {manifest['format']}; this server reads format {FORMAT}.")
    for number, row in enumerate(valued(manifest, "applications", list, MANIFEST), 1):
        yield read_application(row, f"application {number} of {MANIFEST}")


def read_application(row: Any, place: str) -> ToldApplication:
    told = {name: valued(row, name, str, place) for name in ("name", "description", "visibility")}
    identifier = None if row.get("identifier") is None else valued(row, "identifier", str, place)
    told |= {"identifier": identifier, "is_archived": valued(row, "is_archived", bool, place)}
    told["created_at"] = moment(row, place)
    told["tags"] = valued(row, "tags", list, place)
    if not all(isinstance(tag, str) for tag in told["tags"]):
        raise BadExport(f"{place}: tags is not a list of texts.")
    versions = [read_version(version, place) for version in valued(row, "versions", list, place)]
    versions.sort(key=lambda version: version.number)
    if len({version.number for version in versions}) < len(versions):
        raise BadExport(f"{place} has a version twice.")
    return ToldApplication(valued(row, "owner", str, place), told, tuple(versions))


def read_version(row: Any, place: str) -> ToldVersion:
    number = valued(row, "number", int, f"a version of {place}")
    place = f"version {number} of {place}"
    if not 1 <= number <= MAX_NUMBER:
        raise BadExport(f"{place}: a number is from 1 to {MAX_NUMBER}.")
    texts = {name: valued(row, name, str, place) for name in ("sha256", "kind", "note", "created_by")}
    files: dict[str, Any] = valued(row, "files", dict, place)
    if not all(isinstance(sha256, str) and SHA256.match(sha256) for sha256 in files.values()):
        raise BadExport(f"{place}: files is not a mapping from path to SHA-256.")
    return ToldVersion(number=number, form=row.get("form"), created_at=moment(row, place), files=files, **texts)


def valued(row: Any, key: str, kind: type, place: str) -> Any:
    value = row.get(key) if isinstance(row, dict) else None
    if type(value) is not kind:
        raise BadExport(f"{place}: {key} is not {KINDS[kind]}.")
    if isinstance(value, str) and "\0" in value:
        raise BadExport(f"{place}: {key} has a NUL character.")
    return value


def moment(row: Any, place: str) -> datetime:
    try:
        return datetime.fromisoformat(valued(row, "created_at", str, place)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadExport(f"{place}: created_at is no time of ISO 8601.") from None


# --- people ---------------------------------------------------------------------------------------------------------


def people_of(applications: Iterable[ToldApplication], instead: User | None) -> dict[str, User]:
    """Everybody who is named, as they are here; `instead` stands for those that are not."""
    names = sorted({name for told in applications for name in told.people})
    found: dict[str, User] = {}
    for at in range(0, len(names), MANY):
        found |= {user.username: user for user in User.objects.filter(username__in=names[at : at + MANY])}
    missing = [name for name in names if name not in found]
    if missing and instead is None:
        raise BadExport(
            f"These people are not here: {', '.join(missing)}. Add them, or give --owner USERNAME to stand for them."
        )
    return {name: found.get(name) or instead for name in names}  # type: ignore[misc]  # None was refused above


# --- storing --------------------------------------------------------------------------------------------------------


@dataclass
class Import:
    """One file on its way into the database."""

    directory: Path
    people: Mapping[str, User]
    dry_run: bool = False
    # Applications without an identifier that something in this file was found to be: nothing else in it is the same.
    met: set[int] = field(default_factory=set)

    @transaction.atomic
    def store(self, told: ToldApplication) -> str:
        """What has become of one application, in words; raises DomainError, and stores nothing of it."""
        application = self.found(told)
        said = self.create(told) if application is None else self.append(application, told)
        if self.dry_run:
            transaction.set_rollback(True)
        return said

    def found(self, told: ToldApplication) -> Application | None:
        """The same application: by its identifier; without one, its owner's of that name, if no version says no."""
        rows = Application.objects.select_for_update().order_by("pk")
        if told.columns["identifier"]:
            return rows.filter(identifier=told.columns["identifier"]).first()
        like = rows.filter(identifier=None, name=told.columns["name"], owner=self.people[told.owner])
        same = (row for row in like if row.pk not in self.met and conflict(row, told) is None)
        return next(same, None)

    def create(self, told: ToldApplication) -> str:
        fields = {name: value for name, value in told.columns.items() if name != "created_at"}
        application = Application(owner=self.people[told.owner], **fields)
        try:
            application.clean_fields(exclude={"owner"})
            with application.identifier_told():
                application.save()
        except ValidationError as error:
            raise BadExport(words_of(error)) from None
        Application.objects.filter(pk=application.pk).update(created_at=told.columns["created_at"])
        self.add(application, told.versions)
        return f"created, {counted(told.versions)}"

    def append(self, application: Application, told: ToldApplication) -> str:
        refusal = conflict(application, told)
        if refusal is not None:
            raise refusal
        self.met.add(application.pk)
        new = [version for version in told.versions if version.number > application.latest_version]
        self.add(application, new)
        return f"{counted(new)} added" if new else "unchanged"

    def add(self, application: Application, versions: Iterable[ToldVersion]) -> None:
        self.met.add(application.pk)
        for version in versions:
            try:
                self.add_version(application, version)
            except DomainError as error:
                raise BadExport(f"version {version.number}: {error.detail}") from None
            application.latest_version = version.number
            application.save(update_fields=["latest_version"])

    def add_version(self, application: Application, told: ToldVersion) -> None:
        files = archive.collected((path, (self.directory / sha256).read_bytes()) for path, sha256 in told.files.items())
        if archive.sha256(files) != told.sha256:
            raise BadExport("its files are not those of its SHA-256.")
        version = ApplicationVersion.from_files(files, told.form)
        if version.kind != told.kind:
            raise BadExport(f"it is {version.kind}, and not {told.kind}.")
        version.application, version.number, version.sha256 = application, told.number, told.sha256
        version.created_by, version.note = self.people[told.created_by], told.note
        version.save()
        version.add(files)
        ApplicationVersion.objects.filter(pk=version.pk).update(created_at=told.created_at)


def words_of(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())


def conflict(application: Application, told: ToldApplication) -> Conflict | None:
    """Why these cannot be the same application; None where all versions agree and what is new comes last."""
    here = dict(application.versions.values_list("number", "sha256"))
    for version in told.versions:
        if here.get(version.number, version.sha256) != version.sha256:
            return Conflict(f"version {version.number} is another one here; rename one of the two applications.")
        if version.number not in here and version.number < application.latest_version:
            return Conflict(f"version {version.number} is not here, and a later one is.")
    return None


def counted(versions: Iterable[ToldVersion]) -> str:
    count = len(list(versions))
    return f"{count} version{'' if count == 1 else 's'}"
