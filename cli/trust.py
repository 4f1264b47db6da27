"""Which code its user has trusted to run on this machine: remembered by the sha256 of all its files."""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.errors import CliError
from cli.folder import sha256_of
from cli.snapshot import Snapshot

SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Content:
    """Files that want to run, and whose they are: a version of an application at a server, or a folder here."""

    files: Mapping[str, bytes]
    application: str
    owner: str
    version: int | None = None
    server: str | None = None
    application_id: int | None = None
    folder: str | None = None

    @classmethod
    def of_folder(cls, folder: Path, files: Mapping[str, bytes]) -> Content:
        return cls(files, folder.resolve().name, "you", folder=str(folder.resolve()))

    @cached_property
    def sha256(self) -> str:
        return sha256_of(self.files)

    def as_entry(self) -> dict[str, Any]:
        """Beside the keys that have always been there, only those that say something."""
        where = {"server": self.server, "application_id": self.application_id, "folder": self.folder}
        known = {key: value for key, value in where.items() if value is not None}
        return {"application": self.application, "owner": self.owner, "version": self.version, **known}

    def is_same_application(self, entry: Mapping[str, Any]) -> bool:
        if self.folder is not None:
            return bool(entry.get("folder") == self.folder)
        there = entry.get("server"), entry.get("application_id")
        return self.application_id is not None and there == (self.server, self.application_id)


class TrustStore:
    """`trust.json` in the user's config directory. Whoever could write it could run code as its user.

    Beside it `trusted/` has a snapshot of each content, which is only ever shown.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "trust.json"
        self.snapshots = directory / "trusted"

    def is_trusted(self, sha256: str) -> bool:
        return sha256 in self.read()

    def remember(self, content: Content) -> None:
        entry = {**content.as_entry(), "trusted_at": datetime.now(UTC).isoformat(timespec="seconds")}
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.locked():
            trusted = {**self.read(), content.sha256: entry}
            self.write(self.snapshot_path(content.sha256), Snapshot.of(content.files).as_json())
            self.write(self.path, {"trusted": trusted})

    def forget(self, contents: Iterable[str]) -> None:
        """Those that are not there are gone already."""
        if not self.directory.exists():
            return
        with self.locked():
            gone = set(contents)
            kept = {sha256: entry for sha256, entry in self.read().items() if sha256 not in gone}
            self.write(self.path, {"trusted": kept})
            for sha256 in filter(SHA256.match, gone):
                self.snapshot_path(sha256).unlink(missing_ok=True)

    def earlier(self, content: Content) -> tuple[str, dict[str, Any]] | None:
        """The content of the same application that was trusted last, and what is known of it."""
        same = [(sha256, entry) for sha256, entry in self.read().items() if content.is_same_application(entry)]
        return max(same, key=lambda pair: str(pair[1].get("trusted_at")), default=None)

    def snapshot(self, sha256: str) -> Snapshot | None:
        """What was kept of a content; None where nothing was, as for those trusted by older clients."""
        found = self.load(self.snapshot_path(sha256)) if SHA256.match(sha256) else None
        return Snapshot.from_json(found)

    def snapshot_path(self, sha256: str) -> Path:
        return self.snapshots / f"{sha256}.json"

    def read(self) -> dict[str, dict[str, Any]]:
        found = self.load(self.path)
        if found is None:
            return {}
        trusted = found.get("trusted") if isinstance(found, dict) else None
        if not isinstance(trusted, dict) or not all(isinstance(entry, dict) for entry in trusted.values()):
            raise broken(self.path)
        return dict(trusted)

    def load(self, path: Path) -> Any:
        """What a file says, if its user alone could write it; None where there is none."""
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8") as stream:
                refuse_shared(path, os.fstat(stream.fileno()))
                return json.load(stream)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CliError(f"{path} cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError):
            raise broken(path) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Two commands at a time both remember; the file that is replaced cannot itself be the lock."""
        lock = os.open(self.directory / "trust.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def write(self, path: Path, value: Any) -> None:
        """Whole or not at all."""
        with suppress(FileExistsError):
            path.parent.mkdir(mode=0o700)
        if path.parent != self.directory:
            refuse_shared(path.parent, path.parent.lstat())
        # mkstemp makes the file 0600 from its first moment on.
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".trust-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(value, stream, indent=1, sort_keys=True)
            Path(partial).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(partial).unlink()
            raise


def broken(path: Path) -> CliError:
    return CliError(f"{path} is broken; delete it, and you will be asked about each application once more.")


def refuse_shared(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise CliError(f"{path} is a symbolic link, so it cannot say what you trust; delete it.")
    if status.st_uid != os.geteuid():
        raise CliError(f"{path} is not yours, so it cannot say what you trust; delete it.")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        private = 700 if stat.S_ISDIR(status.st_mode) else 600
        raise CliError(
            f"{path} can be written by others, so it cannot say what you trust: chmod {private}, or delete it."
        )
