"""A sweep: one request, a job script for each point, all of them or none."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from jobscripts import points, sweeping
from jobscripts.models import JobScript
from jobscripts.sweeps import Sweep
from tests.factories import YAML, make_application

SOLVER = YAML + b"  - {variable: solver, type: choice, message: Which?, choices: [cg, gmres], default: cg}\n"
SCRIPT = b"#!/bin/bash\n#SBATCH --nodes=2\necho {{ nodes }} {{ solver }}\n"


@pytest.fixture
def application(alice: Any) -> None:
    make_application(alice, {"jobbergate.yaml": SOLVER, "templates/job.sh.j2": SCRIPT}, identifier="hello")


def sweep(client: APIClient, **body: Any) -> Any:
    return client.post("/api/sweeps/", {"application": "hello", **body})


def scripts_of(answer: Any) -> list[str]:
    found = JobScript.objects.filter(sweep=answer.json()["id"]).order_by("point")
    return [script.read_entrypoint().splitlines()[-1] for script in found]


def test_a_grid_is_every_combination(as_alice: APIClient, application: None) -> None:
    answer = sweep(as_alice, grid={"solver": ["cg", "gmres"], "nodes": [1, 2]}, name="Try", max_queued=3)

    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["points"], told["variables"], told["as_array"], told["max_queued"]) == (
        4, ["solver", "nodes"], True, 3,
    )  # fmt: skip
    assert scripts_of(answer) == ["echo 1 cg", "echo 2 cg", "echo 1 gmres", "echo 2 gmres"]
    names = JobScript.objects.order_by("point").values_list("name", "point")
    assert names[3] == ("Try, solver=gmres, nodes=2", 3)
    assert told["name"] == "Try"


def test_values_side_by_side(as_alice: APIClient, application: None) -> None:
    answer = sweep(as_alice, zip={"nodes": [1, 2], "solver": ["gmres", "cg"]})

    assert scripts_of(answer) == ["echo 1 gmres", "echo 2 cg"]


def test_points_one_by_one_over_common_answers(as_alice: APIClient, application: None) -> None:
    listed = [{"answers": {"nodes": 4}}, {"answers": {"nodes": 8, "solver": "cg"}}]
    answer = sweep(as_alice, answers={"solver": "gmres"}, points=listed)

    assert scripts_of(answer) == ["echo 4 gmres", "echo 8 cg"]
    assert answer.json()["variables"] == ["nodes", "solver"]


def test_a_point_at_fault_is_named_and_nothing_is_saved(as_alice: APIClient, application: None) -> None:
    answer = sweep(as_alice, grid={"nodes": [*range(1, 18), 99]})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_answers")
    assert list(answer.json()["errors"]) == ["points.17.answers.nodes"]
    assert answer.json()["detail"].startswith("Point 17: nodes: 99 is not accepted")
    assert not Sweep.objects.exists()
    assert not JobScript.objects.exists()


def test_what_only_the_templates_find_names_its_point_too(as_alice: APIClient, alice: Any) -> None:
    hole = {"templates/job.sh.j2": b"#!/bin/sh\n{% if nodes > 2 %}{{ absent }}{% endif %}"}
    make_application(alice, hole, identifier="hello")

    answer = sweep(as_alice, grid={"nodes": [1, 2, 3]})

    assert (answer.status_code, answer.json()["code"]) == (400, "undefined_variable")
    assert list(answer.json()["errors"]) == ["points.2.absent"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"grid": {"nodes": [1, 2, 1]}}, "duplicate_point", "points.2"),
        ({"points": [{"answers": {"nodes": 2}}, {}]}, "duplicate_point", "points.1"),
        ({"grid": {"nodes": list(range(200)), "solver": list(range(51))}}, "bad_sweep", "grid"),
        ({"grid": {}}, "bad_sweep", "grid"),
        ({"grid": {"nodes": []}}, "bad_sweep", "grid"),
        ({"zip": {"nodes": [1, 2], "solver": ["cg"]}}, "bad_sweep", "zip"),
        ({"zip": {}}, "bad_sweep", "zip"),
        ({"points": []}, "bad_sweep", "points"),
        ({}, "invalid", "points"),
        ({"points": [{}], "grid": {}}, "invalid", "points"),
        ({"points": [{"answers": 3}]}, "invalid", "points"),
        ({"grid": {"nodes": 3}}, "invalid", "grid"),
        ({"grid": {"nodes": [1]}, "max_queued": 0}, "invalid", "max_queued"),
        (
            {"grid": {"nodes": [1]}, "sbatch_parameters": ["nodes"]},
            "bad_sbatch_parameter",
            "points.0.sbatch_parameters",
        ),
    ],
)
def test_what_is_refused(as_alice: APIClient, application: None, body: Any, code: str, field: str) -> None:
    answer = sweep(as_alice, **body)

    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, code, [field])
    assert not Sweep.objects.exists()


def test_its_files_and_its_time_are_bounded(
    as_alice: APIClient, application: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound, value in (("MAX_TOTAL", 300), ("MAX_SECONDS", 0.0)):
        with monkeypatch.context() as patched:
            patched.setattr(sweeping, bound, value)
            answer = sweep(as_alice, grid={"nodes": list(range(1, 20))})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_sweep")
    assert not JobScript.objects.exists()


def test_one_is_an_array_where_all_points_say_the_same_to_sbatch(as_alice: APIClient, alice: Any) -> None:
    for identifier, script, as_array in (
        ("same", b"#!/bin/sh\n#SBATCH -N 2 # {{ nodes }}\necho {{ nodes }}\n", True),
        ("other", b"#!/bin/sh\n#SBATCH -N {{ nodes }}\n", False),
        ("array", b"#!/bin/sh\n#SBATCH -a 1-3\necho {{ nodes }}\n", False),
        ("pbs", b"#!/bin/sh\n#PBS -l walltime=1:00\necho {{ nodes }}\n", False),
        ("het", b"#!/bin/sh\n#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n2\necho {{ nodes }}\n", False),
        ("late", b"#!/bin/sh\necho {{ nodes }}\n#SBATCH -N {{ nodes }}\n", True),
        ("none", b"echo {{ nodes }}\n", False),
    ):
        make_application(alice, {"templates/job.sh.j2": script}, identifier=identifier)
        answer = sweep(as_alice, application=identifier, grid={"nodes": [1, 2]}, force=True)
        assert answer.json()["as_array"] is as_array, identifier


def test_the_same_key_makes_one_sweep(as_alice: APIClient, application: None) -> None:
    body = {"application": "hello", "grid": {"nodes": [1, 2]}}
    first, second = (as_alice.post("/api/sweeps/", body, headers={"Idempotency-Key": "k"}) for _ in range(2))

    assert first.json() == second.json()
    assert Sweep.objects.count() == 1


def test_its_scripts_are_listed_by_sweep_alone(as_alice: APIClient, as_bob: APIClient, application: None) -> None:
    number = sweep(as_alice, grid={"nodes": [1, 2]}).json()["id"]

    assert as_alice.get("/api/job-scripts/").json()["results"] == []
    url = f"/api/job-scripts/?sweep={number}"
    assert [row["name"] for row in as_alice.get(url).json()["results"]] == ["Hello, nodes=2", "Hello, nodes=1"]
    assert as_bob.get(url).json()["results"] == []


def test_a_point_goes_with_its_sweep_only(as_alice: APIClient, application: None) -> None:
    number = sweep(as_alice, grid={"nodes": [1, 2]}).json()["id"]
    script = JobScript.objects.get(point=1)

    alone = as_alice.delete(f"/api/job-scripts/{script.pk}/")
    assert (alone.status_code, alone.json()["code"]) == (409, "in_use")

    assert as_alice.delete(f"/api/sweeps/{number}/").status_code == 204
    assert not JobScript.objects.exists()


def test_a_version_without_application_goes_with_its_last_sweep(as_alice: APIClient, application: None) -> None:
    number = sweep(as_alice, grid={"nodes": [1, 2]}).json()["id"]
    version = Sweep.objects.get().version
    assert version is not None
    as_alice.delete("/api/applications/hello/")
    assert as_alice.get(f"/api/sweeps/{number}/").json()["application"] is None

    as_alice.delete(f"/api/sweeps/{number}/")

    assert not type(version).objects.exists()


def test_numbers_in_order_are_ranges() -> None:
    assert points.ranges([3, 7, 8, 9]) == "3,7-9"
    assert points.ranges([]) == ""
    assert points.ranges(range(1000)) == "0-999"
