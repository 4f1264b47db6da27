"""`manage.py create_cluster`: a Slurm cluster, and the account of its agent."""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from jobbergate.core.errors import DomainError
from jobbergate.core.management.arguments import text
from submissions.clusters import Cluster


class Command(BaseCommand):
    help = (
        "Make a cluster and the account of its agent, and print that account's password, this once. NAME is the "
        "ClusterName of the cluster's slurm.conf."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", type=text, metavar="NAME", help="what Slurm itself calls the cluster")
        parser.add_argument("--description", type=text, metavar="TEXT", help="what people read of it")
        parser.add_argument(
            "--password-file", type=Path, metavar="PATH",
            help="write the password to this new file, for its owner alone (0600), in place of printing it",
        )  # fmt: skip
        parser.add_argument(
            "--new-password", action="store_true",
            help="of a cluster that is there: a new password for its agent; the old one and its sign-ins end",
        )  # fmt: skip

    def handle(
        self,
        *args: Any,
        name: str,
        description: str | None,
        password_file: Path | None,
        new_password: bool,
        **options: Any,
    ) -> None:
        if new_password and description is not None:
            raise CommandError("--new-password changes the password alone; change the description in the admin.")
        # A file that cannot be written leaves everything as it was.
        with transaction.atomic():
            cluster, password = renewed(name) if new_password else made(name, description or "")
            if password_file is not None:
                write(password_file, password)
        self.stdout.write(f"Cluster {cluster.name} {'has a new password' if new_password else 'is made'}.")
        self.stdout.write(f"The account of its agent: {cluster.agent}")
        if password_file is None:
            self.stdout.write(f"Its password, which is shown this once: {password}")
        else:
            self.stdout.write(f"Its password is in {password_file}.")
        self.stdout.write(
            "The agent signs in with JOBBERGATE_USERNAME and JOBBERGATE_PASSWORD_FILE, on a login node of the cluster; "
            "docs/operators.md says how."
        )


def made(name: str, description: str) -> tuple[Cluster, str]:
    try:
        return Cluster.create(name, description)
    except DomainError as error:
        raise CommandError(f"{error.detail} (--new-password)" if there_is(name) else error.detail) from None
    except ValidationError as error:
        raise CommandError(f"{name!r} is no name of a cluster. {' '.join(error.messages)}") from None
    except IntegrityError:
        raise CommandError(f"Somebody else has made cluster {name!r} at this moment.") from None


def there_is(name: str) -> bool:
    return Cluster.objects.called(name).exists()


def renewed(name: str) -> tuple[Cluster, str]:
    cluster = Cluster.objects.called(name).select_related("agent").first()
    if cluster is None:
        names = ", ".join(Cluster.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no cluster {name!r}; there are: {names}.")
    try:
        return cluster, cluster.new_password()
    except IntegrityError:
        raise CommandError(f"There is an account agent-{cluster.name} of somebody else; rename it first.") from None


def write(path: Path, password: str) -> None:
    try:
        # A file that is there may be read by others, or be a link to elsewhere.
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(f"{password}\n")
    except FileExistsError:
        raise CommandError(f"{path} exists; give the name of a new file.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
