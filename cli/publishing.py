"""A folder on this machine becomes an application's version: what `applications check`, `create` and `update` send."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.errors import ApiError, CliError, UsageProblem
from cli.folder import PROGRAM, laid_out, pack, read_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cli.session import Session

DEFAULTS = "defaults"
# As many as the server takes.
MAX_TESTS = 50


@dataclass(frozen=True)
class Folder:
    """An application's folder as it was read once: what is sent is what was trusted."""

    path: Path
    files: dict[str, bytes]
    # What its own code gave, where it has some and its user trusts it.
    captured: dict[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, Any]:
        return {"archive": ("application.tar.gz", pack(self.files), "application/gzip")}

    def tests(self) -> list[str]:
        """The names of its own tests that have answers."""
        places = [path.split("/") for path in sorted(self.files)]
        return [words[1] for words in places if words[0] == "tests" and words[2:] == ["answers.yaml"]][:MAX_TESTS]


def prepared(session: Session, path: Path, *, trust: bool, to: str = "publish", defaults: bool = False) -> Folder:
    """The folder, with its form and the runs for its own tests; for its default answers too, if wanted."""
    folder = Folder(path, read_folder(path))
    if PROGRAM not in folder.files or has_questions(folder.files) or not _trusted(session, folder, to, trust=trust):
        return folder
    names = folder.tests()
    with laid_out(folder.files) as place:
        form = _captured_form(session, place, to)
        runs = _runs(session, folder, place, [DEFAULTS, *names] if defaults and DEFAULTS not in names else names)
    if form is not None:
        folder.captured["form"] = json.dumps(form)
    if runs:
        folder.captured["runs"] = json.dumps(runs)
    return folder


def publish(session: Session, path: str, folder: Folder, *, note: str | None, force: bool, **fields: Any) -> Any:
    """The row that the server made of it; where its own tests fail, they are shown."""
    wanted = {**fields, **folder.captured, **({"note": note} if note else {}), **({"force": "true"} if force else {})}
    try:
        with session.output.progress("Publishing"):
            return session.client.create(path, data=wanted, files=folder.parts)
    except ApiError as error:
        if error.code != "tests_fail":
            raise
        _show_failures(session, error.errors)
        raise CliError(f"{error.detail} (`--force` does that.)") from None


def say_published(session: Session, version: Mapping[str, Any], *, before: int) -> None:
    """`before` is the number of the version that was the newest."""
    if version["number"] == before:
        session.output.talk(f"The newest version, {before}, holds just that already.")
    else:
        session.output.talk(f"Version {version['number']} is published.")


def _show_failures(session: Session, errors: Mapping[str, Any]) -> None:
    for sentence, *diffs in errors.values():
        session.output.talk(str(sentence))
        for diff in diffs:
            session.output.diff(str(diff), talk=True)


def has_questions(files: dict[str, bytes]) -> bool:
    """Whether jobbergate.yaml asks by itself: then its jobbergate.py is never run. What is broken, the server tells."""
    import yaml

    try:
        config = yaml.safe_load(files.get("jobbergate.yaml", b""))
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and config.get("questions") is not None


def _trusted(session: Session, folder: Folder, to: str, *, trust: bool) -> bool:
    """Whether jobbergate.py may run here: only if its user trusts this very content."""
    from cli.trust import Content
    from cli.trusting import Declined, about_earlier, may_run

    content = Content.of_folder(folder.path, folder.files)
    purpose = f"To {to} its form and to run its tests, {PROGRAM} of this folder has to run on this machine."
    why = "nobody trusted it (--trust does)"
    try:
        if may_run(session, content, purpose=purpose, trust=trust):
            return True
    except Declined:
        why = "you did not trust it"
    tests = " Nor were its tests." if folder.tests() else ""
    session.output.talk(
        f"{_without_form(to)}: {PROGRAM} was not run, since {why}.{tests}{about_earlier(session, content)}"
    )
    return False


def _without_form(to: str) -> str:
    return "Checked without a form" if to == "check" else "Published without a form"


def _captured_form(session: Session, path: Path, to: str) -> dict[str, Any] | None:
    from cli.workflow import capture_form

    try:
        with session.output.progress("Asking the application for its questions"):
            return capture_form(path)
    except CliError as error:
        # It may need what only its users have: a module of the cluster, a file. With a form or without, it is theirs.
        session.output.warn(f"{_without_form(to)}: {error}")
        return None


# --- runs of the program --------------------------------------------------------------------------------------------


def _runs(session: Session, folder: Folder, place: Path, names: list[str]) -> dict[str, Any]:
    if not names:
        return {}
    with session.output.progress("Running the application for its tests"):
        return {name: _run(folder, place, name) for name in names}


def _run(folder: Folder, place: Path, name: str) -> dict[str, Any]:
    """What the program gives for a test's answers: as `--fast` does it, with nobody to ask."""
    from cli.answers import read_file
    from cli.asking import Missing, NobodyToAsk
    from cli.workflow import run_application

    answers = f"tests/{name}/answers.yaml"
    is_own = answers in folder.files
    try:
        supplied = read_file(str(place / answers), answers) if is_own else {}
        outcome = run_application(place, supplied, fast=True, asker=NobodyToAsk())
    except Missing as error:
        words = f"{', '.join(error.variables)}: an answer is missing, and there is no default."
        return {"error": words} if is_own else {"missing": words}
    except CliError as error:
        return {"error": str(error)}
    return {"answers": outcome.answers, "computed": outcome.computed}


def changes(**fields: Any) -> dict[str, Any]:
    """What an `update` changes: the options that were given."""
    return {name: value for name, value in fields.items() if value is not None}


def refuse_no_change(given: dict[str, Any], options: str) -> None:
    if not given:
        raise UsageProblem(f"There is nothing to change; give {options}.")
