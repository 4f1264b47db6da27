"""Folders, archives, and the files between them: a mapping from relative path to content.

Nothing that comes from elsewhere is believed, neither names nor sizes; and nothing is written outside the directory
that was named, nor through somebody's symbolic link.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import stat
import tarfile
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cli.errors import CliError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONFIG = "jobbergate.yaml"
PROGRAM = "jobbergate.py"
MAX_FILE = 10 * 2**20
MAX_TOTAL = 50 * 2**20
MAX_FILES = 1000
# What an archive's own headers may add: some blocks a file, for long names.
MAX_UNPACKED = MAX_TOTAL + MAX_FILES * 8 * 1024
LEFT_OUT = frozenset({".git", "__pycache__", ".venv", ".DS_Store"})


def read_folder(path: Path) -> dict[str, bytes]:
    """The files that a version of an application is made of."""
    if not path.is_dir():
        raise CliError(f"{path} is not a directory.")
    files: dict[str, bytes] = {}
    for file in walk(path):
        name = checked_path(file.relative_to(path).as_posix())
        add(files, name, read_file(file, name))
    if CONFIG not in files:
        raise CliError(f"{path} has no {CONFIG}, so it is not the folder of an application.")
    return files


def walk(path: Path) -> Iterator[Path]:
    """Every file below, without what is left out; a link or a device is an error."""
    for entry in sorted(path.iterdir()):
        if entry.name in LEFT_OUT or entry.name.endswith((".pyc", "~")):
            continue
        mode = entry.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from walk(entry)
        elif stat.S_ISREG(mode):
            yield entry
        else:
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "a pipe, socket or device"
            raise CliError(f"{entry} is {kind}; an application holds only files and folders.")


def read_file(file: Path, name: str) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from None
    if len(content) > MAX_FILE:
        raise CliError(f"{name} is larger than {MAX_FILE // 2**20} MiB.")
    return content


def add(files: dict[str, bytes], name: str, content: bytes) -> None:
    if name in files:
        raise CliError(f"{name} occurs twice.")
    if len(files) >= MAX_FILES:
        raise CliError(f"There are more than {MAX_FILES} files.")
    files[name] = content
    if sum(map(len, files.values())) > MAX_TOTAL:
        raise CliError(f"The files are larger than {MAX_TOTAL // 2**20} MiB together.")


def checked_path(name: str) -> str:
    """The one spelling of a relative path that stays in its folder; raises CliError for every other."""
    if "\\" in name or any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise CliError(f"{name!a} has a backslash, a control character, or bytes that are not UTF-8 in its name.")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise CliError(f"{name!r} leads out of its folder.")
    return str(path)


def sha256_of(files: Mapping[str, bytes]) -> str:
    """One hash of paths and contents, the same that the server computes."""
    digest = hashlib.sha256()
    for path in sorted(files, key=str.encode):
        digest.update(path.encode() + b"\0" + str(len(files[path])).encode("ascii") + b"\0")
        digest.update(files[path])
    return digest.hexdigest()


def mode_of(content: bytes) -> int:
    """What begins with `#!` is meant to be started."""
    return 0o755 if content.startswith(b"#!") else 0o644


def pack(files: Mapping[str, bytes]) -> bytes:
    """A tar.gz; the same files give the same bytes."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as archive,
    ):
        for path in sorted(files, key=str.encode):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(files[path]), mode_of(files[path])
            archive.addfile(entry, io.BytesIO(files[path]))
    return packed.getvalue()


class Bounded(io.RawIOBase):
    """Stops a stream that unpacks to more than it may, whatever its headers promise."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self.stream, self.left = stream, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self.stream.readinto(buffer)
        self.left -= count
        if self.left < 0:
            raise CliError(f"The archive unpacks to more than {MAX_TOTAL // 2**20} MiB.")
        return count


def read_archive(archive: bytes) -> dict[str, bytes]:
    """The files of a tar.gz; raises CliError naming the entry that is not acceptable."""
    files: dict[str, bytes] = {}
    stream = io.BufferedReader(Bounded(gzip.GzipFile(fileobj=io.BytesIO(archive)), MAX_UNPACKED))
    try:
        with stream, tarfile.open(fileobj=stream, mode="r|") as entries:
            for entry in entries:
                if not entry.isdir():
                    add(files, checked_path(entry.name), content_of(entries, entry))
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise CliError(f"This is not a complete tar.gz archive: {error}.") from None
    for path in files:
        refuse_file_as_folder(path, files)
    return files


def refuse_damage(files: Mapping[str, bytes], told: Iterable[Mapping[str, Any]]) -> None:
    """Files that are not those whose path and sha256 the server has told, one for one."""
    wanted = {file["path"]: file["sha256"] for file in told}
    found = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    wrong = sorted(path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path))
    if wrong:
        names = ", ".join(wrong[:5])
        raise CliError(f"{names}: not as the server names it, damaged on the way or changed meanwhile; try again.")


def content_of(entries: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    source = entries.extractfile(entry) if entry.isreg() and not entry.issparse() else None
    if source is None:
        raise CliError(f"{entry.name!r} is a link, a device or the like; an archive may hold only files and folders.")
    content = source.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise CliError(f"{entry.name!r} is larger than {MAX_FILE // 2**20} MiB.")
    if len(content) != entry.size:
        raise CliError(f"The archive ends within {entry.name!r}.")
    return content


def refuse_file_as_folder(path: str, files: Mapping[str, bytes]) -> None:
    for parent in PurePosixPath(path).parents:
        if str(parent) in files:
            raise CliError(f"{parent} is a file and, for {path}, a folder.")


def unpack(archive: bytes, directory: Path) -> list[Path]:
    """Writes the files of a tar.gz below a directory, all or, if the archive is not acceptable, none."""
    return write_files(read_archive(archive), directory)


def write_files(files: Mapping[str, bytes], directory: Path, force: bool = False) -> list[Path]:
    """Writes below a directory, which is made; raises CliError before the first byte if a file is in the way."""
    from cli.writing import Target

    names = {checked_path(name): content for name, content in files.items()}
    for name in names:
        refuse_file_as_folder(name, names)
    with Target(directory) as target:
        for name, content in names.items():
            target.refuse_obstacle(name, content, force=force)
        for number, (name, content) in enumerate(names.items()):
            try:
                target.write(name, content, mode_of(content))
            except CliError as error:
                raise type(error)(f"{error} Before it, {number} of {len(names)} files were written.") from None
    return [directory / name for name in names]


@contextmanager
def laid_out(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder of just these files, for as long as they run: what was read, and trusted, whatever happens elsewhere."""
    with TemporaryDirectory(prefix="jobbergate-") as name:
        write_files(files, Path(name))
        yield Path(name)
