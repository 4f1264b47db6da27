"""`jobbergate job-scripts check`, and what other commands tell of a script's directives."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.factories import make_application, make_script

WRONG = "#!/bin/bash\n#SBATCH --nodes=2\n#SBATCH --tme=10\n"


def test_a_file_is_checked_with_its_lines(by_alice: Jobbergate, tmp_path: Path) -> None:
    file = tmp_path / "job.sh"
    file.write_text(WRONG)

    result = by_alice("job-scripts", "check", file)

    assert result.exit_code == 1
    assert f"{file}:3: error: " in result.stdout
    assert "--time" in result.stdout


def test_a_good_file_is_0_and_says_what_it_asks_for(by_alice: Jobbergate, tmp_path: Path) -> None:
    file = tmp_path / "job.sh"
    file.write_text("#!/bin/bash\n#SBATCH --nodes=2 --ntasks-per-node=4 --time=1:30:00\nsrun true\n")

    result = by_alice("job-scripts", "check", file)

    assert result.exit_code == 0, result.stdout
    assert "12 core-hours" in result.stdout


def test_a_saved_script_is_checked_with_arguments(by_alice: Jobbergate, alice: User) -> None:
    script = make_script(alice, answers={"nodes": 2})

    result = by_alice("job-scripts", "check", script.pk, "-o", "json", "--", "--nodes=4")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["resources"]["nodes_min"] == 4


def test_the_environment_counts_when_it_is_asked_for(
    by_alice: Jobbergate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBATCH_TIMELIMIT", "4")
    file = tmp_path / "job.sh"
    file.write_text("#!/bin/bash\n#SBATCH --time=10\n")

    without, with_it = (
        json.loads(by_alice("job-scripts", "check", file, *words, "-o", "json").stdout)["resources"]["time"]
        for words in ([], ["--environment"])
    )

    assert (without, with_it) == (600, 240)


def test_findings_as_rows(by_alice: Jobbergate, tmp_path: Path) -> None:
    file = tmp_path / "job.sh"
    file.write_text(WRONG)

    result = by_alice("job-scripts", "check", file, "-o", "csv")

    assert result.stdout.splitlines()[0] == "line,severity,code,message,suggestion"
    assert result.stdout.splitlines()[1].startswith("3,error,unknown_option,")


def test_what_is_neither_a_file_nor_an_id_is_said(by_alice: Jobbergate) -> None:
    result = by_alice("job-scripts", "check", "no-such-file")

    assert (result.exit_code, result.stderr) == (
        1,
        "Error: no-such-file is neither a file nor the id of a job script.\n",
    )


def test_a_script_that_sbatch_would_refuse_is_made_only_by_force(by_alice: Jobbergate, alice: User) -> None:
    make_application(alice, {"templates/job.sh.j2": WRONG.encode()}, identifier="wrong")

    refused = by_alice("job-scripts", "create", "wrong", "--fast")
    forced = by_alice("job-scripts", "create", "wrong", "--fast", "--force")

    assert refused.exit_code == 1
    assert "job.sh, line 3" in refused.stderr
    assert "With force" in refused.stderr
    assert forced.exit_code == 0, forced.stderr
    assert "job.sh:3: error: " in forced.stderr
    assert JobScript.objects.count() == 1


def test_an_upload_is_checked_too(by_alice: Jobbergate, tmp_path: Path) -> None:
    file = tmp_path / "job.sh"
    file.write_text(WRONG)

    refused = by_alice("job-scripts", "create", "--upload", file)
    forced = by_alice("job-scripts", "create", "--upload", file, "--force")

    assert (refused.exit_code, forced.exit_code) == (1, 0)
    assert JobScript.objects.get().findings[0]["code"] == "unknown_option"


def test_warnings_are_told_when_a_script_is_made(by_alice: Jobbergate, alice: User) -> None:
    template = b"#!/bin/bash\n#SBATCH --output=$HOME/out.txt\necho\n"
    make_application(alice, {"templates/job.sh.j2": template}, identifier="home")

    result = by_alice("job-scripts", "create", "home", "--fast")

    assert result.exit_code == 0
    assert "job.sh:2: warning: " in result.stderr
