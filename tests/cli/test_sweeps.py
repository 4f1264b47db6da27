"""`jobbergate sweeps`, and `--sweep`: many sets of answers in one request."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from django.contrib.auth.models import User

from cli.answers import Typed
from cli.asking import AsksOnce
from cli.errors import UsageProblem
from cli.points import of_pairs, read_values
from cli.questions import Integer
from jobscripts.models import JobScript
from jobscripts.sweeps import Sweep
from submissions.models import JobSubmission
from tests.cli.conftest import Jobbergate
from tests.factories import make_application, make_cluster, make_sweep

pytestmark = pytest.mark.usefixtures("no_slurm_here")

YAML = b"""\
jobbergate_config: {default_template: job.sh.j2}
questions:
  - {variable: nodes, type: integer, message: How many nodes?, default: 1, max: 64}
  - {variable: solver, type: text, message: Which solver?, default: cg}
  - {variable: levels, type: integer, message: How many levels?, default: 3, when: {variable: solver, equals: mg}}
"""
SCRIPT = b"#!/bin/sh\necho {{ nodes }} {{ solver }} {{ levels|default('') }}\n"
PROGRAM = b"""\
from jobbergate_cli.application_base import JobbergateApplicationBase
from jobbergate_cli.appform import Integer

class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data):
        data["nextworkflow"] = "second"
        return [Integer("nodes", message="How many?", default=1)]

    def second(self, data):
        data["twice"] = data["nodes"] * 2
        return []
