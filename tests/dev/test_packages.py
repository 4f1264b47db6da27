"""What counts as installed, and what is left behind by an installation."""

from pathlib import Path

import pytest

from dev import packages


def test_a_removed_package_that_left_its_configuration_is_not_installed():
    listing = "munge installed\nslurmd config-files\nslurmctld half-installed\nslurm-client not-installed\n"
    assert packages.names_of_installed(listing) == {"munge"}


def test_packages_are_named_once_and_in_order():
    assert packages.packages_of(["venv", "slurm", "venv"]) == [
        "python3-venv",
        "slurmctld",
        "slurmd",
        "slurm-client",
        "munge",
    ]


def test_an_unknown_set_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]):
    assert packages.main(["slurm", "kubernetes"]) == 2
    assert "postgresql" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("has_apt", "is_root", "sentence"),
    [
        (True, True, None),
        (True, False, "Not root, so not installed: munge, slurmd."),
        (False, True, "No apt-get here, so not looked for: munge, slurmd."),
    ],
)
def test_what_is_left_out_is_said_in_one_sentence(has_apt: bool, is_root: bool, sentence: str | None):
    assert packages.why_not(["munge", "slurmd"], has_apt=has_apt, is_root=is_root) == sentence


def test_a_file_for_now_goes_away_with_the_directories_made_for_it(tmp_path: Path):
    file = tmp_path / "etc/new/policy"
    with packages.file_for_now(file, "exit 101\n", 0o755):
        assert file.read_text() == "exit 101\n"
        assert file.stat().st_mode & 0o777 == 0o755
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_there_before_stays_as_it_is(tmp_path: Path):
    file = tmp_path / "policy"
    file.write_text("theirs")
    with packages.file_for_now(file, "ours", 0o755):
        assert file.read_text() == "theirs"
    assert file.read_text() == "theirs"
