"""Applications in one portable file, with all their versions: from one server to another, or to keep.

A tar.gz of `files/SHA256`, each content once, and of `applications.json`, which says who has which of them. It is
written as it is read from the database, an application after the other, so the manifest comes last.
"""

import gzip
import hashlib
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

import orjson
from django.db.models import QuerySet

from applications.archive import COMPRESSION
from applications.models import Application
from applications.versions import ApplicationVersion
from jobbergate.core.errors import DomainError, NotThere

MANIFEST, FORMAT = "applications.json", 1
# What is told of an application as it is in its row.
COLUMNS = ("identifier", "name", "description", "visibility", "is_archived", "tags", "created_at")


class CannotExport(DomainError):
    """The file cannot be written, or what is to be in it is not there."""


def chosen(words: list[str]) -> QuerySet[Application]:
    """The applications of these identifiers and ids; all, where there are none."""
    if not words:
        return Application.objects.all()
    found = []
    for word in words:
        application = Application.objects.named(word).first()
        if application is None:
            raise CannotExport(f"There is no application {word!r}; give an identifier or an id.")
        found.append(application.pk)
    return Application.objects.filter(pk__in=found)


def write(applications: QuerySet[Application], out: IO[bytes]) -> int:
    """Writes the file, and says how many applications are in it."""
    rows, last = applications.select_related("owner").order_by("pk"), 0
    with Writer(out) as writer:
        # One after another: a query for all would hold a snapshot, or a lock, for as long as it takes.
        while (application := rows.filter(pk__gt=last).first()) is not None:
            writer.add(application)
            last = application.pk
    return writer.count


class Writer:
    """The file while it is written. What it has to remember is on disk."""

    def __init__(self, out: IO[bytes]) -> None:
        self.zipped = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=COMPRESSION, mtime=0)
        # The names are short and the sizes small: the oldest format has room for them, and every program reads it.
        self.tar = tarfile.open(fileobj=self.zipped, mode="w|", format=tarfile.USTAR_FORMAT)  # noqa: SIM115  Closed by __exit__.
        self.manifest = TemporaryFile()  # noqa: SIM115  Closed by __exit__.
        self.seen = Seen()
        self.count = 0

    def __enter__(self) -> Self:
        self.manifest.write(b'{"format": %d, "applications": [' % FORMAT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        with closing(self.seen), self.manifest, self.zipped:
            if kind is None:
                self.manifest.write(b"]}\n")
                size = self.manifest.tell()
                self.manifest.seek(0)
                self.member(MANIFEST, size, self.manifest)
                self.tar.close()

    def add(self, application: Application) -> None:
        # One that is deleted while it is read is left out, as if it had been deleted before.
        with suppress(NotThere):
            # Sorted: databases keep JSON's keys in orders of their own.
            told = orjson.dumps(self.told(application), option=orjson.OPT_SORT_KEYS)
            self.manifest.write(b",\n" * bool(self.count) + told)
            self.count += 1

    def told(self, application: Application) -> dict[str, Any]:
        row = {name: getattr(application, name) for name in COLUMNS}
        versions = application.versions.select_related("created_by").order_by("number")
        return {**row, "owner": application.owner.username, "versions": [self.version(version) for version in versions]}

    def version(self, version: ApplicationVersion) -> dict[str, Any]:
        names = ("number", "sha256", "kind", "note", "form", "created_at")
        files = version.files.all()
        return {
            **{name: getattr(version, name) for name in names},
            "created_by": version.created_by.username,
            "files": {path: self.content(content) for path, content in files.contents(files.sizes())},
        }

    def content(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        if self.seen.add(sha256):
            self.member(f"files/{sha256}", len(content), BytesIO(content))
        return sha256

    def member(self, name: str, size: int, content: IO[bytes]) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self.tar.addfile(entry, content)


class Seen:
    """A set of texts that takes no memory, however many they are."""

    def __init__(self) -> None:
        # Without a name, SQLite's own temporary database: on disk where it gets large, and gone when it is closed.
        self.database = sqlite3.connect("")
        self.database.execute("CREATE TABLE seen (text TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, text: str) -> bool:
        """Whether it is new."""
        return self.database.execute("INSERT OR IGNORE INTO seen VALUES (?)", [text]).rowcount == 1

    def close(self) -> None:
        self.database.close()


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the path when all of it is written. It is for its owner alone: some of it is private."""
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
            try:
                yield out
                out.flush()
                os.fsync(out.fileno())
                Path(out.name).replace(path)
            except BaseException:
                Path(out.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise CannotExport(f"{path} cannot be written: {error.strerror}.") from None
