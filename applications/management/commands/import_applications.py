"""`manage.py import_applications`: what export_applications wrote, on this server."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications import importing
from applications.export import MANIFEST
from applications.importing import BadExport, Import, ToldApplication
from jobbergate.core.errors import DomainError
from jobbergate.core.management.arguments import positive, text
from jobbergate.core.people import person


class Command(BaseCommand):
    help = (
        "Import applications from a file that export_applications wrote. Versions keep their numbers, dates, notes and "
        "people. What is here already is left as it is, and only versions that follow are added, so the same file may "
        "be imported again. An application whose versions differ from those here is refused by name; the others go "
        "on, and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the file; - for standard input")
        parser.add_argument(
            "--owner", type=text, metavar="USERNAME",
            help="who stands for people who are not here; without it, their names are told and nothing is imported",
        )  # fmt: skip
        parser.add_argument(
            "--max-size", type=positive, default=importing.MAX_SIZE // 2**20, metavar="MIB",
            help=f"how much the file may unpack to; {MANIFEST}, which takes up to 40 times as much memory, may be "
            f"1/{importing.MANIFEST_SHARE} of it (default: %(default)s)",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="check everything, and store nothing")

    def handle(self, *args: Any, file: str, owner: str | None, max_size: int, dry_run: bool, **options: Any) -> None:
        with TemporaryDirectory(prefix="jobbergate-import-") as directory:
            try:
                applications = self.read(file, Path(directory), max_size * 2**20)
                people = importing.people_of(applications, person(owner, "owner") if owner else None)
            except DomainError as error:
                raise CommandError(error.detail) from None
            coming = Import(Path(directory), people, dry_run)
            failed = sum(not self.store(told, coming) for told in applications)
        if failed:
            raise CommandError(f"{failed} of {len(applications)} could not be imported.")

    def read(self, file: str, directory: Path, most: int) -> list[ToldApplication]:
        if file == "-":
            return importing.unpack(sys.stdin.buffer, directory, most)
        try:
            with Path(file).open("rb") as stream:
                return importing.unpack(stream, directory, most)
        except OSError as error:
            raise BadExport(f"{file} cannot be read: {error.strerror}.") from None

    def store(self, told: ToldApplication, coming: Import) -> bool:
        try:
            self.stdout.write(f"{told}: {coming.store(told)}")
        except DomainError as error:
            self.stderr.write(f"{told}: {error.detail}")
            return False
        return True
