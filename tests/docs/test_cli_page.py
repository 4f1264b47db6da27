"""Every command and option of the client is on docs/cli.md, under its full path."""

import click
import pytest

from cli.main import jobbergate
from cli.reference import EVERYWHERE, commands
from tests.docs.pages import DOCS

ROOT_CONTEXT = click.Context(jobbergate, info_name="jobbergate")
FOUND = {context.command_path: command for context, command in commands(jobbergate, ROOT_CONTEXT)}


def spellings(command: click.Command) -> set[str]:
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    # What every command has is in the page's opening.
    own = [one for one in options if not set(one.opts) & set(EVERYWHERE)]
    return {name for one in own for name in [*one.opts, *one.secondary_opts]}


@pytest.mark.parametrize("path", FOUND)
def test_a_command_is_there_with_its_options(path: str) -> None:
    _, heading, rest = (DOCS / "cli.md").read_text().partition(f"# {path}\n")
    section = rest.partition("\n#")[0]

    assert heading
    assert {name for name in spellings(FOUND[path]) if name not in section} == set()
