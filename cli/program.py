"""Somebody's `jobbergate.py` as it runs: one instance, and its steps, each a list of questions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.compatibility import FUNCTIONS
from cli.errors import CliError
from cli.folder import PROGRAM
from cli.foreign import ForeignError, Functions, errors_told, load_class, surroundings
from cli.questions import Question

CONFIG = "jobbergate.yaml"
NEXT = "nextworkflow"


class EndlessWorkflow(CliError):
    """A workflow that goes on and on."""


class Program:
    """One instance of an application's class, which lives through all steps."""

    def __init__(self, folder: Path, config: dict[str, dict[str, Any]]) -> None:
        self.folder = folder
        self.original = copy.deepcopy(config)
        self.config = config
        kind = load_class(folder)
        with errors_told(folder, "__init__"):
            self.application = kind(config)

    @property
    def data(self) -> dict[str, Any]:
        """The live jobbergate_config; the code may have put another in its place."""
        data = getattr(self.application, "jobbergate_config", self.config["jobbergate_config"])
        if not isinstance(data, dict):
            raise ForeignError(f"{PROGRAM}: jobbergate_config is {data!r:.60} now; it has to stay a dictionary.")
        return data

    @property
    def application_config(self) -> dict[str, Any]:
        found = getattr(self.application, "application_config", self.config["application_config"])
        return found if isinstance(found, dict) else {}

    def walk(self, sit: Callable[[str, list[Question]], dict[str, Any]], most: int) -> None:
        """From mainflow on, step by step, until no next one is named."""
        step: Any = "mainflow"
        for _ in range(most):
            questions = self.questions_of(step)
            answers = sit(step, questions)
            self.data.update(answers)
            step = self.data.pop(NEXT, None)
            if not step:
                return
        raise EndlessWorkflow(
            f"{PROGRAM}: after {most} steps {NEXT} still names another one, {step!r}; it seems endless."
        )

    def questions_of(self, step: Any) -> list[Question]:
        method = getattr(self.application, step, None) if isinstance(step, str) else None
        if not callable(method):
            raise ForeignError(
                f"{PROGRAM}: {NEXT} is {step!r}, but JobbergateApplication has no such method; "
                f"there are {', '.join(methods(self.application))}."
            )
        with errors_told(self.folder, step):
            found = method(data=self.data)
            questions = list(found or [])
        if isinstance(found, str | dict) or not all(isinstance(question, Question) for question in questions):
            raise ForeignError(f"{PROGRAM}: {step} returned {found!r:.60}; it has to return a list of questions.")
        return questions


@contextmanager
def started(folder: Path, functions: Functions = FUNCTIONS) -> Iterator[Program]:
    """The program, ready for its first step; `functions` are the helpers that it imports."""
    folder = folder.resolve()
    config = read_config(folder)
    if not (folder / PROGRAM).is_file():
        raise CliError(f"{folder} has no {PROGRAM}.")
    with surroundings(folder, functions):
        yield Program(folder, config)


def methods(application: Any) -> list[str]:
    """What a step can be: the public methods that the application's own classes define."""
    own = [kind for kind in type(application).__mro__ if kind.__module__ not in ("builtins", "cli.compatibility")]
    names = [name for kind in own for name, value in vars(kind).items() if callable(value) and not name.startswith("_")]
    return list(dict.fromkeys(names))


def read_config(folder: Path) -> dict[str, dict[str, Any]]:
    """Both sections of jobbergate.yaml, with the types that YAML gives their values."""
    import yaml

    try:
        found = yaml.safe_load((folder / CONFIG).read_bytes()) or {}
    except OSError as error:
        raise CliError(f"{folder / CONFIG} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise CliError(f"{CONFIG}{line}: {getattr(error, 'problem', None) or str(error).splitlines()[0]}.") from None
    except (ValueError, RecursionError) as error:
        raise CliError(f"{CONFIG}: {error}.") from None  # A date such as 2024-13-45; lists in lists in lists.
    if not isinstance(found, dict):
        raise CliError(f"{CONFIG}: give a mapping with jobbergate_config and application_config.")
    return {name: section(found, name) for name in ("jobbergate_config", "application_config")}


def section(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name) or {}
    if not isinstance(value, dict):
        raise CliError(f"{CONFIG}: {name} is a {type(value).__name__}; give a mapping.")
    return value
