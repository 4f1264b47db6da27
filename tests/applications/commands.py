"""manage.py, as an operator has it: what it says, and how it ends."""

import io
from dataclasses import dataclass

from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str


def manage(name: str, *words: object) -> Done:
    stdout, stderr = io.StringIO(), io.StringIO()
    try:
        call_command(name, *map(str, words), stdout=stdout, stderr=stderr)
    except CommandError as error:
        return Done(error.returncode, stdout.getvalue(), f"{stderr.getvalue()}{error}\n")
    return Done(0, stdout.getvalue(), stderr.getvalue())
