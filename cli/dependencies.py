"""The options that name what a submission waits for."""

from __future__ import annotations

from typing import Any

import click

from cli import completing


def after_options(command: Any) -> Any:
    ids: dict[str, Any] = {"metavar": "ID", "type": int, "multiple": True, "shell_complete": completing.job_submissions}
    any_ = click.option("--after-any", help="Begin after this submission has ended, however; repeatable.", **ids)
    return click.option("--after", help="Begin after this submission has completed; repeatable.", **ids)(any_(command))
