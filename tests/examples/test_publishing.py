"""Every example can be published and rendered as it stands."""

import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from applications.models import Application
from cli.asking import NobodyToAsk
from cli.workflow import run_application
from jobscripts.sbatch import directives
from tests.examples.conftest import EXAMPLES, NAMES, PROGRAMMED, publish


def test_there_are_examples_of_both_kinds() -> None:
    assert NAMES == ["estimate-pi", "heat-equation", "parameter-study"]
    assert PROGRAMMED == ["heat-equation"]


def test_an_example_is_explained(example: Application) -> None:
    text = (EXAMPLES / example.name / "README.md").read_text()

    assert f"--identifier {example.name}" in text
    assert f"jobbergate run {example.name} --fast" in text


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(PROGRAMMED)))
def test_defaults_render_through_the_api_without_a_hole(name: str, alice: User, as_alice: APIClient) -> None:
    publish(name, alice)

    answer = as_alice.post("/api/job-scripts/", {"application": name})

    assert (answer.status_code, answer.json()["warnings"]) == (201, [])


@pytest.mark.parametrize("name", PROGRAMMED)
def test_a_program_renders_with_its_defaults(name: str, alice: User, as_alice: APIClient) -> None:
    publish(name, alice)
    outcome = run_application(EXAMPLES / name, {}, fast=True, asker=NobodyToAsk())
    wanted = {"application": name, "answers": outcome.answers, "computed": outcome.computed}

    answer = as_alice.post("/api/job-scripts/", wanted)

    assert (answer.status_code, answer.json()["warnings"]) == (201, [])
    assert answer.json()["name"] == "Heat, 200 points on 4 ranks"
    assert [file["path"] for file in answer.json()["files"]] == ["case/input.json", "job.sh", "solver/heat.py"]


def test_a_script_without_what_the_program_computes_is_refused(alice: User, as_alice: APIClient) -> None:
    publish("heat-equation", alice)
    answers = {"nodes": 1, "tasks_per_node": 4, "points": 200, "snapshot_count": 5}

    answer = as_alice.post("/api/job-scripts/", {"application": "heat-equation", "answers": answers})

    assert (answer.status_code, answer.json()["code"]) == (400, "undefined_variable")
    assert list(answer.json()["errors"]) == ["time_step"]


def test_the_form_of_the_program_shows_both_steps(alice: User) -> None:
    form = publish("heat-equation", alice).version().form

    assert form is not None
    assert (form["captured"], form["multi_step"]) == (True, True)
    variables = ["nodes", "tasks_per_node", "points", "partition", "steps", "snapshots", "minutes"]
    assert [question["variable"] for question in form["questions"]] == variables
    assert form["questions"][5]["when_true"][0]["variable"] == "snapshot_count"


@pytest.mark.parametrize(
    ("name", "answers", "expected"),
    [
        ("estimate-pi", {"partition": "long"}, [("--partition=long",)]),
        ("parameter-study", {"points": 5, "at_once": 2}, [("--array=1-5%2",)]),
    ],
)
def test_answers_become_directives(
    alice: User, as_alice: APIClient, name: str, answers: dict[str, object], expected: list[tuple[str, ...]]
) -> None:
    publish(name, alice)

    draft = as_alice.post("/api/job-scripts/preview/", {"application": name, "answers": answers}).json()

    written = [directive.words for directive in directives.read(draft["files"][0]["content"])]
    assert [words for words in expected if words not in written] == []


@pytest.mark.parametrize("script", sorted(EXAMPLES.rglob("*.sh")), ids=str)
def test_shell_files_can_be_parsed(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
