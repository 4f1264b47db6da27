"""Two versions of an application side by side: fetched, compared, and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.difference import of_files, of_forms, sentence
from cli.listing import columns
from cli.output import COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.difference import Difference
    from cli.session import Session

FIELDS = columns("path change binary")


def show_difference(session: Session, application: int, old: str, new: str) -> None:
    """A diff for people, the same as data for programs."""
    with session.output.progress("Downloading"):
        before, after = fetched(session, application, old), fetched(session, application, new)
    files = of_files(before["files"], after["files"])
    without = [str(version["number"]) for version in (before, after) if version["form"] is None]
    # Nothing can be said of questions that nobody knows.
    questions = [] if without else of_forms(before["form"], after["form"])
    if without and len(set(without)) == 1:
        session.output.talk(f"Version {without[0]} was published without a form: its questions cannot be compared.")
    elif without:
        session.output.talk(f"The versions {' and '.join(without)} were published without a form.")
    if not files and not questions:
        session.output.talk(f"Nothing differs between the versions {before['number']} and {after['number']}.")
    found = {"application": application, "old": before["number"], "new": after["number"]}
    if session.output.format in ("json", "yaml"):
        return session.output.row({**found, "files": files, "questions": questions})
    if session.output.format in ("csv", "id"):
        return session.output.rows(files, table=FIELDS, fields=FIELDS, named_by="path")
    for line in (*lines_of_files(files), *lines_of_questions(questions)):
        session.output.line(line)


def fetched(session: Session, application: int, number: str) -> dict[str, Any]:
    from cli.client import at
    from cli.folder import read_archive

    version = session.client.get(at("applications", application, "versions", number))
    # By its number: `latest` may be another one by now.
    path = at("applications", application, "versions", version["number"], "archive")
    return {**version, "files": read_archive(session.client.download(path))}


def lines_of_files(files: list[Difference]) -> Iterator[tuple[str, str | None]]:
    for file in files:
        if file["diff"] is None:
            yield without_lines(file), "yellow"
            continue
        for place, line in enumerate(file["diff"].removesuffix("\n").split("\n")):
            yield line, None if place < 2 else COLOURS.get(line[:1])


def without_lines(file: Difference) -> str:
    kind = "Binary" if file["binary"] else "Long"
    if file["change"] == "changed":
        return f"{kind} files differ: {file['path']}"
    return f"{kind} file {file['change']}: {file['path']}"


def lines_of_questions(questions: list[Difference]) -> Iterator[tuple[str, str | None]]:
    if questions:
        yield "Questions:", None
    for question in questions:
        yield f"  {sentence(question)}", None
