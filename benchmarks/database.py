"""A site of 100,000 applications and 100,000 submissions, in the PostgreSQL that JOBBERGATE_DATABASE_URL names."""

from __future__ import annotations

import os
import random
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.rendering import read_folder
from dev.machine import temporary_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User

    from applications.models import Application
    from jobscripts.models import JobScript
    from submissions.clusters import Cluster
    from submissions.models import JobSubmission

ROWS, BATCH = 100_000, 5_000
PEOPLE = ("alice", "bob", "dora", "emil", "frida", "georg", "hanna", "ivo")
STAFF = "carol"
PROGRAMS = ("OpenFOAM", "GROMACS", "LAMMPS", "VASP", "Abaqus", "WRF", "NAMD", "Quantum ESPRESSO", "PyTorch", "BLAST")
SUBJECTS = ("motorbike", "wing", "protein", "membrane", "crystal", "turbine", "monsoon", "alloy", "genome", "bridge")
DOINGS = ("steady flow", "relaxation", "equilibration", "scaling study", "parameter sweep", "restart", "training")
# The word of one application in a hundred.
RARE = "calibrated"
STATUSES = ("completed",) * 8 + ("failed", "running", "pending")
BEGINNING = datetime(2025, 1, 6, 8, tzinfo=UTC)


@contextmanager
def prepared() -> Iterator[None]:
    """Django, set up on the filled database."""
    with set_up():
        print(f"Filling PostgreSQL with {2 * ROWS:,} rows …", file=sys.stderr)
        fill()
        yield


@contextmanager
def set_up() -> Iterator[None]:
    """Django, on the empty database. What the settings keep in files goes to a directory that does not stay."""
    if not os.environ.get("JOBBERGATE_DATABASE_URL"):
        raise SystemExit("Run this as `python -m dev.postgres run -- python -m benchmarks`, or by `make bench`.")
    with temporary_directory("jobbergate-benchmarks") as directory:
        os.environ["JOBBERGATE_DATA_DIR"] = str(directory)
        os.environ["JOBBERGATE_ACCESS_TOKEN_MINUTES"] = "600"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield


def fill() -> None:
    from django.contrib.auth.models import User
    from django.db import connection

    from applications.models import Application
    from jobscripts.models import JobScript
    from submissions.clusters import Cluster

    draw = random.Random(7)
    people = [User.objects.create_user(name) for name in PEOPLE]
    User.objects.create_user(STAFF, is_staff=True)
    cluster = Cluster.objects.create(name="hilbert")
    recipe = Application.create(read_folder(), people[0], name="Motorbike", identifier="motorbike")
    scripts = [JobScript.render(person, recipe.version(), {}, name="motorbike") for person in people]
    # Rows of the past: the models' columns of time ask this clock.
    with patch("django.utils.timezone.now", side_effect=map(minutes_after_the_beginning, count())):
        save(application(number, draw, people) for number in range(ROWS))
        save(submission(number, draw, scripts, cluster) for number in range(ROWS))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def minutes_after_the_beginning(number: int) -> datetime:
    # Whole seconds: what Django's own JSON writer would cut off, `JsonResponse` and ours could not agree on.
    return BEGINNING + timedelta(minutes=number // 2)


def save(rows: Iterator[Any]) -> None:
    while batch := list(islice(rows, BATCH)):
        for row in batch:
            # As `save` does, which writing in bulk passes over.
            row.search_text = "\n".join(filter(None, row.searched())).casefold()
        type(batch[0]).objects.bulk_create(batch)


def application(number: int, draw: random.Random, people: list[User]) -> Application:
    from applications.models import Application

    program, subject, doing = draw.choice(PROGRAMS), draw.choice(SUBJECTS), draw.choice(DOINGS)
    rare = f" The parameters are {RARE}." if number % 100 == 0 else ""
    return Application(
        name=f"{program} {subject} {number}",
        identifier=f"{subject}-{number}" if number % 4 == 0 else None,
        description=f"{doing.capitalize()} of a {subject} with {program}, on one to sixty-four nodes.{rare}",
        owner=draw.choice(people),
        visibility="private" if number % 10 == 3 else "public",
        is_archived=number % 20 == 7,
        latest_version=draw.randint(1, 9),
    )


def submission(number: int, draw: random.Random, scripts: list[JobScript], cluster: Cluster) -> JobSubmission:
    from submissions.models import JobSubmission

    script, status, tag = draw.choice(scripts), draw.choice(STATUSES), f"{number:032x}"
    began = minutes_after_the_beginning(2 * number)
    return JobSubmission(
        name=f"{draw.choice(SUBJECTS)}, {draw.randint(1, 64)} nodes",
        owner=script.owner,
        job_script=script,
        cluster=cluster,
        slurm_cluster=cluster.name,
        slurm_job_id=4000 + number,
        status=status,
        tag=tag,
        comment=f"jobbergate:{tag}",
        released=True,
        execution_directory=f"/home/{script.owner}/motorbike-{number}",
        sbatch_arguments=["--mail-type=END"],
        nodes=f"n[{draw.randint(1, 64)}-128]",
        partition=draw.choice(("short", "long")),
        account="cfd",
        submitted_at=began,
        started_at=None if status == "pending" else began + timedelta(seconds=20),
        ended_at=began + timedelta(hours=2) if status in ("completed", "failed") else None,
        exit_code={"completed": 0, "failed": 1}.get(status),
    )
