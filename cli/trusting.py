"""Nobody's code runs here unasked: whether this exact content may run, now and from now on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.errors import CliError
from cli.output import Output, on_one_line

if TYPE_CHECKING:
    from cli.session import Session
    from cli.snapshot import Changes
    from cli.trust import Content, TrustStore

SHOWN_DIGITS = 16


class Declined(CliError):
    """The person at the terminal was asked, and said no."""


def may_run(session: Session, content: Content, *, purpose: str, trust: bool) -> bool:
    """True for content trusted earlier, with `--trust`, or when the person at the terminal says so; remembered.

    False where nobody can be asked; raises Declined when they say no.
    """
    store = store_of(session)
    if store.is_trusted(content.sha256):
        return True
    if not trust:
        if not sys.stdin.isatty():
            return False
        _ask(store, content, purpose)
    store.remember(content)
    return True


def store_of(session: Session) -> TrustStore:
    from cli.trust import TrustStore

    return TrustStore(session.settings.directory)


def about_earlier(session: Session, content: Content) -> str:
    """For a refusal: a sentence about what was trusted of the same application, or nothing."""
    found = store_of(session).earlier(content)
    return f" You trusted {described(*found)}; this is something else." if found else ""


def described(sha256: str, entry: Mapping[str, Any]) -> str:
    """`version 2 (sha256 0123456789abcdef…, on 2026-03-01)`."""
    version = "an earlier content" if entry.get("version") is None else f"version {on_one_line(entry['version'])}"
    return f"{version} (sha256 {sha256[:SHOWN_DIGITS]}…, on {str(entry.get('trusted_at'))[:10]})"


def named(words: Iterable[str], trusted: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The sha256s that these words mean: applications by name or folder, contents by the first digits of their hash."""
    return [sha256 for word in words for sha256 in _meant(word, trusted)]


def _meant(word: str, trusted: Mapping[str, Mapping[str, Any]]) -> list[str]:
    folder = str(Path(word).resolve())
    names = [sha256 for sha256, entry in trusted.items() if word == entry.get("application")]
    names = names or [sha256 for sha256, entry in trusted.items() if folder == entry.get("folder")]
    if names:
        return names
    found = [sha256 for sha256 in trusted if word and sha256.startswith(word.lower())]
    if not found:
        raise CliError(f"Nothing trusted is called {word}; `jobbergate applications trust list` shows what there is.")
    if len(found) > 1:
        candidates = "".join(f"\n  {sha256}  {entry_name(trusted[sha256])}" for sha256 in sorted(found))
        raise CliError(f"{word} is the beginning of {len(found)} hashes; give more of one:{candidates}")
    return found


def entry_name(entry: Mapping[str, Any]) -> str:
    version = entry.get("version")
    return on_one_line(entry.get("application")) + ("" if version is None else f", version {on_one_line(version)}")


def _ask(store: TrustStore, content: Content, purpose: str) -> None:
    from cli.terminal import confirmed, terminal

    with terminal(instead="--trust") as stream:
        shown = Output(stderr=stream)
        shown.talk(purpose)
        shown.talk(f"  application  {on_one_line(content.application)}")
        shown.talk(f"  owner        {on_one_line(content.owner)}")
        if content.version is not None:
            shown.talk(f"  version      {on_one_line(content.version)}")
        shown.talk(f"  sha256       {content.sha256[:SHOWN_DIGITS]}…")
        _show_changes(shown, store, content)
        if not confirmed("Do you trust this content to run as you?", stream):
            raise Declined("Not run: you did not trust it.")


def _show_changes(shown: Output, store: TrustStore, content: Content) -> None:
    from cli.output import COLOURS
    from cli.snapshot import Snapshot, compare

    found = store.earlier(content)
    if found is None:
        return
    shown.talk(f"You trusted {described(*found)}.")
    before = store.snapshot(found[0])
    if before is None:
        return shown.talk("What it was is not kept, so what has changed cannot be shown.")
    changes = compare(before, Snapshot.of(content.files))
    shown.talk(_about(changes))
    for line in changes.diff:
        shown.line((line, COLOURS.get(line[:1])), talk=True)


def _about(changes: Changes) -> str:
    """What comes before the diff; the names come first, so that nobody has to look for them below it."""
    if not changes.code_changed:
        return f"Its code did not change since, these files did: {changes.words}."
    if not changes.diff:
        return f"Its code has changed since, by more than can be shown: {changes.words}."
    more = f" Beside what is shown here: {changes.words}." if changes.others else ""
    return f"Its code has changed since.{more}"
