"""What `make test` says and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from dev.check import Step, clean_environment, main, take
from tests.halves import HALVES, MEASURED, half_of

ROOT = Path(__file__).parents[2]


def step(name: str, script: str) -> Step:
    return Step(name, ("sh", "-c", script))


def test_steps_that_fail_are_named_and_quoted_and_the_others_go_on(capfd: pytest.CaptureFixture[str]):
    steps = [step("types", "echo no such type; exit 1"), step("format", "echo chatter")]
    assert take(steps, {"PATH": "/usr/bin:/bin"}) == ["types"]
    said = capfd.readouterr().out
    assert "types: failed" in said
    assert "no such type" in said
    assert "format: ok" in said
    assert "chatter" not in said


def test_settings_of_the_caller_do_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("JOBBERGATE_SERVER", "JOBBERGATE_DATABASE_URL", "SLURM_CONF", "SBATCH_PARTITION"):
        monkeypatch.setenv(name, "theirs")
    assert "theirs" not in clean_environment(tmp_path).values()
    assert clean_environment(tmp_path)["JOBBERGATE_DATA_DIR"] == str(tmp_path)


def test_an_unknown_part_is_wrong_usage(capfd: pytest.CaptureFixture[str]):
    assert main(["everything"]) == 2
    assert "dev.check quick" in capfd.readouterr().err


# --- the tests with a real Slurm, in two halves ---------------------------------------------------------------------


def collecting(*words: str) -> "subprocess.Popen[str]":
    """Looks for tests with a real Slurm; what has none takes long to look through."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-m", "slurm", "-n0", *words]
    places = ["tests/slurm", "tests/cli/test_on_a_login_node.py"]
    return subprocess.Popen([*command, *places], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def collected(process: "subprocess.Popen[str]") -> list[str]:
    said, _ = process.communicate()
    return sorted(line for line in said.splitlines() if "::" in line)


def test_the_halves_have_all_tests_and_none_twice():
    first, second, whole = map(collected, [*(collecting(f"--half={half}") for half in HALVES), collecting()])

    assert first
    assert second
    assert sorted(first + second) == whole


def test_a_new_file_is_in_one_of_them():
    files = [f"tests/slurm/test_new_{number}.py" for number in range(20)]

    assert {half_of(file) for file in files} == set(HALVES)
    assert [half_of(file) for file in files] == [half_of(file) for file in files]


def test_they_take_about_as_long():
    first, second = (sum(files.values()) for files in MEASURED.values())

    assert abs(first - second) < 30
    assert [file for files in MEASURED.values() for file in files if not (ROOT / file).exists()] == []
