"""What the examples compute is right; their programs run here as in a job, without Slurm."""

import json
import math
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from cli.folder import write_files
from jobscripts.models import JobScript
from tests.examples.conftest import EXAMPLES, publish


def render(name: str, owner: User, directory: Path, **answers: Any) -> Path:
    """Writes the files of a job script; returns the path of the one that Slurm would run."""
    script = JobScript.render(owner, publish(name, owner).version(), answers)
    assert script.warnings == []
    write_files(script.read_files(), directory)
    return directory / script.entrypoint


def run(script: Path, **environment: str) -> str:
    done = subprocess.run(
        ["bash", script.name],
        cwd=script.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("method", ["circle", "needle"])
def test_both_experiments_come_close_to_pi(alice: User, tmp_path: Path, method: str) -> None:
    output = run(render("estimate-pi", alice, tmp_path, method=method, samples=200_000))

    found = re.search(r"pi is about (\S+), give or take (\S+)\.", output)
    assert found
    estimate, error = map(float, found.groups())
    assert 0 < error < 0.01
    assert abs(estimate - math.pi) < 4 * error
    assert (tmp_path / "pi.txt").read_text() in output


def test_the_study_is_collected_by_its_last_task(alice: User, tmp_path: Path) -> None:
    answers = {"first": 3.2, "last": 4, "points": 3, "iterations": 50_000, "chart_width": 20}
    script = render("parameter-study", alice, tmp_path, **answers)

    told = [run(script, SLURM_ARRAY_TASK_ID=task) for task in ("3", "1", "2")]

    assert "1 of 3 results are there." in told[0]
    assert "has all 3 results" in told[2]
    rows = [line.split() for line in (tmp_path / "study/summary.tsv").read_text().splitlines()]
    assert [rate for rate, _ in rows] == ["3.200000", "3.600000", "4.000000"]
    assert float(rows[0][1]) < 0
    assert float(rows[2][1]) == pytest.approx(math.log(2), abs=0.01)
    assert (tmp_path / "study/chart.txt").read_text().count("#") > 20


def test_a_study_without_a_chart_draws_none(alice: User, tmp_path: Path) -> None:
    script = render("parameter-study", alice, tmp_path, points=2, iterations=1000, chart=False)

    for task in ("1", "2"):
        run(script, SLURM_ARRAY_TASK_ID=task)

    assert (tmp_path / "study/summary.tsv").is_file()
    assert not (tmp_path / "study/chart.txt").exists()


@pytest.mark.parametrize("ranks", [1, 3])
def test_the_rod_cools_as_the_exact_solution_says_however_many_ranks(tmp_path: Path, ranks: int) -> None:
    for name in ("exchange", "result"):
        (tmp_path / name).mkdir()
    spacing = 1 / 51
    case = {"length": 1, "diffusivity": 1, "points": 50, "time_step": 0.4 * spacing**2, "steps": 400, "snapshots": 2}
    (tmp_path / "input.json").write_text(json.dumps(case))
    program = EXAMPLES / "heat-equation/solver/heat.py"

    started = [
        subprocess.Popen(
            ["python3", program, "input.json"],
            cwd=tmp_path,
            env={**os.environ, "SLURM_PROCID": str(rank), "SLURM_NTASKS": str(ranks)},
        )
        for rank in range(ranks)
    ]

    assert [process.wait(30) for process in started] == [0] * ranks
    lines = [line.split() for file in (tmp_path / "result").iterdir() for line in file.read_text().splitlines()]
    assert len(lines) == 2 * 50
    assert max(float(warmth) for step, _, warmth, _ in lines if step == "400") < 0.6
    assert max(abs(float(warmth) - float(exact)) for _, _, warmth, exact in lines) < 1e-3
