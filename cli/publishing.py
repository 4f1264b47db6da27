"""A folder on this machine becomes an application's version: what `applications create` and `update` send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.errors import CliError, UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

    from cli.session import Session

PROGRAM = "jobbergate.py"


def upload(session: Session, folder: Path, *, note: str | None, trust: bool) -> tuple[dict[str, str], dict[str, Any]]:
    """The form fields and the file part of a request that publishes this folder."""
    from cli.folder import pack, read_folder

    files = read_folder(folder)
    fields = {"note": note} if note else {}
    if PROGRAM in files and not has_questions(files):
        form = _captured_form(session, folder, files, trust=trust)
        if form is not None:
            fields["form"] = json.dumps(form)
    return fields, {"archive": ("application.tar.gz", pack(files), "application/gzip")}


def has_questions(files: dict[str, bytes]) -> bool:
    """Whether jobbergate.yaml asks by itself: then its jobbergate.py is never run. What is broken, the server tells."""
    import yaml

    try:
        config = yaml.safe_load(files.get("jobbergate.yaml", b""))
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and config.get("questions") is not None


def _captured_form(session: Session, folder: Path, files: dict[str, bytes], *, trust: bool) -> dict[str, Any] | None:
    """The questions of jobbergate.py, which has to run for it: only if its user trusts this very content."""
    from cli.trust import Content
    from cli.trusting import about_earlier, may_run
    from cli.workflow import capture_form

    content = Content.of_folder(folder, files)
    purpose = f"To publish its form, {PROGRAM} of this folder has to run on this machine."
    if not may_run(session, content, purpose=purpose, trust=trust):
        session.output.talk(
            f"Published without a form: {PROGRAM} was not run, since nobody trusted it (--trust does)."
            f"{about_earlier(session, content)}"
        )
        return None
    try:
        with session.output.progress("Asking the application for its questions"):
            return capture_form(folder)
    except CliError as error:
        # It may need what only its users have: a module of the cluster, a file. With a form or without, it is theirs.
        session.output.warn(f"Published without a form: {error}")
        return None


def changes(**fields: Any) -> dict[str, Any]:
    """What an `update` changes: the options that were given."""
    return {name: value for name, value in fields.items() if value is not None}


def refuse_no_change(given: dict[str, Any], options: str) -> None:
    if not given:
        raise UsageProblem(f"There is nothing to change; give {options}.")
