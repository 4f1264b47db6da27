"""Prompts on a terminal. They are talk: they go to standard error or to the terminal itself, not to standard output."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
import questionary
from prompt_toolkit.completion import PathCompleter
from prompt_toolkit.output import create_output

from cli.choices import Option
from cli.errors import CliError
from cli.output import printable
from cli.questions import (
    Checkbox,
    Choosing,
    Confirm,
    Directory,
    InvalidAnswer,
    List,
    PathQuestion,
    Question,
)
from cli.terminal import terminal

if TYPE_CHECKING:
    from prompt_toolkit.output import Output

LEFT_OUT = "(none)"
LONG_LIST = 15
INSTEAD = "-a NAME=VALUE, --answers FILE or --fast"


def prompt(question: Question) -> Any:
    """Ask until the answer is one that the question accepts."""
    if question.help:
        click.secho(f"  {printable(question.help)}", dim=True, err=True)
    ask = next(ask for kind, ask in PROMPTS if isinstance(question, kind))
    with terminal(instead=INSTEAD) as stream:
        try:
            return ask(question, create_output(stdout=stream))
        except (KeyboardInterrupt, EOFError):
            raise click.Abort from None


def head(section: str, text: str) -> None:
    """The heading of a section. It comes from an application, so it may not move the cursor."""
    click.secho(f"\n{printable(section)}", bold=True, err=True)
    if text:
        click.secho(f"  {printable(text)}", dim=True, err=True)


def title(question: Question) -> str:
    unit = f" ({question.unit})" if question.unit else ""
    return printable((str(question.message) or question.variablename) + unit)


def suggestion(question: Question) -> Any:
    """The default, where the question accepts it; a person can do nothing with one that is refused."""
    try:
        return None if question.default is None else question.typed(question.default)
    except InvalidAnswer:
        return None


def valid(question: Question) -> Callable[[Any], bool | str]:
    def validate(given: Any) -> bool | str:
        try:
            question.check(given)
        except InvalidAnswer as error:
            return f"{error.advice[:1].upper()}{error.advice[1:]}."
        return True

    return validate


def ask_text(question: Question, output: Output, **settings: Any) -> Any:
    default = suggestion(question)
    shown = "" if default is None else str(default)
    asked = questionary.text(title(question), default=shown, validate=valid(question), output=output, **settings)
    return question.check(asked.unsafe_ask())


def ask_path(question: Question, output: Output) -> Any:
    completer = PathCompleter(only_directories=isinstance(question, Directory), expanduser=True)
    return ask_text(question, output, completer=completer, complete_while_typing=False)


def ask_yes_or_no(question: Question, output: Output) -> Any:
    asked = questionary.confirm(title(question), default=bool(suggestion(question)), auto_enter=False, output=output)
    return question.check(asked.unsafe_ask())


def ask_choice(question: Choosing, output: Output) -> Any:
    entries = entries_of(question)
    start = question.chosen(question.default)
    if may_be_left_out(question):
        start = Option(LEFT_OUT, question.empty())
        entries.append(start)
    # Questionary takes None for "no value given", so entries are known by their place.
    lines = [questionary.Choice(entry.label, place) for place, entry in enumerate(entries)]
    at_first = lines[entries.index(start)] if start else None
    asked = questionary.select(title(question), lines, default=at_first, **searchable(lines), output=output)
    return entries[asked.unsafe_ask()].value


def may_be_left_out(question: Question) -> bool:
    return not question.required and question.default is None


def ask_choices(question: Choosing, output: Output) -> Any:
    entries, chosen = entries_of(question), suggestion(question) or []
    lines = [questionary.Choice(label, place, checked=value in chosen) for place, (label, value) in enumerate(entries)]

    def validate(places: list[Any]) -> bool | str:
        return valid(question)([entries[int(place)].value for place in places])

    asked = questionary.checkbox(title(question), lines, validate=validate, **searchable(lines), output=output)
    return [entries[place].value for place in asked.unsafe_ask()]


def entries_of(question: Choosing) -> list[Option]:
    if not question.choices:
        raise CliError(f"{question.variablename}: there is nothing to choose from here.")
    return list(question.choices)


def searchable(lines: list[Any]) -> dict[str, Any]:
    """Long lists are searched by typing, which needs the letters j and k."""
    long = len(lines) > LONG_LIST
    return {"use_search_filter": long, "use_jk_keys": not long}


# The first class that a question belongs to says how it is asked.
PROMPTS: tuple[tuple[type[Question], Callable[[Any, Output], Any]], ...] = (
    (Confirm, ask_yes_or_no),
    (Checkbox, ask_choices),
    (List, ask_choice),
    (PathQuestion, ask_path),
    (Question, ask_text),
)
