"""Applications as their authors work on them: check a folder before it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.commands.applications.noun import applications, trust_option
from cli.session import Command, Session, pass_session

COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}


@applications.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@trust_option
@click.pass_context
@pass_session
def check(session: Session, context: click.Context, folder: Path, trust: bool) -> None:
    """Check a folder, and run its own tests; nothing is published.

    The server checks all that publishing does, and renders the default answers, and those of each
    tests/NAME/answers.yaml, whose files have to be as in tests/NAME/expected/.

    \b
    Example:
        jobbergate applications check ./my-application
        jobbergate applications check ./my-application --output json
    """
    from cli.publishing import prepared

    read = prepared(session, folder, trust=trust, to="check", defaults=True)
    with session.output.progress("Checking"):
        answer = session.client.post("/api/applications/check/", data=read.captured, files=read.parts)
    if session.output.format == "table":
        _show(session, answer)
    else:
        session.output.row(answer, named_by="sha256")
    if not answer["ok"]:
        context.exit(1)


def _show(session: Session, answer: dict[str, Any]) -> None:
    line, diff = session.output.line, session.output.diff
    counts = f"{_count(answer['files'], 'file')}, {_count(answer['questions'], 'question')}"
    line(f"A {answer['kind']} application: {counts}.")
    width = max((len(test["name"]) for test in answer["tests"]), default=0)
    for test in answer["tests"]:
        status = f"{test['status']:7}" if test["message"] else test["status"]
        message = f"  {test['message']}" if test["message"] else ""
        line(f"{test['name']:{width}}  ", (status, COLOURS.get(test["status"])), message)
        for difference in test["differences"]:
            if difference["diff"]:
                diff(f"{difference['path']}\n{difference['diff']}")
    _warn(session, answer["tests"])


def _warn(session: Session, tests: list[dict[str, Any]]) -> None:
    """A hole is one, however many tests fall into it."""
    for message in dict.fromkeys(hole["message"] for test in tests for hole in test["warnings"]):
        session.output.warn(message)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
