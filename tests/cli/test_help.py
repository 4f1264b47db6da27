"""Help is instant, and the list of nouns says what the nouns say of themselves."""

import inspect
import subprocess
import sys

import click
import pytest

from cli.main import COMMANDS, jobbergate
from cli.reference import PAGE, commands, page

HEAVY = ("requests", "urllib3", "rich", "questionary", "prompt_toolkit", "yaml", "platformdirs", "importlib.metadata")
NOUNS = {name: module for name, (module, _, _) in COMMANDS.items()}


def loaded_by(*words: str) -> set[str]:
    program = (
        "import sys; from cli.main import jobbergate\n"
        f"try: jobbergate({list(words)!r}, prog_name='jobbergate')\n"
        "except SystemExit: print('\\nLOADED', *sorted(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(answer.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in NOUNS)], ids=" ".join)
def test_help_loads_no_heavy_module_and_no_other_noun(words: list[str]) -> None:
    modules = loaded_by(*words)

    own = NOUNS.get(words[0])
    assert modules.isdisjoint(HEAVY)
    assert {module for module in NOUNS.values() if module in modules} == ({own} if own else set())


def test_completing_a_noun_loads_no_noun() -> None:
    program = "import sys, cli.main as m; c = __import__('click').Context(m.jobbergate)\n"
    program += "print(*[i.value for i in m.jobbergate.shell_complete(c, 'job-')]); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    offered, modules = answer.stdout.splitlines()

    assert offered.split() == ["job-scripts", "job-submissions"]
    assert set(NOUNS.values()).isdisjoint(modules.split())


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_list_of_nouns_says_what_the_noun_says_of_itself(name: str) -> None:
    command = jobbergate.get_command(click.Context(jobbergate), name)

    assert command is not None
    assert COMMANDS[name][2] == command.get_short_help_str(limit=200)


@pytest.mark.parametrize("words", [found.command_path for found, _ in commands(jobbergate, click.Context(jobbergate))])
def test_every_help_ends_with_an_example(words: str) -> None:
    command: click.Command = jobbergate
    for word in words.split():
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found

    _, heading, example = inspect.cleandoc(command.help or "").partition("\b\nExample:\n")
    assert heading
    assert f"jobbergate {words}" in example
    assert example.isascii()


def test_every_option_says_what_it_does() -> None:
    silent = [
        f"{context.command_path} {parameter.name}"
        for context, command in commands(jobbergate, click.Context(jobbergate))
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]

    assert silent == []


def test_the_page_about_the_command_line_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m cli.reference`"
