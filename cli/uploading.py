"""A script that somebody wrote by hand, kept as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.errors import UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

    from cli.preparing import Wishes
    from cli.session import Session


def upload_script(session: Session, path: Path, entrypoint: str | None, wishes: Wishes) -> dict[str, Any]:
    """One file, or a folder of which `entrypoint` names the script."""
    from cli.preparing import show_warnings

    _refuse_answers(wishes)
    fields = {"name": wishes.name or path.resolve().name}
    if wishes.description:
        fields["description"] = wishes.description
    if entrypoint:
        fields["entrypoint"] = entrypoint
    if wishes.force:
        fields["force"] = "true"
    with session.output.progress("Uploading"):
        script: dict[str, Any] = session.client.create("/api/job-scripts/", data=fields, files=_part(path))
    show_warnings(session, script)
    return script


def named_files(files: tuple[Path, ...], path: str | None) -> dict[str, bytes]:
    """Files under the paths that they shall have in a script. All are read before the first of them is sent."""
    from cli.folder import add, checked_path, read_file

    found: dict[str, bytes] = {}
    for file in files:
        name = checked_path(path or file.name)
        add(found, name, read_file(file, name))
    return found


def _part(path: Path) -> dict[str, tuple[str, bytes, str]]:
    from cli.folder import add, checked_path, pack, read_file, walk

    if not path.is_dir():
        return {"files": (checked_path(path.name), read_file(path, path.name), "application/octet-stream")}
    files: dict[str, bytes] = {}
    for file in walk(path):
        name = checked_path(file.relative_to(path).as_posix())
        add(files, name, read_file(file, name))
    return {"archive": ("script.tar.gz", pack(files), "application/gzip")}


def _refuse_answers(wishes: Wishes) -> None:
    """Options that would silently do nothing are refused instead."""
    asked = wishes.version, wishes.sbatch_parameters, wishes.answers_file, wishes.pairs, wishes.fast, wishes.trust
    if any(asked):
        raise UsageProblem("An uploaded script is kept as it is; it takes only --name, --description and --entrypoint.")
