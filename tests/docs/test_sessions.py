"""What a reader of the README and of the tutorial types works. What needs Slurm is left to tests/slurm."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from pytest_django.live_server_helper import LiveServer

from tests.docs.pages import DOCS, README, missing, shell_of
from tests.examples.conftest import NAMES, publish
from tests.factories import make_user


@pytest.fixture
def demo(transactional_db: None) -> User:
    """As after `make demo`, with the colleagues that the author's guide shares with."""
    person = make_user("demo")
    for name in NAMES:
        publish(name, person)
    for name in ("grace", "emmy"):
        make_user(name)
    Group.objects.create(name="physics")
    return person


SESSIONS = [README, *(DOCS / f"{name}.md" for name in ("tutorial", "authoring", "sweeps", "job-scripts"))]


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.name)
def test_a_session_works_as_it_is_shown(page: Path, demo: User, live_server: LiveServer, tmp_path: Path) -> None:
    script = shell_of(page, slurm=False).replace("http://127.0.0.1:8000", live_server.url)
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "JOBBERGATE_CONFIG_DIR": str(tmp_path / "config"),
        "JOBBERGATE_PASSWORD": "demo's password",
    }

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert missing(page, done, slurm=False) == []
