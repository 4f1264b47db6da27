"""Writes docs/cli.md from the commands themselves: `python -m cli.reference`."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.main import jobbergate

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

OPENING = """\
# The command line

<!-- Written by `python -m cli.reference`: change the docstrings in cli/commands/ and run it again. -->

Data goes to standard output, talk to standard error. Every command takes `--output table|json|yaml|csv|id` and
`--server URL`, before the noun or after the verb.

| Exit code | means |
|---|---|
| 0 | done |
| 1 | refused or failed; one sentence on standard error says why |
| 2 | wrong usage |
| 3 | not signed in |
| 4 | the server cannot be reached |
| 130 | stopped by Ctrl-C, or at a prompt |

| Variable | gives |
|---|---|
| `JOBBERGATE_SERVER` | the server; `--server` goes before it |
| `JOBBERGATE_USERNAME` | who signs in |
| `JOBBERGATE_PASSWORD`, `JOBBERGATE_PASSWORD_FILE` | the password, or its file: commands sign in by themselves |
| `JOBBERGATE_CONFIG_DIR` | where `config.toml` (`server`, `username`, `password_file`), tokens and trust are kept |

`login` remembers its server for the commands that follow. Tokens are kept for each server apart, readable by you
alone, and renewed by themselves.
"""
# In every command's list of options they would only repeat the opening.
EVERYWHERE = ("--output", "--server", "--help")


def page() -> str:
    context = click.Context(jobbergate, info_name="jobbergate")
    sections = [section(command, path) for path, command in commands(jobbergate, context)]
    return "\n".join([OPENING, *sections])


def commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Context, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield inner, command
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def section(command: click.Command, context: click.Context) -> str:
    depth = len(context.command_path.split())
    prose, _, example = inspect.cleandoc(command.help or "").replace("\b\n", "").partition("Example:\n")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"{'#' * depth} {context.command_path}", prose.strip()]
    if not isinstance(command, click.Group):
        parts += [f"```\n{usage}\n```", *options(command, context)]
    parts += [f"Example:\n\n```sh\n{inspect.cleandoc(example)}\n```"]
    return "\n\n".join(parts) + "\n"


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    given = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    records = [record for one in given if (record := one.get_help_record(context))]
    rows = [(words, text) for words, text in records if not any(name in words for name in EVERYWHERE)]
    if rows:
        # A bar ends a cell even within code.
        cells = [f"| `{words}` | {text} |" for words, text in ((w.replace("|", "\\|"), t) for w, t in rows)]
        yield "\n".join(["| Option | |", "|---|---|", *cells])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