"""


@pytest.fixture
def hello(alice: User) -> None:
    make_application(alice, {"jobbergate.yaml": YAML, "templates/job.sh.j2": SCRIPT}, identifier="hello")


def create(by: Jobbergate, *words: Any, stdin: str = "") -> Any:
    done: Result = by("job-scripts", "create", "hello", *words, "--fast", "-o", "json", stdin=stdin)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def echoed() -> list[str]:
    scripts = JobScript.objects.filter(sweep__isnull=False).order_by("point")
    return [script.read_entrypoint().splitlines()[1].removeprefix("echo ").strip() for script in scripts]


@pytest.mark.usefixtures("hello")
def test_a_grid_of_typed_values(by_alice: Jobbergate) -> None:
    row = create(by_alice, "-a", "solver=cg,gmres", "-a", "nodes=1,2", "--sweep", "-n", "Try", "--max-queued", 3)

    assert (row["points"], row["variables"], row["states"]) == (4, ["solver", "nodes"], {"unsubmitted": 4})
    assert (row["name"], row["max_queued"], row["as_array"]) == ("Try", 3, True)
    assert echoed() == ["1 cg", "2 cg", "1 gmres", "2 gmres"]
    assert JobScript.objects.order_by("point")[1].answers == {"solver": "cg", "nodes": 2}


@pytest.mark.usefixtures("hello")
def test_values_side_by_side_over_a_common_one(by_alice: Jobbergate) -> None:
    create(by_alice, "-a", "nodes=1,2", "-a", 'solver="a,b",c', "--zip")

    assert echoed() == ["1 a,b", "2 c"]


@pytest.mark.usefixtures("hello")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("points.csv", "nodes,solver,levels\n4,mg,5\n8,cg,\n"),
        ("points.json", '[{"nodes": 4, "solver": "mg", "levels": 5}, {"nodes": 8}]'),
        ("points.yaml", "- {nodes: 4, solver: mg, levels: 5}\n- {nodes: 8}\n"),
        ("-", "nodes,solver,levels\n4,mg,5\n8,cg,\n"),
    ],
)
def test_points_of_a_file(by_alice: Jobbergate, tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    if name != "-":
        file.write_text(text)

    row = create(by_alice, "--sweep-file", name if name == "-" else file, stdin=text)

    # What is asked for only sometimes is asked at each point by itself.
    assert echoed() == ["4 mg 5", "8 cg"]
    assert row["variables"] == ["nodes", "solver", "levels"]


@pytest.mark.usefixtures("hello")
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["-a", "nodes=1", "--sweep"], 2, "needs several values"),
        (["-a", "nodes=1,2", "-a", "solver=a,b,c", "--zip"], 2, "nodes has 2, solver has 3"),
        (["-a", "nodes=1,99", "--sweep"], 1, "Point 1 (nodes=99): nodes"),
        (["-a", "nodes=1,2", "-a", "levels=2,3", "--sweep"], 1, "Point 0 (nodes=1, levels=2): levels"),
        (["-a", "nodes=1,01", "--sweep"], 1, "same answers"),
        (["-a", "nodes=1,2", "--sweep", "--upload", "."], 2, "Give an APPLICATION"),
        (["-a", "nodes=1,2", "--sweep", "--download"], 2, "sweeps download"),
        (["--max-queued", "3"], 2, "--max-queued goes with"),
        (["--zip", "--sweep-file", "x.csv"], 2, "leave out --zip"),
        (["--sweep-file", "absent.csv"], 1, "absent.csv cannot be read"),
        (["-a", f"nodes={','.join('1' * 101)}", "-a", f"solver={','.join('a' * 100)}", "--sweep"], 1, "10100 points"),
        (["-a", 'solver="a', "--sweep"], 2, "quoted as CSV"),
    ],
)
def test_what_is_refused_is_said_in_words(by_alice: Jobbergate, words: list[str], code: int, told: str) -> None:
    if "--upload" in words:
        words = [*words[:-1], str(Path(__file__))]
        told = "sweeps download"
    done = by_alice("job-scripts", "create", "hello", "--fast", *words)

    assert (done.exit_code, Sweep.objects.count()) == (code, 0), done.stderr
    assert told in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nodes,nodes\n1,2\n", "each variable once"),
        ("nodes,solver\n1\n", "line 2: give 2 values"),
        ("nodes\n", "no points"),
        ("", "no points"),
        ('nodes\n"1\n', "line 2"),
    ],
)
@pytest.mark.usefixtures("hello")
def test_a_file_that_is_no_table_is_refused(by_alice: Jobbergate, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "points.csv").write_text(text)

    done = by_alice("job-scripts", "create", "hello", "--fast", "--sweep-file", tmp_path / "points.csv")

    assert done.exit_code == 1
    assert told in done.stderr


def test_an_application_s_code_runs_once_for_each_point(by_alice: Jobbergate, alice: User) -> None:
    folder = {
        "jobbergate.yaml": b"jobbergate_config: {default_template: job.sh.j2}\napplication_config: {}\n",
        "jobbergate.py": PROGRAM,
        "templates/job.sh.j2": b"#!/bin/sh\necho {{ nodes }} {{ twice }}\n",
    }
    make_application(alice, folder | {}, identifier="hello", form={"questions": []})

    create(by_alice, "-a", "nodes=1,2,3", "--sweep", "--trust")

    assert echoed() == ["1 2", "2 4", "3 6"]
    assert [script.computed["twice"] for script in JobScript.objects.order_by("point")] == [2, 4, 6]


def test_what_nobody_has_answered_is_asked_once() -> None:
    asked = []

    class Somebody:
        def ask(self, question: Any) -> Any:
            asked.append(question.variablename)
            return 7

    asker, lower = AsksOnce(Somebody()), Integer("nodes", "How many?", maxval=5)
    assert [asker.ask(Integer("nodes", "How many?")) for _ in range(3)] == [7, 7, 7]
    assert asker.ask(lower) == 7
    assert asked == ["nodes", "nodes"]


def test_values_with_commas_between_them() -> None:
    assert read_values("a=1,2") == ("a", [Typed("1"), Typed("2")])
    assert read_values('a="x, y", z') == ("a", ["x, y", "z"])
    assert read_values('a=[["x"], ["y", "z"]]') == ("a", [["x"], ["y", "z"]])
    assert read_values('a={"b": 1}') == ("a", [{"b": 1}])
    with pytest.raises(UsageProblem):
        of_pairs(["a=1"], side_by_side=False)


# --- the noun -------------------------------------------------------------------------------------------------------


def shown(by: Jobbergate, *words: Any) -> Any:
    done = by("sweeps", *words, "-o", "json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_the_life_of_a_sweep_by_an_agent(by_alice: Jobbergate, alice: User) -> None:
    make_cluster()
    sweep = make_sweep(alice, size=3, name="Try")

    assert [row["id"] for row in shown(by_alice, "list")] == [sweep.pk]
    assert shown(by_alice, "update", sweep.pk, "-n", "Other", "--max-queued", 2)["max_queued"] == 2
    submitted = shown(by_alice, "submit", sweep.pk)
    assert submitted["states"] == {"created": 2, "unsubmitted": 1}
    assert [row["status"] for row in shown(by_alice, "points", sweep.pk)] == ["created", "created", "unsubmitted"]
    assert [row["point"] for row in shown(by_alice, "points", sweep.pk, "--status", "unsubmitted")] == [2]
    assert shown(by_alice, "cancel", sweep.pk)["states"] == {"cancelled": 3}
    assert shown(by_alice, "resubmit", sweep.pk, "--failed")["states"] == {"cancelled": 1, "created": 2}
    refused = by_alice("sweeps", "delete", sweep.pk)
    assert (refused.exit_code, "submissions first" in refused.stderr) == (1, True)
    JobSubmission.objects.all().delete()
    assert by_alice("sweeps", "delete", sweep.pk).exit_code == 0


def test_points_are_a_table_with_their_own_answers(by_alice: Jobbergate, alice: User) -> None:
    sweep = make_sweep(alice, size=2)

    table = by_alice("sweeps", "points", sweep.pk).stdout.splitlines()
    text = by_alice("sweeps", "points", sweep.pk, "-o", "csv").stdout.splitlines()

    assert table[0].split()[:3] == ["point", "nodes", "status"]
    assert text[0] == "point,nodes,status,exit_code,submission,slurm_job_id,task,name"
    assert text[2] == '1,2,unsubmitted,,,,,"Hello, nodes=2"'


def test_each_point_is_downloaded_to_its_own_directory(by_alice: Jobbergate, alice: User, tmp_path: Path) -> None:
    sweep = make_sweep(alice, size=2)

    done = by_alice("sweeps", "download", sweep.pk, "-d", tmp_path)

    assert done.exit_code == 0, done.stderr
    assert "--nodes=2" in (tmp_path / "points/1/job.sh").read_text()


@pytest.mark.usefixtures("hello")
def test_run_makes_and_submits(by_alice: Jobbergate) -> None:
    make_cluster()

    done = by_alice("run", "hello", "--fast", "-a", "nodes=1,2", "--sweep", "-o", "json")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["states"] == {"created": 2}
    assert JobSubmission.objects.get().job_script.first_point == 0
    assert "of 2 points" in done.stderr


@pytest.mark.parametrize("verb", ["get", "points"])
def test_a_refresh_needs_a_slurm(by_alice: Jobbergate, alice: User, verb: str) -> None:
    done = by_alice("sweeps", verb, make_sweep(alice).pk, "--refresh")

    assert (done.exit_code, "no sbatch on this machine" in done.stderr) == (1, True)


def test_what_went_through_a_login_node_is_resubmitted_there(by_alice: Jobbergate, alice: User) -> None:
    sweep = make_sweep(alice)
    assert "never submitted" in by_alice("sweeps", "resubmit", sweep.pk).stderr
    JobSubmission.create(alice, sweep.scripts.get(point=0), via="login_node", slurm_cluster="hilbert")

    done = by_alice("sweeps", "resubmit", sweep.pk)

    assert (done.exit_code, "login node of hilbert" in done.stderr) == (1, True)


def test_what_is_odd_about_the_scripts_is_told_once(by_alice: Jobbergate, alice: User) -> None:
    template = b"#!/bin/sh\n#SBATCH --output=$HOME/{{ nodes }}\n"
    make_application(alice, {"templates/job.sh.j2": template}, identifier="odd")

    made = by_alice("job-scripts", "create", "odd", "-a", "nodes=1,2,3", "--sweep")

    assert made.exit_code == 0, made.stderr
    assert made.stderr.count("job.sh:2: warning: ") == 1


def test_a_sweep_that_sbatch_would_refuse_is_made_by_force_alone(by_alice: Jobbergate, alice: User) -> None:
    make_application(alice, {"templates/job.sh.j2": b"#!/bin/sh\n#SBATCH --tme={{ nodes }}\n"}, identifier="wrong")
    words = ["job-scripts", "create", "wrong", "-a", "nodes=1,2", "--sweep"]

    refused, forced = by_alice(*words), by_alice(*words, "--force")

    assert refused.exit_code == 1
    assert "Point 0: sbatch would refuse it: job.sh, line 2" in refused.stderr
    assert (forced.exit_code, JobScript.objects.count()) == (0, 2)
