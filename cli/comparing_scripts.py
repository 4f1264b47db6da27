"""Two job scripts side by side, saved ones or previews: where they come from, what they ask for, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.comparing import FIELDS, lines_of_files
from cli.difference import of_files, of_values, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cli.difference import Difference
    from cli.session import Session

ORIGIN = ("application", "version", "entrypoint", "output_directory")


def fetched(session: Session, number: int) -> dict[str, Any]:
    """A saved script, with its files as path → bytes."""
    from cli.client import at
    from cli.folder import read_archive

    script = session.client.get(at("job-scripts", number))
    return {**script, "files": read_archive(session.client.download(at("job-scripts", number, "archive")))}


def show_difference(session: Session, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """A diff for people, the same as data for programs. Both with their files as path → bytes."""
    found = difference(old, new)
    if session.output.format in ("json", "yaml"):
        return session.output.row({"old": old.get("id"), "new": new.get("id"), **found})
    if session.output.format in ("csv", "id"):
        return session.output.rows(found["files"], table=FIELDS, fields=FIELDS, named_by="path")
    if not any(found.values()):
        session.output.talk("Nothing differs.")
    for line in lines(found):
        session.output.line(line)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Difference]]:
    before, after = ({name: script.get(name) for name in ORIGIN} for script in (old, new))
    return {
        "origin": of_values(before, after),
        "answers": of_values(old["answers"], new["answers"]),
        "computed": of_values(old["computed"] or {}, new["computed"] or {}),
        "sbatch_parameters": of_values(as_keys(old["sbatch_parameters"]), as_keys(new["sbatch_parameters"])),
        "resources": of_values(old["resources"] or {}, new["resources"] or {}),
        "files": of_files(old["files"], new["files"]),
    }


def as_keys(parameters: list[str]) -> dict[str, bool]:
    return dict.fromkeys(parameters, True)


def lines(found: Mapping[str, list[Difference]]) -> Iterator[tuple[str, str | None]]:
    for part, differences in found.items():
        if part == "files" or not differences:
            continue
        yield f"{part.replace('_', ' ').capitalize()}:", None
        for one in differences:
            yield f"  {sentence(one)}", None
    yield from lines_of_files(found["files"])


def sentence(one: Difference) -> str:
    name = one["name"].replace("_", " ")
    if one["change"] == "changed":
        return f"{name}: {quoted(one['old'])} → {quoted(one['new'])}"
    if one["old" if one["change"] == "removed" else "new"] is True:
        return f"{one['name']} {one['change']}"
    return (
        f"{name}: {quoted(one['new'])} added" if one["change"] == "added" else f"{name}: {quoted(one['old'])} removed"
    )
