"""A cluster in facts, from what sinfo and scontrol print. The samples were printed by Slurm 22.05."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.cluster_facts import counts, facts
from cli.cluster_text import LOAD_FORMAT, MOST_PARTITIONS, PARTITION_FORMAT, limits, load, partitions, settings
from cli.slurm import Slurm, asking_environment
from cli.slurm_text import SEPARATOR, Row
from submissions.api.clusters import ClusterFactsSerializer

PARTITIONS = """\
debug*|debug|up|1/1/1/3|2/70/8/80|8000+|1:00:00|10:00
long|long|up|1/1/1/3|2/70/8/80|8000+|7-00:00:00|1:00:00
infinite|infinite|down|0/1/1/2|0/64/8/72|8000+|infinite|n/a
empty|empty|up|0/0/0/0|0/0/0/0|0|infinite|n/a
secret|secret|up|0/1/0/1|0/64/0/64|2000000|infinite|n/a
draining|draining|drain|1/0/0/1|2/6/0/8|8000|1:30:00|n/a
inactive|inactive|inactive|0/1/0/1|0/8/0/8|8000|1:00|n/a
""".replace("|", SEPARATOR)
LOAD = f"1/1/1/3{SEPARATOR}2/70/8/80\n"
CONFIG = """\
Configuration data as of 2026-11-23T05:52:42
AccountingStorageType   = accounting_storage/slurmdbd
AuthInfo                = socket=/run/munge/socket
ClusterName             = hilbert
EnforcePartLimits       = NO
MaxArraySize            = 1001
MaxJobCount             = 10000
MinJobAge               = 300 sec
PowerPlugin             =\x20
SLURM_VERSION           = 22.05.8
SlurmctldHost[0]        = login1(10.0.0.1)

Slurmctld(primary) at login1 is UP
"""


class Printed(Slurm):
    """This text in place of a real Slurm's; tests/slurm asks the real one."""

    def __init__(self, **printed: str) -> None:
        super().__init__({})
        self.printed = {PARTITION_FORMAT: PARTITIONS, LOAD_FORMAT: LOAD, "config": CONFIG} | printed

    def config(self) -> str:
        return self.printed["config"]

    def sinfo(self, fields: str) -> str:
        return self.printed[fields]


def named() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in partitions(PARTITIONS)}


def test_a_partition_s_times_are_seconds_and_its_memory_bytes() -> None:
    assert named()["debug"] == {
        "name": "debug",
        "is_default": True,
        "state": "up",
        "nodes": {"allocated": 1, "idle": 1, "other": 1, "total": 3},
        "cpus": {"allocated": 2, "idle": 70, "other": 8, "total": 80},
        "max_time": 3600,
        "default_time": 600,
        # Of the smallest node.
        "memory_per_node": 8000 * 2**20,
    }
    assert [one["max_time"] for one in named().values()] == [3600, 604800, None, None, None, 5400, 60]
    assert [one["default_time"] for one in named().values()] == [600, 3600, None, None, None, None, None]
    assert named()["empty"]["memory_per_node"] is None


def test_one_partition_is_the_default_and_states_are_slurms_own_words() -> None:
    assert [name for name, one in named().items() if one["is_default"]] == ["debug"]
    assert [one["state"] for one in named().values()] == ["up", "up", "down", "up", "up", "drain", "inactive"]


def test_a_node_in_several_partitions_counts_once() -> None:
    assert load(LOAD) == {"nodes": named()["debug"]["nodes"], "cpus": named()["debug"]["cpus"]}


def test_limits_are_those_of_the_configuration() -> None:
    assert limits(settings(CONFIG)) == {
        "max_array_size": 1001,
        "max_job_count": 10000,
        "min_job_age": 300,
        "enforce_part_limits": "NO",
        "accounting": True,
    }
    assert limits({}) == {}


@pytest.mark.parametrize("word", ["accounting_storage/none", "(null)", ""])
def test_slurms_without_accounting_say_so_in_different_words(word: str) -> None:
    assert limits({"AccountingStorageType": word}) == {"accounting": False}


def test_jobs_are_counted_by_task() -> None:
    rows = [
        Row(1, (0,), False, "RUNNING"),
        Row(2, (0,), False, "COMPLETING"),
        Row(3, tuple(range(98)), True, "PENDING"),
        Row(3, (98,), True, "RUNNING"),
        Row(4, (0,), False, "COMPLETED"),
    ]

    assert counts(rows) == {"running": 3, "pending": 98}
    assert facts(Printed(), counts(rows))["load"]["jobs"] == {"running": 3, "pending": 98}


def test_the_server_takes_them_as_they_are() -> None:
    found = facts(Printed(), {"running": 1, "pending": 0})

    taken = ClusterFactsSerializer(data=found)
    assert taken.is_valid(), taken.errors
    assert taken.validated_data == found
    assert found["slurm_version"] == "22.05.8"


def test_what_cannot_be_read_is_left_out() -> None:
    found = facts(Printed(**{PARTITION_FORMAT: f"no\n\n{PARTITIONS}", LOAD_FORMAT: "\n", "config": "nothing"}))

    assert len(found["partitions"]) == 7
    assert set(found) == {"partitions", "limits"}


def test_there_are_no_more_partitions_than_the_server_takes() -> None:
    assert len(partitions(PARTITIONS * 100)) == MOST_PARTITIONS


@given(st.text(alphabet=f"0123456789/*+:-abn{SEPARATOR}\n"))
def test_no_text_is_too_strange(text: str) -> None:
    for text_or_line in (text, text.replace("\n", "")):
        found = facts(Printed(**{PARTITION_FORMAT: text_or_line, LOAD_FORMAT: text_or_line, "config": text}))
        assert set(found) >= {"partitions", "limits"}


def test_the_agent_s_environment_does_not_steer_sinfo() -> None:
    assert "SINFO_PARTITION" not in asking_environment({"SINFO_PARTITION": "debug"})
