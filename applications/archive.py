"""tar.gz ⇄ files. An archive comes from anybody, so nothing of it is believed: not its names, not its sizes.

Files are a mapping from relative POSIX path to bytes, everywhere in the server.
"""

import gzip
import hashlib
import io
import tarfile
import unicodedata
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import IO

from jobbergate.core.errors import DomainError

Files = dict[str, bytes]

MAX_FILE = 10 * 1024 * 1024
MAX_TOTAL = 50 * 1024 * 1024
MAX_FILES = 1000
MAX_PATH = 500
# What the archive's own headers may add: a few blocks a file, for long names.
MAX_UNPACKED = MAX_TOTAL + MAX_FILES * 8 * 1024
COMPRESSION, CHUNK = 6, 64 * 1024
# What goes to the database in one statement, unless a single file is larger.
PORTION, PORTION_FILES = 1024 * 1024, 100


class BadArchive(DomainError):
    """An uploaded archive is not a tar.gz of plain files within the limits."""

    code = "bad_archive"

    def __init__(self, detail: str, field: str = "archive") -> None:
        super().__init__(detail, {field: [detail]})


# What a rule for files raises, where they are no archive's.
Refusal = Callable[[str], DomainError]


class Bounded(io.RawIOBase):
    """What unpacks to more than it may is stopped while it unpacks, whatever its headers promise."""

    def __init__(self, stream: gzip.GzipFile, limit: int, refusal: DomainError) -> None:
        self.stream, self.left, self.refusal = stream, limit, refusal

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self.stream.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(chunk)
        if self.left < 0:
            raise self.refusal
        return chunk


def unpack(stream: IO[bytes]) -> Files:
    """The files of a tar.gz; raises BadArchive, naming the entry that is not acceptable."""
    files: Files = {}
    try:
        with gzip.GzipFile(fileobj=stream) as unzipped:
            refusal = BadArchive(f"The archive unpacks to more than {MAX_TOTAL // 2**20} MiB.")
            bounded = Bounded(unzipped, MAX_UNPACKED, refusal)
            with tarfile.open(fileobj=bounded, mode="r|", errors="strict") as archive:
                for member in archive:
                    if not member.isdir():
                        add(files, checked_path(member.name), read(archive, member))
            # gzip compares its checksum at the very end only, beyond the last entry.
            while bounded.read(CHUNK):
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise BadArchive(f"This is not a complete tar.gz archive: {error}.") from None
    if not files:
        raise BadArchive("The archive has no files.")
    check_whole(files)
    return files


def read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if not member.isreg():
        raise BadArchive(f"{member.name!r} is a {kind(member)}; an archive may hold only files and folders.")
    if member.size > MAX_FILE:
        raise BadArchive(f"{member.name!r} is larger than {MAX_FILE // 2**20} MiB.")
    source = archive.extractfile(member)
    content = source.read() if source else b""
    if len(content) != member.size:
        raise BadArchive(f"The archive ends within {member.name!r}.")
    return content


def kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "link"
    return "device or pipe" if member.isdev() else "special entry"


def add(files: Files, path: str, content: bytes) -> None:
    """Adds one file, and holds all limits that concern it."""
    if path in files:
        raise BadArchive(f"{path!r} occurs twice.")
    if len(content) > MAX_FILE:
        raise BadArchive(f"{path!r} is larger than {MAX_FILE // 2**20} MiB.")
    if len(files) >= MAX_FILES:
        raise BadArchive(f"There are more than {MAX_FILES} files.")
    files[path] = content


def collected(pairs: Iterable[tuple[str, bytes]]) -> Files:
    """Files that came in another way than an archive, under the same rules."""
    files: Files = {}
    total = 0
    for path, content in pairs:
        add(files, checked_path(path), content)
        total += len(content)
        # Not only at the end: a thousand files of 10 MiB would all be in memory by then.
        if total > MAX_TOTAL:
            break
    check_whole(files)
    return files


def checked_path(name: str, refusal: Refusal = BadArchive) -> str:
    """The one spelling of a relative path that stays in its folder; raises the refusal for all others."""
    if not name or len(name.encode("utf-8", "surrogateescape")) > MAX_PATH:
        raise refusal(f"{name[:50]!r}… is not accepted as a path; give 1 to {MAX_PATH} bytes.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name) or "\\" in name:
        raise refusal(f"{name!r} has a backslash, a control character or bytes that are not UTF-8.")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or str(path) == ".":
        raise refusal(f"{name!r} leads out of the folder.")
    if any(len(part.encode()) > 255 for part in path.parts):
        raise refusal(f"{name[:50]!r}… has a name of more than 255 bytes.")
    return str(path)


def check_whole(files: Mapping[str, bytes]) -> None:
    """What no single file shows: the size of all, and files that fit on nobody's disk together."""
    check_sizes({path: len(content) for path, content in files.items()})
    if (words := misfit(files)) is not None:
        raise BadArchive(words)


def check_sizes(sizes: Mapping[str, int], refusal: Refusal = BadArchive) -> None:
    if len(sizes) > MAX_FILES:
        raise refusal(f"There are more than {MAX_FILES} files.")
    if sum(sizes.values()) > MAX_TOTAL:
        raise refusal(f"The files are larger than {MAX_TOTAL // 2**20} MiB together.")


def misfit(paths: Collection[str]) -> str | None:
    """Words for `a` beside `a/b`, where there are such."""
    for path in paths:
        for parent in PurePosixPath(path).parents:
            if str(parent) in paths:
                return f"{str(parent)!r} is a file and, for {path!r}, a folder."
    return None


def pack(files: Mapping[str, bytes]) -> bytes:
    """A tar.gz of the files; the same files give the same bytes."""
    out = io.BytesIO()
    write(out, ((path, files[path]) for path in ordered(files)))
    return out.getvalue()


def write(out: IO[bytes], files: Iterable[tuple[str, bytes]]) -> None:
    with (
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=COMPRESSION, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, content in files:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755 if content.startswith(b"#!") else 0o644
            archive.addfile(entry, io.BytesIO(content))


def ordered(paths: Iterable[str]) -> list[str]:
    """As every language sorts their bytes."""
    return sorted(paths, key=str.encode)


def portions(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """The paths in order, as many at a time as one statement may carry.

    A database's driver copies a statement several times, as hexadecimal text too, so that one for a whole version
    would take many times the version's size.
    """
    portion: list[str] = []
    total = 0
    for path in ordered(sizes):
        if portion and (total + sizes[path] > PORTION or len(portion) == PORTION_FILES):
            yield portion
            portion, total = [], 0
        portion.append(path)
        total += sizes[path]
    if portion:
        yield portion


def sha256(files: Mapping[str, bytes]) -> str:
    """One hash of paths and contents; the command line client computes the same before it trusts code."""
    digest = hashlib.sha256()
    for path in ordered(files):
        digest.update(path.encode() + b"\0" + str(len(files[path])).encode() + b"\0")
        digest.update(files[path])
    return digest.hexdigest()
