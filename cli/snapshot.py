"""What an application's folder was when it was trusted, and what has changed in it since. Pure.

Its code is kept as text, so that a change can be read; of everything else, and of much code, only the hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.unified import unified

MAX_CODE = 256 * 1024


@dataclass(frozen=True)
class Snapshot:
    """`files` are hashes by path; `code` the text of each `*.py`, or None where that is too much to keep."""

    files: Mapping[str, str]
    code: Mapping[str, str] | None

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Snapshot:
        code = {path: content for path, content in files.items() if path.endswith(".py")}
        kept = sum(map(len, code.values())) <= MAX_CODE
        return cls(
            {path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
            {path: text_of(content) for path, content in code.items()} if kept else None,
        )

    @classmethod
    def from_json(cls, value: Any) -> Snapshot | None:
        """None for what is no snapshot: then nothing can be compared."""
        if not isinstance(value, dict) or not is_texts(value.get("files")):
            return None
        code = value.get("code")
        return cls(value["files"], code if is_texts(code) else None)

    def as_json(self) -> dict[str, Any]:
        return {"files": dict(self.files), "code": self.code if self.code is None else dict(self.code)}


@dataclass(frozen=True)
class Changes:
    """From one snapshot to another. `diff` is a unified diff of code, without the ends of its lines."""

    code_changed: bool
    diff: list[str] = field(default_factory=list)
    # Files of which only this can be said, by what happened to them.
    others: dict[str, list[str]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """`added: notes.md; changed: jobbergate.yaml, templates/job.sh.j2`."""
        return "; ".join(f"{what}: {', '.join(paths)}" for what, paths in self.others.items())


def compare(before: Snapshot, after: Snapshot) -> Changes:
    changed = [
        path for path in sorted({*before.files, *after.files}) if before.files.get(path) != after.files.get(path)
    ]
    code = [path for path in changed if path.endswith(".py")]
    diffs = {path: diff_of(path, before, after) for path in code}
    others: dict[str, list[str]] = {}
    for path in changed:
        if not diffs.get(path):
            others.setdefault(what_happened(path, before, after), []).append(path)
    return Changes(bool(code), [line for path in code for line in diffs[path]], dict(sorted(others.items())))


def diff_of(path: str, before: Snapshot, after: Snapshot) -> list[str]:
    """Nothing where a side is not known, or where there is too much of it to be compared."""
    if before.code is None or after.code is None:
        return []
    old, new = before.code.get(path, ""), after.code.get(path, "")
    return unified(old, new, f"trusted/{path}", f"new/{path}") or []


def what_happened(path: str, before: Snapshot, after: Snapshot) -> str:
    if path not in before.files:
        return "added"
    return "changed" if path in after.files else "removed"


def text_of(content: bytes) -> str:
    """Never an error: bytes that are no UTF-8 are shown by their codes."""
    return content.decode("utf-8", "backslashreplace")


def is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair)
