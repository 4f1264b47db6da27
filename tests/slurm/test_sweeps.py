"""Sweeps on a real Slurm: arrays of rendered scripts, single jobs with a bound, what failed once more, and kill -9."""

import re
import signal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobscripts import points, sweeping
from jobscripts.sweeps import Sweep
from submissions.models import JobSubmission
from tests.factories import YAML, make_application
from tests.slurm.conftest import Person, eventually

pytestmark = pytest.mark.slurm

SAME = "#!/bin/bash\n#SBATCH --mem=100M\n"
OTHERS = "#!/bin/bash\n#SBATCH --mem={{ 100 + nodes }}M\n"


def make(owner: User, script: str, size: int, **fields: Any) -> Sweep:
    version = make_application(owner, {"jobbergate.yaml": YAML, "templates/job.sh.j2": script.encode()}).version()
    return sweeping.render(owner, version, points.grid({"nodes": list(range(1, size + 1))}), {}, name="Try", **fields)


def rows(alice: Person, sweep: Sweep) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = alice.json("sweeps", "points", sweep.pk)
    return found


def ended(alice: Person, sweep: Sweep, *words: object) -> list[dict[str, Any]]:
    eventually(lambda: "pending" not in (states := look(alice, sweep)) and "running" not in states, 90)
    return rows(alice, sweep)


def look(alice: Person, sweep: Sweep) -> dict[str, int]:
    found: dict[str, int] = alice.json("sweeps", "get", sweep.pk, "--refresh")["states"]
    return found


def place(alice: Person, sweep: Sweep) -> Path:
    return alice.home / f"try-sweep-{sweep.pk}"


def test_a_grid_runs_as_one_array_with_each_task_its_own_script(alice: Person, owner: User) -> None:
    # The tasks' interpreter is their own, and so are their directories, their outputs and their exit codes.
    script = "#!/usr/bin/python3 -E\nimport os, sys\nprint({{ nodes }}, os.getcwd(), os.environ['MINE'])\n"
    sweep = make(owner, script + "open('result', 'w').write('{{ nodes }}')\nsys.exit({{ nodes }} - 1)\n", 4)
    alice.environment |= {"MINE": "kept"}

    done = alice.jobbergate("sweeps", "submit", sweep.pk, "--wait")

    assert done.returncode == 1, done.stderr
    submission = JobSubmission.objects.get()
    assert [(row["status"], row["exit_code"], row["task"]) for row in rows(alice, sweep)] == [
        ("completed", 0, 0), ("failed", 1, 1), ("failed", 2, 2), ("failed", 3, 3),
    ]  # fmt: skip
    for row in rows(alice, sweep):
        own = place(alice, sweep) / f"points/{row['point']}"
        assert row["execution_directory"] == str(own)
        assert (own / "result").read_text() == str(row["point"] + 1)
        output = own / f"slurm-{submission.slurm_job_id}_{row['task']}.out"
        assert output.read_text() == f"{row['point'] + 1} {own} kept\n"


def test_an_output_that_all_tasks_would_share_is_each_point_s_own(alice: Person, owner: User) -> None:
    sweep = make(owner, SAME + "#SBATCH -o run.log -e %x.err\necho {{ nodes }}; echo $0 >&2\n", 2)

    assert alice.jobbergate("sweeps", "submit", sweep.pk, "--wait").returncode == 0

    for number in (0, 1):
        own = place(alice, sweep) / f"points/{number}"
        assert (own / "run.log").read_text() == f"{number + 1}\n"
        assert (own / "job.sh.err").read_text() == f"{own}/job.sh\n"


def test_more_points_than_an_array_may_have_are_several(alice: Person, owner: User) -> None:
    most = int(re.findall(r"MaxArraySize\s*=\s*(\d+)", alice.run("scontrol", "show", "config").stdout)[0])
    version = make_application(
        owner, {"jobbergate.yaml": YAML, "templates/job.sh.j2": (SAME + "echo {{ nodes }} > result").encode()}
    ).version()
    sweep = sweeping.render(owner, version, points.grid({"nodes": list(range(1, 6))}), {}, name="Try")
    body = {"via": "login_node", "slurm_cluster": "jobbergate", "max_array_size": 2}
    assert most > 2
    alice.json("sweeps", "list")
    made = as_client(owner).post(
        f"/api/sweeps/{sweep.pk}/submit/", {**body, "execution_directory": str(place(alice, sweep))}
    )
    assert len(made.json()["submissions"]) == 3

    # They wait to be handed over, as if the client that asked for them had died.
    assert alice.jobbergate("sweeps", "submit", sweep.pk, "--wait").returncode == 0

    results = {row["point"]: Path(row["execution_directory"], "result").read_text() for row in rows(alice, sweep)}
    assert results == {0: "1\n", 1: "2\n", 2: "3\n", 3: "4\n", 4: "5\n"}
    assert JobSubmission.objects.filter(status="completed").count() == 3


