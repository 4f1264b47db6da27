"""What `make test` says and how it ends."""

from pathlib import Path

import pytest

from dev.check import Step, clean_environment, main, take


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
