"""What a script's directives say, with previews and scripts, over HTTP. How it is found: test_checking.py."""

import pytest

from jobscripts.models import JobScript
from jobscripts.sbatch.options import VERSIONS
from tests.factories import make_application, make_script

WRONG = b"#!/bin/bash\n#SBATCH --nodes={{ nodes }}\n#SBATCH --tme=10\n"


@pytest.fixture
def wrong(alice):
    return make_application(alice, {"templates/job.sh.j2": WRONG}, identifier="wrong")


def test_a_preview_shows_findings_and_resources(as_alice, wrong):
    row = as_alice.post("/api/job-scripts/preview/", {"application": "wrong", "answers": {"nodes": 3}}).json()

    assert [(one["line"], one["severity"], one["code"]) for one in row["findings"]] == [(3, "error", "unknown_option")]
    assert (row["resources"]["nodes_min"], row["answers"], row["version"]) == (3, {"nodes": 3}, 1)


def test_errors_refuse_a_script_and_say_where(as_alice, wrong):
    answer = as_alice.post("/api/job-scripts/", {"application": "wrong"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_directives")
    assert answer.json()["errors"]["job.sh"][0].startswith("job.sh, line 3: ")
    assert not JobScript.objects.exists()


def test_force_makes_it_and_keeps_what_was_found(as_alice, wrong):
    row = as_alice.post("/api/job-scripts/", {"application": "wrong", "force": True}).json()

    assert [one["code"] for one in row["findings"]] == ["unknown_option"]
    assert as_alice.get(f"/api/job-scripts/{row['id']}/").json()["findings"] == row["findings"]


def test_a_good_script_has_its_resources(as_alice):
    make_application(identifier="hello")

    row = as_alice.post("/api/job-scripts/", {"application": "hello", "answers": {"nodes": 4}}).json()

    assert (row["findings"], row["resources"]["nodes_min"]) == ([], 4)


def test_any_text_can_be_checked(as_alice):
    content = "#!/bin/bash\r\n#SBATCH --time=abc\n  # ünïcödé"

    answer = as_alice.post("/api/job-scripts/check/", {"content": content})

    assert answer.status_code == 200
    assert [one["code"] for one in answer.json()["findings"]] == ["crlf", "bad_value"]


def test_arguments_win_over_the_environment_and_that_over_the_script(as_alice):
    content = "#!/bin/bash\n#SBATCH --time=1 --nodes=1 --partition=a\n"
    body = {"content": content, "environment": {"SBATCH_TIMELIMIT": "2"}, "sbatch_arguments": ["--nodes=3"]}

    resources = as_alice.post("/api/job-scripts/check/", body).json()["resources"]

    assert (resources["time"], resources["nodes_min"]) == (120, 3)


def test_a_saved_script_is_checked_again(as_alice, alice):
    script = make_script(alice, answers={"nodes": 2})

    found = as_alice.post(f"/api/job-scripts/{script.pk}/check/", {"sbatch_arguments": ["-N4"]}).json()

    assert (found["entrypoint"], found["resources"]["nodes_min"]) == ("job.sh", 4)


@pytest.mark.parametrize("version", ["22.05", VERSIONS[-1]])
def test_options_are_those_of_the_version_that_was_named(as_alice, version):
    body = {"content": "#!/bin/bash\n#SBATCH --oom-kill-step=1\n", "slurm_version": version}

    findings = as_alice.post("/api/job-scripts/check/", body).json()["findings"]

    assert any(one["severity"] == "error" for one in findings) == (version == "22.05")


def test_an_unknown_version_says_which_are_known(as_alice):
    answer = as_alice.post("/api/job-scripts/check/", {"content": "", "slurm_version": "3"})

    assert answer.status_code == 400
    assert "22.05" in str(answer.json()["errors"])


def test_a_site_says_which_slurm_it_has(as_alice, settings):
    body = {"content": "#!/bin/bash\n#SBATCH --oom-kill-step=1\n"}

    settings.SLURM_VERSION = "22.05"
    old = as_alice.post("/api/job-scripts/check/", body).json()["findings"]

    assert [one["severity"] for one in old] == ["error"]
