"""The program itself as an ordinary user, on a real Slurm, against the real server."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from packaging.requirements import Requirement
from pytest_django.live_server_helper import LiveServer

from cli.slurm_text import SEPARATOR
from dev.machine import temporary_directory
from dev.processes import SYSTEM_PATH, as_user
from dev.slurm_cluster import SlurmCluster
from jobscripts.models import JobScript
from tests.clusters import LOGIN
from tests.factories import make_user

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def installation() -> Iterator[Path]:
    """The client and what it needs, where others than root may read it: a repository below /root is closed to them."""
    with temporary_directory("jg-cli") as place:
        place.chmod(0o755)
        shutil.copytree(ROOT / "cli", place / "cli", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(Path(__file__).with_name("killed_at.py"), place)
        for name in needed_by("jobbergate"):
            copy_distribution(name, place)
        subprocess.run(["chmod", "-R", "a+rX", place], check=True)
        yield place


def needed_by(name: str) -> set[str]:
    """Distributions that one needs, directly or not, without its extras."""
    found: set[str] = set()
    left = [name]
    while left:
        for text in importlib.metadata.requires(left.pop()) or []:
            wanted = Requirement(text)
            if wanted.name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
                found.add(wanted.name)
                left.append(wanted.name)
    return found


def copy_distribution(name: str, place: Path) -> None:
    for file in importlib.metadata.files(name) or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = place / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), target)


@dataclass
class Person:
    """Somebody with a shell on the login node, in a directory of their own."""

    home: Path
    environment: dict[str, str]
    installation: Path

    def run(self, *command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command],
            **as_user(LOGIN),
            env=self.environment,
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def jobbergate(self, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.run(interpreter(), "-m", "cli.main", *words, cwd=cwd)

    def jobbergate_killed_at(self, moment: int, *words: object) -> subprocess.CompletedProcess[str]:
        return self.run(interpreter(), self.installation / "killed_at.py", "KILL", moment, *words)

    def jobbergate_stopped_at(self, moment: int, *words: object) -> subprocess.Popen[str]:
        """Returns when it has stopped; SIGCONT lets it go on."""
        command = [interpreter(), self.installation / "killed_at.py", "STOP", moment, *words]
        process = subprocess.Popen(
            [str(word) for word in command],
            **as_user(LOGIN),
            env=self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        return process

    def json(self, *words: object) -> Any:
        """What the program says, when all is well."""
        done = self.jobbergate("--output", "json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def submit(self, script: int, *arguments: str) -> dict[str, Any]:
        words = ["--", *arguments] if arguments else []
        submission: dict[str, Any] = self.json("job-submissions", "create", script, *words)
        return submission

    def look(self, submission: int) -> dict[str, Any]:
        detail: dict[str, Any] = self.json("job-submissions", "get", submission, "--refresh")
        return detail

    def wait_for(self, submission: int, *statuses: str, seconds: float = 60) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def there() -> bool:
            found.update(self.look(submission))
            return found["status"] in statuses

        eventually(there, seconds)
        return found

    def jobs_tagged(self, tag: str) -> dict[str, str]:
        """Id → state and reason of the jobs that Slurm has with this tag, the ended ones too."""
        listed = self.run("squeue", "-h", "-t", "all", "-o", SEPARATOR.join(["%i", "%T %r", "%k"]))
        rows = [line.split(SEPARATOR) for line in listed.stdout.splitlines()]
        return {job: state for job, state, comment in rows if comment.startswith(f"jobbergate:{tag}")}


def interpreter() -> str:
    """The one that the tests' own virtual environment was made from, which is not below /root."""
    return str(getattr(sys, "_base_executable", sys.executable))


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.2)


@pytest.fixture
def owner(transactional_db: None) -> User:
    return make_user("alice")


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_directory("jg-home") as place:
        shutil.chown(place, LOGIN, LOGIN)
        yield place


@pytest.fixture
def alice(
    owner: User, home: Path, installation: Path, live_server: LiveServer, cluster: SlurmCluster
) -> Iterator[Person]:
    yield person(home, installation, live_server, cluster)
    forget_jobs(cluster)


@pytest.fixture
def bare_alice(
    owner: User, home: Path, installation: Path, live_server: LiveServer, bare_cluster: SlurmCluster
) -> Iterator[Person]:
    yield person(home, installation, live_server, bare_cluster)
    forget_jobs(bare_cluster)


def forget_jobs(cluster: SlurmCluster) -> None:
    """What a test leaves in the queue must not keep the next one waiting."""
    cluster.client("scancel", f"--user={LOGIN}")


def person(home: Path, installation: Path, live_server: LiveServer, cluster: SlurmCluster) -> Person:
    environment = {
        "PATH": SYSTEM_PATH,
        "HOME": str(home),
        "USER": LOGIN,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(installation),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JOBBERGATE_CONFIG_DIR": str(home / "config"),
        "JOBBERGATE_SERVER": live_server.url,
        "JOBBERGATE_USERNAME": "alice",
        "JOBBERGATE_PASSWORD": "alice's password",
        **cluster.environment(),
    }
    return Person(home, environment, installation)


def make_job(owner: User, text: str, name: str = "A job") -> JobScript:
    """A script of these lines."""
    return JobScript.upload(owner, {"job.sh": f"#!/bin/bash\n{text}\n".encode()}, "job.sh", name)