def as_client(user: User) -> Any:
    from tests.conftest import signed_in

    return signed_in(user)


def test_other_directives_are_single_jobs_and_no_more_than_may_be_queued(alice: Person, owner: User) -> None:
    sweep = make(owner, OTHERS + "sleep 1; echo {{ nodes }} > result\n", 5, max_queued=2)

    done = alice.jobbergate("sweeps", "submit", sweep.pk, "--wait")

    assert done.returncode == 0, done.stderr
    assert [(row["status"], row["task"]) for row in rows(alice, sweep)] == [("completed", None)] * 5
    results = [(place(alice, sweep) / f"points/{number}/result").read_text() for number in range(5)]
    assert results == [f"{number + 1}\n" for number in range(5)]
    # Of three in a row the first had ended before the third began to be submitted.
    found = list(JobSubmission.objects.order_by("pk"))
    for earlier, later in zip(found, found[2:], strict=False):
        assert min(one.ended_at for one in found if one.pk < later.pk and one.ended_at) <= later.created_at
        assert earlier.pk < later.pk


def test_a_failed_point_is_submitted_again_alone(alice: Person, owner: User) -> None:
    # Fails as long as the file is not there.
    for script in (SAME, OTHERS):
        sweep = make(
            owner, script + "[ {{ nodes }} != 2 ] || [ -e ~/fixed ] || exit 3\necho run >> ~/runs-{{ nodes }}\n", 3
        )
        assert alice.jobbergate("sweeps", "submit", sweep.pk, "--wait").returncode == 1
        assert [row["status"] for row in rows(alice, sweep)] == ["completed", "failed", "completed"]
        (alice.home / "fixed").touch()

        done = alice.jobbergate("sweeps", "resubmit", sweep.pk, "--failed", "--wait")

        assert done.returncode == 0, done.stderr
        assert [row["status"] for row in rows(alice, sweep)] == ["completed"] * 3
        assert [(alice.home / f"runs-{number}").read_text() for number in (1, 2, 3)] == ["run\n"] * 3
        for number in (1, 2, 3):
            (alice.home / f"runs-{number}").unlink()
        (alice.home / "fixed").unlink()


@pytest.mark.parametrize("script", [SAME, OTHERS], ids=["an array", "single jobs"])
def test_all_of_it_is_cancelled(alice: Person, owner: User, script: str) -> None:
    sweep = make(owner, script + "sleep 600\n", 6)
    alice.json("sweeps", "submit", sweep.pk, "-d", "there")
    eventually(lambda: "running" in look(alice, sweep))

    alice.json("sweeps", "cancel", sweep.pk)

    eventually(lambda: look(alice, sweep) == {"cancelled": 6})
    assert alice.run("squeue", "-h", "-t", "PD,R").stdout == ""


def test_the_client_may_die_at_any_moment_of_submitting(alice: Person, owner: User) -> None:
    sweep = make(owner, OTHERS + "echo run >> runs\n", 3)
    alice.json("sweeps", "list")  # Signs in, so that each run has the same moments.

    for moment in count(3, 4):
        done = alice.jobbergate_killed_at(moment, "sweeps", "submit", sweep.pk)
        if done.returncode != -signal.SIGKILL:
            break

    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in ended(alice, sweep)] == ["completed"] * 3
    assert JobSubmission.objects.count() == 3
    for submission in JobSubmission.objects.all():
        assert list(alice.jobs_tagged(submission.tag)) == [str(submission.slurm_job_id)]
        assert (Path(submission.execution_directory) / "runs").read_text() == "run\n"
    assert moment > 3


@pytest.mark.parametrize(("bound", "refused"), [(None, 3), (2, 2)])
def test_slurm_is_not_bothered_with_more_when_it_wants_none(
    alice: Person, owner: User, bound: int | None, refused: int
) -> None:
    sweep = make(owner, OTHERS, 6, max_queued=bound)

    done = alice.jobbergate("sweeps", "submit", sweep.pk, "--", "--partition=no-such")

    assert done.returncode == 1
    assert f"{6 - refused} of them are left as they are" in done.stderr
    assert [row["status"] for row in rows(alice, sweep)].count("rejected") == refused
