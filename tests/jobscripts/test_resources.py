"""What a job asks for: facts that tests/slurm/test_corpus.py holds against a real Slurm, where there is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobscripts.sbatch.resources import Resources, of

GIB = 2**30


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {}),
        ({"ntasks": "4"}, {"tasks": 4, "cpus": 4}),
        ({"nodes": "2"}, {"nodes_min": 2, "nodes_max": 2, "tasks": 2, "cpus": 2}),
        ({"nodes": "2-4", "ntasks": "3"}, {"nodes_min": 2, "nodes_max": 3, "tasks": 3, "cpus": 3}),
        ({"nodes": "2", "ntasks": "1"}, {"nodes_max": 1}),
        ({"nodes": "1k"}, {"nodes_min": 1024, "nodes_max": 1024, "tasks": 1024, "cpus": 1024}),
        ({"nodelist": "n[1-2],n2"}, {"nodes_min": 2, "tasks": 2, "cpus": 2}),
        ({"nodes": "2", "ntasks-per-node": "4", "cpus-per-task": "2"},
         {"nodes_min": 2, "nodes_max": 2, "tasks": 8, "cpus_per_task": 2, "cpus": 16}),
        ({"ntasks": "9", "ntasks-per-node": "4"}, {"nodes_min": 3, "tasks": 9, "cpus": 9}),
        ({"nodes": "2", "ntasks": "8", "overcommit": None},
         {"nodes_min": 2, "nodes_max": 2, "tasks": 8, "cpus": 2}),
        ({"extra-node-info": "2:2:2"}, {"tasks": 8, "cpus": 8}),
        ({"nodes": "2", "mincpus": "8"}, {"nodes_min": 2, "nodes_max": 2, "tasks": 2, "cpus": 16}),
        ({"exclusive": None}, {"exclusive": True}),
        ({"exclusive": "user"}, {}),
    ],
)  # fmt: skip
def test_nodes_tasks_and_cpus(options: dict[str, str | None], expected: dict[str, Any]) -> None:
    assert of(options) == Resources(**expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mem": "1G", "nodes": "2"},
         {"nodes_min": 2, "nodes_max": 2, "tasks": 2, "cpus": 2, "memory_per_node": GIB, "memory": 2 * GIB}),
        ({"mem": "1500K"}, {"memory_per_node": 2 * 2**20, "memory": 2 * 2**20}),
        ({"mem": "100"}, {"memory_per_node": 100 * 2**20, "memory": 100 * 2**20}),
        ({"mem": "0"}, {"memory_per_node": 0}),
        ({"mem-per-cpu": "0"}, {"memory_per_node": 0}),
        ({"mem-per-cpu": "1gb", "ntasks": "4"},
         {"tasks": 4, "cpus": 4, "memory_per_cpu": GIB, "memory": 4 * GIB}),
        ({"mem-per-gpu": "1G", "gpus": "2"}, {"gpus": 2, "memory_per_gpu": GIB, "memory": 2 * GIB}),
        ({"mem": "1.5G"}, {}),
    ],
)  # fmt: skip
def test_memory(options: dict[str, str | None], expected: dict[str, Any]) -> None:
    assert of(options) == Resources(**expected)


@pytest.mark.parametrize(
    ("options", "gpus"),
    [
        ({"gpus": "4"}, 4),
        ({"gpus": "a100:2,h100:3"}, 5),
        ({"gpus": "a100:2,a100:3"}, 3),
        ({"gpus-per-node": "a100:4", "nodes": "2"}, 8),
        ({"gpus-per-task": "2", "ntasks": "4"}, 8),
        ({"gpus-per-socket": "1", "sockets-per-node": "2", "nodes": "2"}, 4),
        ({"gres": "gpu"}, 1),
        ({"gres": "gpu:a100:2,tape:3", "nodes": "2"}, 4),
        ({"gres": "none"}, 0),
        ({"ntasks-per-gpu": "2", "ntasks": "8"}, 4),
    ],
)
def test_gpus(options: dict[str, str | None], gpus: int) -> None:
    assert of(options).gpus == gpus


def test_gpus_can_decide_nodes_tasks_and_cpus() -> None:
    by_node = of({"gpus": "8", "gpus-per-node": "4"})
    by_task = of({"gpus": "10", "gpus-per-task": "1", "cpus-per-task": "2"})
    by_gpu = of({"gpus": "2", "ntasks-per-gpu": "2"})
    by_cpus = of({"gpus": "2", "cpus-per-gpu": "4"})

    assert (by_node.nodes_min, by_node.nodes_max) == (2, 2)
    assert (by_task.tasks, by_task.cpus) == (10, 20)
    assert (by_gpu.tasks, by_gpu.cpus) == (4, 4)
    assert (by_cpus.tasks, by_cpus.cpus) == (1, 8)


@pytest.mark.parametrize(
    ("text", "seconds", "unlimited"),
    [
        ("5", 300, False),
        ("5:30", 360, False),
        ("1:00:01", 3660, False),
        ("1-2", 26 * 3600, False),
        ("1-2:3", 26 * 3600 + 180, False),
        ("1-2:3:4", 26 * 3600 + 240, False),
        ("0", None, True),
        ("0:0", None, True),
        ("UNLIMITED", None, True),
        ("-1", None, True),
        ("5m", None, False),
        ("", None, False),
    ],
)
def test_time(text: str, seconds: int | None, unlimited: bool) -> None:
    found = of({"time": text})

    assert (found.time, found.time_unlimited) == (seconds, unlimited)


@pytest.mark.parametrize(
    ("text", "tasks", "limit"),
    [
        ("7", 1, None),
        ("0-9", 10, None),
        ("0-9:3%2", 4, 2),
        ("1-3,2-4", 4, None),
        ("[1-5]%2", 5, 2),
        ("1-5%0", 5, None),
        ("5-1", None, None),
        ("1-5:0", None, None),
        ("x", None, None),
        ("0-999999999", None, None),
    ],
)
def test_arrays(text: str, tasks: int | None, limit: int | None) -> None:
    found = of({"array": text})

    assert (found.array_tasks, found.array_limit) == (tasks, limit)


def test_core_hours_are_those_of_all_tasks_of_an_array() -> None:
    assert of({"ntasks": "4", "time": "30", "array": "1-10"}).core_hours == 20


@pytest.mark.parametrize("options", [{"ntasks": "4"}, {"time": "0"}, {"time": "30", "exclusive": None}])
def test_core_hours_are_unknown_without_a_time_or_with_whole_nodes(options: dict[str, str | None]) -> None:
    assert of(options).core_hours is None


NAMES = ["nodes", "ntasks", "ntasks-per-node", "cpus-per-task", "extra-node-info", "nodelist", "mincpus", "overcommit"]
NAMES += ["mem", "mem-per-cpu", "mem-per-gpu", "gpus", "gpus-per-node", "gpus-per-task", "gres", "cpus-per-gpu"]
NAMES += ["ntasks-per-gpu", "time", "array", "sockets-per-node", "gpus-per-socket", "exclusive"]


@given(st.dictionaries(st.sampled_from(NAMES), st.none() | st.text("0123456789-:%,[]kKgu+ x.", max_size=8)))
def test_no_value_is_too_odd(options: dict[str, str | None]) -> None:
    found = of(options)

    assert found.cpus >= 0
    assert set(found.as_json()) >= {"nodes_min", "cpus", "core_hours"}


@pytest.mark.parametrize(
    "options",
    [
        {"time": "9" * 5000},
        {"ntasks": "9" * 5000},
        {"nodelist": "n" + "[1-999999999]" * 5},
        {"nodelist": "[1]" * 5000},
        {"array": "0-999999999," * 50},
    ],
)
def test_hostile_values_cost_nothing(options: dict[str, str | None]) -> None:
    assert of(options).core_hours is None
