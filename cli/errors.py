"""What can go wrong, each as one sentence for standard error and one exit code; `cli.main` prints them."""

from __future__ import annotations

from typing import Any


class CliError(Exception):
    """The command was refused or failed. Its text is one sentence that says what would be accepted."""

    exit_code = 1


class UsageProblem(CliError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class NotSignedIn(CliError):
    """The server asks who is calling, and nothing here answers that."""

    exit_code = 3


class Unreachable(CliError):
    """The server could not be reached, or broke off: nothing is known about what it did."""

    exit_code = 4


class ApiError(CliError):
    """The server's own refusal: HTTP status, its code word, its sentence, and its words about single fields."""

    def __init__(self, status: int, code: str, detail: str, errors: dict[str, Any] | None = None) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or {}
        super().__init__(" ".join([detail, *_about_fields(self.errors, detail)]))


def _about_fields(errors: dict[str, Any], detail: str) -> list[str]:
    """`nodes: 0 is not accepted; …` for each field, without repeating what the detail or the message says already."""
    sentences = []
    for field, messages in errors.items():
        for message in messages if isinstance(messages, list) else [messages]:
            text = str(message)
            if text in detail:
                continue
            sentences.append(text if text.startswith(field) else f"{field}: {text}")
    return sentences
