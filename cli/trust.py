"""Which code its user has trusted to run on this machine: remembered by the sha256 of all its files."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.errors import CliError


class TrustStore:
    """`trust.json` in the user's config directory. Whoever could write it could run code as its user."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "trust.json"

    def is_trusted(self, sha256: str) -> bool:
        return sha256 in self.read()

    def remember(self, sha256: str, *, application: str, owner: str, version: int | None) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {"application": application, "owner": owner, "version": version, "trusted_at": at}
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.locked():
            self.replace({**self.read(), sha256: entry})

    def read(self) -> dict[str, Any]:
        try:
            with self.path.open(encoding="utf-8") as stream:
                self.refuse_shared(os.fstat(stream.fileno()))
                found = json.load(stream)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CliError(f"{self.path} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise self.broken() from None
        if not isinstance(found, dict) or not isinstance(found.get("trusted"), dict):
            raise self.broken()
        return dict(found["trusted"])

    def broken(self) -> CliError:
        return CliError(f"{self.path} is broken; delete it, and you will be asked about each application once more.")

    def refuse_shared(self, status: os.stat_result) -> None:
        if status.st_uid != os.geteuid():
            raise CliError(f"{self.path} is not yours, so it cannot say what you trust; delete it.")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise CliError(
                f"{self.path} can be written by others, so it cannot say what you trust: chmod 600, or delete it."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Two commands at a time both remember; the file that is replaced cannot itself be the lock."""
        lock = os.open(self.directory / "trust.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def replace(self, trusted: dict[str, Any]) -> None:
        # mkstemp makes the file 0600 from its first moment on.
        handle, partial = tempfile.mkstemp(dir=self.directory, prefix=".trust-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({"trusted": trusted}, stream, indent=1, sort_keys=True)
            Path(partial).replace(self.path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(partial).unlink()
            raise
