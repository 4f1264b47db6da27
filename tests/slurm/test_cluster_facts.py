"""What a real Slurm says of itself, as the server takes it."""

import os
from typing import Any

import pytest

from cli.cluster_facts import counts, facts
from cli.slurm import Slurm, SlurmSilent
from dev.processes import SYSTEM_PATH
from dev.slurm_cluster import SlurmCluster
from submissions.api.clusters import ClusterFactsSerializer
from tests.clusters import LOGIN
from tests.slurm.conftest import eventually, forget_jobs

pytestmark = pytest.mark.slurm
MEMORY = 8000 * 2**20


def slurm_of(cluster: SlurmCluster) -> Slurm:
    # What an operator has set for the eye must not change what is parsed.
    return Slurm({"PATH": SYSTEM_PATH, "SINFO_FORMAT": "%N", "SINFO_PARTITION": "long", **cluster.environment()})


def asked(cluster: SlurmCluster) -> dict[str, Any]:
    slurm = slurm_of(cluster)
    found = facts(slurm, counts(slurm.squeue(everybody=True)))
    taken = ClusterFactsSerializer(data=found)
    assert taken.is_valid(), taken.errors
    assert taken.validated_data == found
    return found


def by_state(allocated: int, idle: int, other: int) -> dict[str, int]:
    return {"allocated": allocated, "idle": idle, "other": other, "total": allocated + idle + other}


def test_an_idle_cluster_is_described_whole(bare_cluster: SlurmCluster) -> None:
    eventually(lambda: asked(bare_cluster)["load"]["nodes"]["idle"] == 2)

    found = asked(bare_cluster)

    size = {"nodes": by_state(0, 2, 0), "cpus": by_state(0, 16, 0), "memory_per_node": MEMORY}
    assert found == {
        "slurm_version": bare_cluster.client("sinfo", "--version").stdout.split()[1],
        "partitions": [
            {"name": "debug", "is_default": True, "state": "up", "max_time": 3600, "default_time": 600, **size},
            {"name": "long", "is_default": False, "state": "up", "max_time": 604800, "default_time": 3600, **size},
            {"name": "urgent", "is_default": False, "state": "up", "max_time": 3600, "default_time": 600, **size},
            {"name": "private", "is_default": False, "state": "up", "max_time": 3600, "default_time": 600, **size},
        ],
        "limits": {
            "max_array_size": 1001,
            "max_job_count": 30000,
            "min_job_age": 2,
            "enforce_part_limits": "NO",
            "accounting": False,
        },
        "load": {"nodes": size["nodes"], "cpus": size["cpus"], "jobs": {"running": 0, "pending": 0}},
    }


def test_jobs_drained_nodes_and_closed_partitions_show(cluster: SlurmCluster) -> None:
    as_alice = ("runuser", "-u", LOGIN, "--")
    # Everybody's jobs are counted, also what another test has left.
    for state in ("PENDING", "RUNNING"):
        cluster.client("scancel", f"--state={state}")
    eventually(lambda: not cluster.client("squeue", "--all", "-h").stdout.strip())
    cluster.client("scontrol", "update", "nodename=n2", "state=drain", "reason=test")
    cluster.client("scontrol", "update", "partition=long", "state=down")
    try:
        submit = (*as_alice, "sbatch", "-D/tmp", "-o/dev/null", "-c3", "--array=0-9", "--wrap", "sleep 600")
        assert cluster.client(*submit).returncode == 0
        eventually(lambda: asked(cluster)["load"]["jobs"] == {"running": 2, "pending": 8})

        found = asked(cluster)
        debug, long = found["partitions"][:2]
        assert found["load"]["nodes"] == by_state(1, 0, 1)
        assert (debug["nodes"], debug["cpus"]) == (by_state(1, 0, 1), by_state(6, 2, 8))
        assert (debug["state"], long["state"]) == ("up", "down")
        assert found["limits"]["accounting"] is True
    finally:
        forget_jobs(cluster)
        cluster.client("scontrol", "update", "nodename=n2", "state=resume")
        cluster.client("scontrol", "update", "partition=long", "state=up")


def test_a_slurm_that_does_not_answer_is_silent() -> None:
    nowhere = Slurm({"PATH": SYSTEM_PATH, "SLURM_CONF": os.devnull})

    with pytest.raises(SlurmSilent):
        facts(nowhere)
