"""`jobbergate job-scripts rerun`, `clone`, `diff` and `preview --against`, by the real server."""

import json

import pytest
from django.contrib.auth.models import User

from applications.models import Application
from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.factories import make_application, make_script

PROGRAM = b"""\
from jobbergate_cli.application_base import JobbergateApplicationBase
from jobbergate_cli.appform import Integer


class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data):
        data["nextworkflow"] = "more"
        return [Integer("nodes", message="Nodes?", default=1)]

    def more(self, data):
        data["tasks"] = 4 * data["nodes"]
"""
PROGRAMMED = {
    "jobbergate.yaml": b"jobbergate_config: {default_template: job.sh.j2}\n",
    "jobbergate.py": PROGRAM,
    "templates/job.sh.j2": b"#!/bin/bash\n#SBATCH --nodes={{ nodes }} --ntasks={{ tasks }}\n",
}


@pytest.fixture
def hello(alice: User) -> Application:
    return make_application(alice, identifier="hello", name="Hello")


def test_rerun_changes_one_answer_and_keeps_the_rest(by_alice: Jobbergate, hello: Application, alice: User) -> None:
    script = make_script(alice, hello, answers={"nodes": 3}, sbatch_parameters=("--time=10",))

    result = by_alice("job-scripts", "rerun", script.pk, "-a", "nodes=8", "-p", "--mem=1G", "-o", "json")

    assert result.exit_code == 0, result.stderr
    row = json.loads(result.stdout)
    assert (row["parent"], row["answers"]) == (script.pk, {"nodes": 8})
    assert row["sbatch_parameters"] == ["--time=10", "--mem=1G"]


def test_rerun_latest_takes_the_newest_version(by_alice: Jobbergate, hello: Application, alice: User) -> None:
    script = make_script(alice, hello)
    hello.publish({**hello.version().read_files(), "README": b"new"}, alice)

    same, latest = (
        json.loads(by_alice("job-scripts", "rerun", script.pk, *words, "-o", "json").stdout)["version"]
        for words in ([], ["--latest"])
    )

    assert (same, latest) == (1, 2)


def test_the_code_of_an_application_runs_again_when_an_answer_changes(by_alice: Jobbergate, alice: User) -> None:
    make_application(alice, PROGRAMMED, identifier="program")
    made = json.loads(by_alice("job-scripts", "create", "program", "--fast", "--trust", "-o", "json").stdout)

    result = by_alice("job-scripts", "rerun", made["id"], "-a", "nodes=2", "-o", "id")

    assert result.exit_code == 0, result.stderr
    script = JobScript.objects.get(pk=int(result.stdout))
    assert script.read_entrypoint() == "#!/bin/bash\n#SBATCH --nodes=2 --ntasks=8\n"


def test_without_changes_no_code_has_to_run(by_alice: Jobbergate, alice: User) -> None:
    application = make_application(alice, PROGRAMMED, identifier="program")
    script = make_script(alice, application, answers={"nodes": 2}, computed={"tasks": 9})

    result = by_alice("job-scripts", "rerun", script.pk, "-o", "id")

    assert result.exit_code == 0, result.stderr
    assert JobScript.objects.get(pk=int(result.stdout)).read_files() == script.read_files()


def test_what_was_left_out_is_told(by_alice: Jobbergate, alice: User) -> None:
    asked = (
        b"questions: [{variable: solver, type: choice, message: S, choices: [cg, gmres], default: gmres},"
        b" {variable: restart, type: integer, message: R, default: 30, when: {variable: solver, equals: gmres}}]"
    )
    yaml = b"jobbergate_config: {default_template: job.sh.j2}\n" + asked
    application = make_application(
        alice, {"jobbergate.yaml": yaml, "templates/job.sh.j2": b"#!/bin/sh\n{{ solver }}\n"}
    )
    script = make_script(alice, application)

    result = by_alice("job-scripts", "rerun", script.pk, "-a", "solver=cg")

    assert result.exit_code == 0, result.stderr
    assert "Warning: restart is not asked for any more" in result.stderr


def test_diff_says_what_made_the_difference(by_alice: Jobbergate, hello: Application, alice: User) -> None:
    old = make_script(alice, hello, answers={"nodes": 2})
    new = make_script(alice, hello, answers={"nodes": 8}, sbatch_parameters=("--time=10",))

    result = by_alice("job-scripts", "diff", old.pk, new.pk)

    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert "  nodes: 2 → 8" in lines
    assert "  --time=10 added" in lines
    assert lines[-8:] == [
        "--- a/job.sh", "+++ b/job.sh", "@@ -1,3 +1,4 @@", " #!/bin/bash", "-#SBATCH --nodes=2", "+#SBATCH --nodes=8",
        "+#SBATCH --time=10", " echo hello",
    ]  # fmt: skip


def test_diff_as_data(by_alice: Jobbergate, hello: Application, alice: User) -> None:
    old, new = make_script(alice, hello, answers={"nodes": 2}), make_script(alice, hello, answers={"nodes": 8})

    found = json.loads(by_alice("job-scripts", "diff", old.pk, new.pk, "-o", "json").stdout)

    assert (found["old"], found["new"], found["origin"]) == (old.pk, new.pk, [])
    assert found["answers"] == [{"name": "nodes", "change": "changed", "old": 2, "new": 8}]
    assert {"name": "nodes_min", "change": "changed", "old": 2, "new": 8} in found["resources"]
    assert [file["path"] for file in found["files"]] == ["job.sh"]


def test_the_same_script_does_not_differ(by_alice: Jobbergate, hello: Application, alice: User) -> None:
    script = make_script(alice, hello)

    result = by_alice("job-scripts", "diff", script.pk, script.pk)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Nothing differs.\n")


def test_a_preview_against_a_script_is_a_diff_and_saves_nothing(
    by_alice: Jobbergate, hello: Application, alice: User
) -> None:
    script = make_script(alice, hello, answers={"nodes": 2})

    result = by_alice("job-scripts", "preview", "hello", "-a", "nodes=4", "--against", script.pk)

    assert result.exit_code == 0, result.stderr
    assert "-#SBATCH --nodes=2\n+#SBATCH --nodes=4\n" in result.stdout
    assert "  nodes: 2 → 4\n" in result.stdout
    assert JobScript.objects.count() == 1


def test_a_clone_without_changes_is_the_same_files(by_alice: Jobbergate, hello: Application, alice: User) -> None:
    script = make_script(alice, hello)

    result = by_alice("job-scripts", "clone", script.pk, "-n", "Copy", "-o", "id")

    copy = JobScript.objects.get(pk=int(result.stdout))
    assert (copy.name, copy.parent, copy.read_files()) == ("Copy", script, script.read_files())
