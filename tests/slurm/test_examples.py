"""The examples, from their folders to their results, on a real Slurm."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.slurm.conftest import Person

pytestmark = pytest.mark.slurm

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_example(person: Person, name: str, *words: str) -> tuple[dict[str, Any], Path]:
    """The submission when it has ended, and its directory."""
    shutil.copytree(EXAMPLES / name, person.home / name)
    person.json("applications", "create", name, "--identifier", name, "--trust")
    ended = person.json("run", name, "--fast", "--wait", "--trust", *words)
    return ended, Path(ended["execution_directory"])


def test_pi_is_estimated(alice: Person) -> None:
    ended, place = run_example(alice, "estimate-pi", "-a", "samples=100000")

    assert (ended["status"], ended["exit_code"]) == ("completed", 0)
    output = (place / f"slurm-{ended['slurm_job_id']}.out").read_text()
    assert re.search(r"pi is about 3\.1\d+, give or take 0\.00\d+\.", output)
    assert (place / "pi.txt").read_text() in output


@pytest.mark.parametrize("nodes", [1, 2])
def test_the_rod_cools_on_one_node_and_on_two(alice: Person, nodes: int) -> None:
    ended, place = run_example(alice, "heat-equation", "-a", f"nodes={nodes}", "-a", "steps=500")

    assert (ended["status"], ended["requested_cpus"]) == ("completed", 4 * nodes)
    assert ended["name"] == f"Heat, 200 points on {4 * nodes} ranks"
    lines = (place / "result/summary.txt").read_text().splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith("step     500: warmest 0.9")


def test_the_study_runs_as_an_array_and_is_collected(alice: Person) -> None:
    ended, place = run_example(alice, "parameter-study", "-a", "points=5", "-a", "iterations=5000")

    assert (ended["status"], ended["tasks"]) == ("completed", {"completed": 5})
    rows = [line.split() for line in (place / "study/summary.tsv").read_text().splitlines()]
    assert [rate for rate, _ in rows] == ["2.800000", "3.100000", "3.400000", "3.700000", "4.000000"]
    assert (place / "study/chart.txt").is_file()
