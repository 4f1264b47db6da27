"""Rows that are files: stored, read and packed without all of them in memory at once."""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

from django.db import connection, models

from applications import archive
from applications.archive import Files
from jobbergate.core.copying import copy
from jobbergate.core.errors import NotThere

M = TypeVar("M", bound=models.Model)


class FileQuerySet(models.QuerySet[M]):
    """Files under their paths. However large they are together, a portion of them is under way at a time."""

    def store(self, files: "Mapping[str, bytes]", row: "Callable[[str], Any]") -> None:
        for paths in archive.portions({path: len(content) for path, content in files.items()}):
            rows = [row(path) for path in paths]
            if connection.vendor == "postgresql" and len(files[paths[0]]) > archive.PORTION:
                copy(rows)
            else:
                self.bulk_create(rows)

    def read(self) -> Files:
        return {path: bytes(content) for path, content in self.values_list("path", "content")}

    def sizes(self) -> dict[str, int]:
        return dict(self.values_list("path", "size"))

    def contents(self, sizes: "Mapping[str, int]") -> "Iterator[tuple[str, bytes]]":
        """Path and content of each, in an archive's order."""
        for paths in archive.portions(sizes):
            found = dict(self.filter(path__in=paths).values_list("path", "content"))
            if len(found) < len(paths):
                raise NotThere("It was deleted while it was read.")
            yield from ((path, bytes(found[path])) for path in paths)

    def packed(self) -> IO[bytes]:
        """A tar.gz of all. A large one is on disk, in a file without a name, until its reader closes it."""
        sizes = self.sizes()
        out: IO[bytes] = BytesIO() if sum(sizes.values()) <= archive.PORTION else TemporaryFile()  # noqa: SIM115  (the reader closes it)
        try:
            archive.write(out, self.contents(sizes))
        except BaseException:
            out.close()
            raise
        out.seek(0)
        return out
