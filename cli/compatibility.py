"""The modules that a `jobbergate.py` imports, made of our own classes, under the names that people's files know."""

from __future__ import annotations

import fnmatch
import getpass
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from cli import questions
from cli.errors import CliError
from cli.question import Question

QUESTIONS = {
    "QuestionBase": Question,
    "Text": questions.Text,
    "Integer": questions.Integer,
    "List": questions.List,
    "Directory": questions.Directory,
    "File": questions.File,
    "Checkbox": questions.Checkbox,
    "Confirm": questions.Confirm,
    "BooleanList": questions.BooleanList,
    "Const": questions.Const,
}


class JobbergateApplicationBase:
    """What applications are made from: their configuration, and `mainflow`, which they have to write."""

    def __init__(self, jobbergate_yaml: dict[str, Any]) -> None:
        self.jobbergate_config: dict[str, Any] = jobbergate_yaml["jobbergate_config"]
        self.application_config: dict[str, Any] = jobbergate_yaml["application_config"]

    def mainflow(self, data: dict[str, Any] | None = None) -> Any:
        raise NotImplementedError("mainflow(self, data) has to return a list of questions.")

    @staticmethod
    def find_templates(application_path: Path) -> list[Path]:
        """The files below `templates/`, as paths in the application's folder."""
        found = Path(application_path, "templates").rglob("*")
        return sorted(path.relative_to(application_path) for path in found if path.is_file())

    def get_template_files(self) -> list[Path]:
        return self.find_templates(Path(sys.modules[type(self).__module__].__file__ or "").parent)


def get_running_jobs(user_only: bool = True) -> list[str]:
    """`id name` of each job in the queue; none, and a line on standard error, where Slurm does not answer."""
    from cli.slurm import queued_jobs

    try:
        return [f"{job_id} {name}" for job_id, name in queued_jobs(getpass.getuser() if user_only else None)]
    except CliError as error:
        click.echo(f"The list of running jobs is empty: {error}", err=True)
        return []


def get_file_list(path: str | Path | None = None, search_term: str = "*.*") -> list[str]:
    """Names of the files in a directory that match, whatever their case; the newest first."""
    wanted = search_term.lower()
    files = [file for file in Path(path or ".").iterdir() if file.is_file()]
    found = [file for file in files if fnmatch.fnmatchcase(file.name.lower(), wanted)]
    return [file.name for file in sorted(found, key=lambda file: file.stat().st_mtime, reverse=True)]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {"get_running_jobs": get_running_jobs, "get_file_list": get_file_list}


def modules(functions: Mapping[str, Callable[..., Any]] = FUNCTIONS) -> dict[str, ModuleType]:
    """Every module that people's files import, by name."""
    base = {"JobbergateApplicationBase": JobbergateApplicationBase}
    contents: dict[str, dict[str, Any]] = {
        "jobbergate_cli": {},
        "jobbergate_cli.application_base": base,
        "jobbergate_cli.appform": QUESTIONS,
        "jobbergate_cli.jobberappslib": dict(functions),
        "jobbergate_cli.subapps": {},
        "jobbergate_cli.subapps.applications": {},
        "jobbergate_cli.subapps.applications.application_base": base,
        "jobbergate_cli.subapps.applications.questions": QUESTIONS,
        "jobbergate_cli.subapps.applications.application_helpers": dict(functions),
    }
    made: dict[str, ModuleType] = {}
    for name, content in contents.items():
        made[name] = module(name, content)
        parent, _, short = name.rpartition(".")
        if parent:
            setattr(made[parent], short, made[name])
    return made


def module(name: str, content: dict[str, Any]) -> ModuleType:
    made = ModuleType(name)
    if not content:
        made.__path__ = []  # A package, so that what it does not have is a ModuleNotFoundError by its full name.
    vars(made).update(content)
    return made
