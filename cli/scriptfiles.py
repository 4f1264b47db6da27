"""Single files of a job script at the server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.client import at
from cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cli.session import Session


@dataclass(frozen=True)
class File:
    """A file as it was read. Its content is None where it is not there yet."""

    path: str
    content: bytes | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content or b"").hexdigest()

    @property
    def facts(self) -> dict[str, Any]:
        return {"path": self.path, "size": len(self.content or b""), "sha256": self.sha256}

    @property
    def seen(self) -> dict[str, str]:
        """Headers of a request that replaces this very content, or nothing."""
        return {"If-None-Match": "*"} if self.content is None else {"If-Match": f'"{self.sha256}"'}

    def text(self) -> str:
        text = text_of(self.content)
        if text is None:
            raise CliError(f"{self.path} is not text; `jobbergate job-scripts download` writes it to a file.")
        return text


def text_of(content: bytes | None) -> str | None:
    try:
        return (content or b"").decode()
    except UnicodeDecodeError:
        return None


def at_file(script: int, path: str) -> str:
    # Each folder for itself: a slash in disguise is refused by many a proxy.
    return at("job-scripts", script, "files", *path.split("/"))


def read(session: Session, script: int, path: str | None) -> File:
    """The entrypoint, where no path is given."""
    path = path or session.client.get(at("job-scripts", script))["entrypoint"]
    return File(path, session.client.download(at_file(script, path)))


def save(session: Session, script: int, file: File, seen: Mapping[str, str]) -> dict[str, Any]:
    """The script, as it is afterwards."""
    with session.output.progress(f"Saving {file.path}"):
        row: dict[str, Any] = session.client.put(at_file(script, file.path), file.content or b"", seen)
    return row


def save_all(session: Session, script: int, files: Mapping[str, bytes]) -> dict[str, Any]:
    """One after another; where one is refused, those before it are told, for they are saved."""
    row: dict[str, Any] = {}

    def step(path: str) -> None:
        row.update(save(session, script, File(path, files[path]), {}))

    one_by_one(session, "saved", files, step)
    return row


def one_by_one(session: Session, done: str, paths: Iterable[str], step: Callable[[str], object]) -> None:
    before: list[str] = []
    for path in paths:
        try:
            step(path)
        except CliError:
            if before:
                session.output.talk(f"{', '.join(before)}: {done} before.")
            raise
        before.append(path)
