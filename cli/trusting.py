"""Nobody's code runs here unasked: whether this exact content may run, now and from now on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cli.session import Session

SHOWN_DIGITS = 16


def may_run(
    session: Session,
    sha256: str,
    *,
    application: str,
    owner: str,
    version: int | None,
    purpose: str,
    trust: bool,
) -> bool:
    """True for content trusted earlier, with `--trust`, or when the person at the terminal says so; remembered."""
    from cli.trust import TrustStore

    store = TrustStore(session.settings.directory)
    if store.is_trusted(sha256):
        return True
    if not trust and not _confirmed(session, sha256, application, owner, version, purpose):
        return False
    store.remember(sha256, application=application, owner=owner, version=version)
    return True


def _confirmed(session: Session, sha256: str, application: str, owner: str, version: int | None, purpose: str) -> bool:
    if not sys.stdin.isatty():
        return False
    session.output.talk(purpose)
    session.output.talk(f"  application  {application}")
    session.output.talk(f"  owner        {owner}")
    if version is not None:
        session.output.talk(f"  version      {version}")
    session.output.talk(f"  sha256       {sha256[:SHOWN_DIGITS]}…")
    return click.confirm("Do you trust this content to run as you?", default=False, err=True)
