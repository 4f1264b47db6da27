"""Typed readers of `JOBBERGATE_*` variables.

A wrong value never stops the settings from loading: it is noted as a problem, the default is taken, and a system
check (`jobbergate.E001`) tells the operator, so that even `manage.py check` can run and say what is wrong.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dj_database_url

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off", "")


@dataclass(frozen=True)
class Problem:
    variable: str
    message: str
    hint: str


@dataclass
class Environment:
    """Reads settings; remembers which were asked for (the documentation is held to that list) and which were wrong."""

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)
    known: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        self.known.append(name)
        return self.values.get(name, default)

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def boolean(self, name: str, default: bool = False) -> bool:
        text = self.text(name, str(default)).strip().lower()
        if text not in TRUE + FALSE:
            self.wrong(name, f"{text!r} is neither true nor false", f"Give one of {', '.join(TRUE + FALSE[:-1])}.")
            return default
        return text in TRUE

    def integer(self, name: str, default: int, at_least: int = 1, at_most: int = 1_000_000) -> int:
        text = self.text(name, str(default))
        if not re.fullmatch(r"\s*[0-9]{1,18}\s*", text) or not at_least <= int(text) <= at_most:
            self.wrong(name, f"{text!r} is not accepted", f"Give an integer from {at_least} to {at_most}.")
            return default
        return int(text)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            self.wrong(name, f"{value!r} is not accepted", f"Give one of {', '.join(choices)}.")
            return default
        return value

    def directory(self, name: str, default: Path) -> Path:
        """A directory of the server's own, made (0700) when it is not there."""
        path = Path(self.text(name, str(default))).absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self.wrong(name, f"{path} cannot be made: {error.strerror}", "Give a directory that the server may write.")
        return path

    def database(self, name: str, default: dict[str, Any]) -> dict[str, Any]:
        url = self.text(name)
        if not url:
            return default
        try:
            found = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
        except (ValueError, KeyError):
            found = {}
        if found.get("ENGINE") != "django.db.backends.postgresql" or not found["NAME"]:
            # The URL holds a password: it is not repeated.
            self.wrong(name, "it is not the URL of a PostgreSQL", "Give postgres://USER:PASSWORD@HOST:PORT/NAME.")
            return default
        return found

    def secret(self, name: str, kept_in: Path) -> str:
        """The secret from NAME or from the file that NAME_FILE names, else one that is made once and kept, 0600."""
        given, file = self.text(name), self.text(f"{name}_FILE")
        try:
            found = given or (Path(file).read_text().strip() if file else made_once(kept_in))
        except OSError as error:
            found, problem = "", f"{error.filename}: {error.strerror}"
        except UnicodeDecodeError:
            found, problem = "", f"{file} is not text"
        else:
            problem = f"{file or kept_in} is empty"
        if not found:
            self.wrong(f"{name}_FILE", problem, "Give a file that the server may read, with the key in it.")
        return found or secrets.token_urlsafe(64)

    def wrong(self, variable: str, message: str, hint: str) -> None:
        self.problems.append(Problem(variable, message, hint))


def made_once(path: Path) -> str:
    """The text of `path`; two processes that start at once agree on one, since only one of them can link it there."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # The other process was first: its secret is read below.
        finally:
            draft.unlink()
    return path.read_text().strip()
