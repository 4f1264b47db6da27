"""What the server found in a script's directives, and what they ask of Slurm, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cli.session import Session

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
Piece = str | tuple[str, str | None]


def show_findings(session: Session, findings: Iterable[Mapping[str, Any]], file: str, *, talk: bool = False) -> None:
    for finding in findings:
        session.output.line(*pieces(finding, file), talk=talk)
        if finding["suggestion"]:
            session.output.line(f"    {finding['suggestion']}", talk=talk)


def pieces(finding: Mapping[str, Any], file: str) -> Iterator[Piece]:
    """As compilers write it, so that an editor finds the line."""
    where = file if finding["line"] is None else f"{file}:{finding['line']}"
    severity = finding["severity"]
    yield f"{where}: "
    yield severity, COLOURS.get(severity)
    yield f": {finding['message']} [{finding['code']}]"


def show_resources(session: Session, resources: Mapping[str, Any]) -> None:
    session.output.line(f"It asks for {', '.join(wishes(resources))}.")


def wishes(resources: Mapping[str, Any]) -> Iterator[str]:
    if tasks := resources["array_tasks"]:
        limit = f", {resources['array_limit']} at once" if resources["array_limit"] else ""
        yield f"an array of {counted(tasks, 'task')}{limit}, each with {nodes(resources)}"
    else:
        yield nodes(resources)
    yield counted(resources["tasks"], "task")
    yield counted(resources["cpus"], "CPU")
    if resources["gpus"]:
        yield counted(resources["gpus"], "GPU")
    if resources["memory_per_node"] == 0:
        yield "all memory of its nodes"
    elif resources["memory"] is not None:
        yield f"{size(resources['memory'])} of memory"
    yield time(resources)
    if resources["core_hours"] is not None:
        yield f"{round(resources['core_hours'], 2):,g} core-hours in all"


def nodes(resources: Mapping[str, Any]) -> str:
    fewest, most = resources["nodes_min"], resources["nodes_max"]
    words = counted(fewest, "node") if most in (None, fewest) else f"{fewest} to {most} nodes"
    return f"{words} of its own" if resources["exclusive"] else words


def time(resources: Mapping[str, Any]) -> str:
    if resources["time_unlimited"]:
        return "no limit of time"
    if resources["time"] is None:
        return "the partition's default time"
    minutes, seconds = divmod(resources["time"], 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02} h"


def size(count: float) -> str:
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.4g} {unit}"
    return f"{count / 1024:.4g} TiB"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
