"""Plain functions that make rows, with just what a test does not care about filled in."""

from typing import Any

from django.contrib.auth.models import User

from applications.archive import Files
from applications.models import Application
from jobscripts import points, sweeping
from jobscripts.models import JobScript
from jobscripts.sweeps import Sweep
from submissions.clusters import Cluster
from submissions.models import JobSubmission

YAML = b"""\
jobbergate_config:
  default_template: job.sh.j2
application_config: {}
questions:
  - {variable: nodes, type: integer, message: How many nodes?, default: 2, min: 1, max: 64}
"""
TEMPLATE = b"#!/bin/bash\n#SBATCH --nodes={{ nodes }}\necho hello\n"
FOLDER: Files = {"jobbergate.yaml": YAML, "templates/job.sh.j2": TEMPLATE}


def make_user(username: str, **fields: Any) -> User:
    user = User.objects.filter(username=username).first()
    return user or User.objects.create_user(username, password=f"{username}'s password", **fields)


def make_application(owner: User | None = None, files: Files | None = None, **fields: Any) -> Application:
    fields.setdefault("name", "Hello")
    return Application.create({**FOLDER, **(files or {})}, owner or make_user("alice"), **fields)


def make_script(owner: User | None = None, application: Application | None = None, **fields: Any) -> JobScript:
    owner = owner or make_user("alice")
    version = (application or make_application(owner)).version()
    return JobScript.render(owner, version, fields.pop("answers", {}), **fields)


def make_sweep(
    owner: User | None = None, application: Application | None = None, size: int = 3, **fields: Any
) -> Sweep:
    owner = owner or make_user("alice")
    version = (application or make_application(owner)).version()
    grid = points.grid({"nodes": list(range(1, size + 1))})
    return sweeping.render(owner, version, grid, {}, **fields)


def make_submission(owner: User | None = None, script: JobScript | None = None, **fields: Any) -> JobSubmission:
    owner = owner or make_user("alice")
    fields.setdefault("via", JobSubmission.Via.LOGIN_NODE)
    return JobSubmission.create(owner, script or make_script(owner), **fields)


def make_cluster(name: str = "hilbert", **fields: Any) -> Cluster:
    return Cluster.objects.create(name=name, **fields)
