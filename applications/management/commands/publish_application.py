"""`manage.py publish_application`: a site's folders, from a checkout on the server's machine."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications import catalogue
from applications.catalogue import Wish
from applications.models import Application
from jobbergate.core.errors import DomainError
from jobbergate.core.management.arguments import text
from jobbergate.core.people import person


class Command(BaseCommand):
    help = (
        "Publish application folders. A folder's name becomes the application's identifier; a folder that is the "
        "newest version already is left alone, so this may run as often as one likes. No code of a folder is run. "
        "A folder that cannot be published is told on standard error, the others go on, and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH",
            help="a folder with jobbergate.yaml, or a directory of such folders (other folders in it do not count)",
        )  # fmt: skip
        parser.add_argument(
            "--owner", required=True, type=text, metavar="USERNAME",
            help="who owns new applications and publishes new versions; others' applications only as one of staff",
        )  # fmt: skip
        parser.add_argument(
            "--visibility", choices=Application.Visibility.values, default=Application.Visibility.PUBLIC,
            help="who sees new applications; those that are there stay as they are (default: %(default)s)",
        )  # fmt: skip
        parser.add_argument("--note", default="", type=text, metavar="TEXT", help="what is new in these versions")
        parser.add_argument("--force", action="store_true", help="also where an application's own tests fail")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *args: Any, paths: list[Path], owner: str, **options: Any) -> None:
        names = ("visibility", "note", "force", "dry_run")
        try:
            wish = Wish(person(owner, "owner"), **{name: options[name] for name in names})
        except DomainError as error:
            raise CommandError(error.detail) from None
        failed, total = 0, 0
        seen: dict[str, Path] = {}
        for path in paths:
            try:
                found = list(catalogue.folders([path]))
            except DomainError as error:
                found = []
                failed, total = failed + 1, total + 1
                self.stderr.write(error.detail)
            for folder in found:
                total += 1
                failed += not self.publish(folder, wish, seen)
        if failed:
            raise CommandError(f"{failed} of {total} could not be published.")

    def publish(self, folder: Path, wish: Wish, seen: dict[str, Path]) -> bool:
        try:
            identifier = catalogue.identifier_of(folder)
            other = seen.setdefault(identifier, folder)
            if other != folder:
                raise catalogue.BadFolder(f"{other} makes the same identifier, {identifier!r}; rename one of them.")
            self.stdout.write(f"{identifier}: {catalogue.publish(folder, identifier, wish)}")
        except DomainError as error:
            self.stderr.write(f"{folder}: {error.detail}")
            return False
        return True
