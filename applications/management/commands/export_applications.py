"""`manage.py export_applications`: applications with all their versions, in one portable file."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications import export
from jobbergate.core.errors import DomainError
from jobbergate.core.management.arguments import text


class Command(BaseCommand):
    help = (
        "Export applications with all their versions to one file (tar.gz), which manage.py import_applications reads. "
        "Job scripts and submissions are not in it. Private applications are: keep the file to yourself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "applications", nargs="*", type=text, metavar="IDENTIFIER_OR_ID", help="which ones (default: all)"
        )
        parser.add_argument(
            "--to", required=True, metavar="FILE",
            help="the file, which is replaced once the new one is complete; - for standard output",
        )  # fmt: skip

    def handle(self, *args: Any, applications: list[str], to: str, **options: Any) -> None:
        try:
            chosen = export.chosen(applications)
            if to == "-":
                count = self.write_to_standard_output(chosen)
            else:
                with export.whole_or_nothing(Path(to)) as out:
                    count = export.write(chosen, out)
        except DomainError as error:
            raise CommandError(error.detail) from None
        self.stderr.write(f"Exported {count} applications.")

    def write_to_standard_output(self, chosen: Any) -> int:
        if sys.stdout.isatty():
            raise CommandError("A terminal shows no archive; give a file, or a pipe.")
        try:
            count = export.write(chosen, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise CommandError(f"Standard output cannot be written: {error.strerror}.") from None
        return count
