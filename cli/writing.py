"""Files into a directory, and nowhere else.

Every folder on the way is opened from the one before it and never as a link, so that nobody who can write there can
lead us elsewhere between a look and a write.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator

# A full disk, a quota that is reached, a file server that is away.
NOT_NOW = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE})
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class NotNow(CliError):
    """It cannot be written for a reason that may go away by itself."""


class Target:
    """The directory to write to; it may itself be behind a link, for its user named it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __enter__(self) -> Self:
        with self.told("."):
            self.directory.mkdir(parents=True, exist_ok=True)
            self.root = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        os.close(self.root)

    def refuse_obstacle(self, name: str, content: bytes, *, force: bool) -> None:
        """Another content, a folder or a link where the file shall be; `force` overwrites only contents."""
        try:
            with self.told(name), self.folder_of(name, make=False) as folder:
                there = os.stat(PurePosixPath(name).name, dir_fd=folder, follow_symlinks=False)
                found = self.content(name, folder) if stat.S_ISREG(there.st_mode) and not force else content
        except FileNotFoundError:
            return
        if not stat.S_ISREG(there.st_mode):
            kind = "a symbolic link" if stat.S_ISLNK(there.st_mode) else "not a file"
            raise CliError(
                f"{self.directory / name} is {kind}, and stays as it is; remove it or choose another directory."
            )
        if found != content:
            raise CliError(
                f"{self.directory / name} exists with another content; move it away, or choose another directory."
            )

    def content(self, name: str, folder: int) -> bytes:
        with os.fdopen(os.open(PurePosixPath(name).name, FILE, dir_fd=folder), "rb") as stream:
            return stream.read()

    def write(self, name: str, content: bytes, mode: int) -> None:
        """The file appears whole or not at all."""
        final, partial = PurePosixPath(name).name, f".{secrets.token_hex(8)}.part"
        with self.told(name), self.folder_of(name, make=True) as folder:
            try:
                with os.fdopen(os.open(partial, NEW_FILE, mode, dir_fd=folder), "wb") as stream:
                    stream.write(content)
                os.replace(partial, final, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(partial, dir_fd=folder)
                raise

    @contextmanager
    def folder_of(self, name: str, *, make: bool) -> Iterator[int]:
        with ExitStack() as stack:
            folder = self.root
            for part in PurePosixPath(name).parts[:-1]:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o755, dir_fd=folder)
                folder = os.open(part, FOLDER, dir_fd=folder)
                stack.callback(os.close, folder)
            yield folder

    @contextmanager
    def told(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (NotADirectoryError, IsADirectoryError):
            raise CliError(
                f"{self.directory / name} cannot be written: a file or a link is where a folder shall be."
            ) from None
        except OSError as error:
            kind = NotNow if error.errno in NOT_NOW else CliError
            raise kind(f"{self.directory / name} cannot be written: {error.strerror}.") from None
