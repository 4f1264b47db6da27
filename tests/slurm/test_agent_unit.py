"""The agent's unit in docs/operators.md takes from root what the agent does not need, and nothing that it needs."""

import re
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from dev.machine import temporary_directory
from dev.slurm_cluster import SlurmCluster
from submissions.clusters import Cluster
from submissions.models import JobSubmission
from tests.clusters import LOGIN
from tests.docs.pages import DOCS, blocks
from tests.slurm.agents import PACE, agents
from tests.slurm.conftest import eventually, interpreter, make_job

pytestmark = pytest.mark.slurm


def unit() -> str:
    (found,) = [block.text for block in blocks(DOCS / "operators.md") if "User=root" in block.text]
    return found


def hardened() -> list[str]:
    """A command that starts another one with the capabilities of the unit."""
    found = re.search(r"^CapabilityBoundingSet=(.+)$", unit(), re.MULTILINE)
    assert found
    assert "\nNoNewPrivileges=yes\n" in unit()
    kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in found[1].split())
    return ["setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all", "--no-new-privs"]


def test_with_them_jobs_run_as_their_owners_and_are_cancelled(
    owner: User, installation: Path, live_server: LiveServer, cluster: SlurmCluster, home: Path
) -> None:
    script = make_job(owner, "id -un > who; sleep 600")
    with (
        temporary_directory("jg-agent") as place,
        agents(place, installation, live_server, cluster, {"alice": LOGIN}) as made,
    ):
        command = [*hardened(), interpreter(), "-m", "cli.main", "agent", *PACE, *made.mapped(), "--once"]

        def work() -> str:
            done = subprocess.run(command, env=made.environment, cwd="/", capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            return done.stderr

        submission = JobSubmission.create(owner, script, execution_directory=str(home / "here"))
        said = work()
        assert (home / "here/job.sh").owner() == LOGIN, said
        eventually(lambda: (home / "here/who").is_file() and (home / "here/who").read_text() == f"{LOGIN}\n")

        submission.refresh_from_db()
        submission.cancel()
        work()
        eventually(lambda: cluster.client("squeue", "-h", "--user", LOGIN).stdout == "", seconds=20)


def test_it_has_what_root_does_not_need_to_become_others(tmp_path: Path) -> None:
    """Not its own rights to files: what is somebody's is reached as that somebody."""
    secret = tmp_path / "secret"
    secret.write_text("alice's own")
    secret.chmod(0o600)
    subprocess.run(["chown", LOGIN, secret], check=True)

    done = subprocess.run([*hardened(), "cat", secret], capture_output=True, text=True)

    assert done.returncode == 1
    assert "Permission denied" in done.stderr


def test_the_account_in_it_is_the_one_that_is_made(db: None) -> None:
    cluster, _ = Cluster.create("hilbert")

    assert f"JOBBERGATE_USERNAME={cluster.agent}\n" in unit()
