"""`jobbergate clusters`, and what is said of an agent that may take a while."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from cli.cluster_words import ago, idle, memory, time
from submissions.api.clusters import FACTS
from submissions.models import JobSubmission
from tests.cli.conftest import Jobbergate
from tests.factories import make_cluster, make_script


def heard(name: str = "hilbert", minutes: float = 0, **fields: Any) -> None:
    make_cluster(name, last_contact_at=now() - timedelta(minutes=minutes), **fields)


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_list_says_what_there_is_to_know_at_a_glance(by_alice: Jobbergate) -> None:
    heard("hilbert", **FACTS)
    heard("noether", minutes=14)
    make_cluster("gauss", description="Not yet.")

    shown = by_alice("clusters", "list").stdout

    assert lines(shown)[0] == [
        "name",
        "last",
        "heard",
        "slurm",
        "version",
        "nodes",
        "idle",
        "running",
        "pending",
        "description",
    ]
    found = {line[0]: " ".join(line[1:]) for line in lines(shown)[1:]}
    assert found["gauss"] == "never Not yet."
    assert found["noether"] == "silent: 14 min ago"
    assert found["hilbert"].endswith(" s ago 22.05.8 30 of 128 212 31")


def test_get_has_the_partitions_as_a_table(by_alice: Jobbergate) -> None:
    heard(**FACTS)

    shown = by_alice("clusters", "get", "hilbert").stdout

    first, _, second = shown.partition("\n\n")
    assert ["nodes", "idle", "30", "of", "128"] in lines(first)
    assert ["running", "212"] in lines(first)
    names = ["max_array_size:", "max_job_count:", "min_job_age:", "enforce_part_limits:", "accounting:"]
    assert [word for word in first.split() if word.endswith(":")] == names
    assert ["accounting:", "yes"] in lines(first)
    assert "partitions" not in first
    assert lines(second)[0][0] == "partition"
    assert lines(second)[1] == [
        "long",
        "(default)",
        "up",
        "30",
        "of",
        "128",
        "960",
        "of",
        "4096",
        "7-00:00:00",
        "01:00:00",
        "192",
        "GiB",
    ]


def test_get_of_a_cluster_that_nobody_described(by_alice: Jobbergate) -> None:
    make_cluster("hilbert")

    result = by_alice("clusters", "get", "hilbert")

    assert (result.exit_code, result.stderr) == (0, "")
    assert ["last", "heard", "never"] in lines(result.stdout)


@pytest.mark.parametrize("verb", [("list",), ("get", "hilbert")])
def test_a_program_gets_all_of_it_as_it_is(by_alice: Jobbergate, verb: tuple[str, ...]) -> None:
    heard(**FACTS)

    found = json.loads(by_alice("clusters", *verb, "-o", "json").stdout)

    (row,) = found if verb == ("list",) else [found]
    assert {name: row[name] for name in FACTS} == FACTS
    assert row["contact"] == "fresh"


def test_a_partition_s_name_cannot_move_the_cursor(by_alice: Jobbergate) -> None:
    (partition,) = FACTS["partitions"]  # type: ignore[misc]
    heard(**{**FACTS, "partitions": [{**partition, "name": "\x1b[2Jlong"}]})

    assert "\x1b" not in by_alice("clusters", "get", "hilbert").stdout


@pytest.mark.usefixtures("no_slurm_here")
@pytest.mark.parametrize(
    ("minutes", "more"),
    [
        (0, ""),
        (14, "The agent of hilbert was last heard of 14 min ago; the submission waits for it.\n"),
        (None, "The agent of hilbert was never heard of; the submission waits for it.\n"),
    ],
)
def test_who_submits_hears_of_a_silent_agent(by_alice: Jobbergate, minutes: float | None, more: str) -> None:
    make_cluster("hilbert") if minutes is None else heard("hilbert", minutes)

    result = by_alice("job-submissions", "create", make_script().pk)

    number = JobSubmission.objects.get().pk
    assert result.exit_code == 0
    assert result.stderr == f"Submission {number} waits for the agent of hilbert.\n{more}"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s ago"), (2, "2 s ago"), (89, "89 s ago"), (90, "1 min ago"), (5399, "89 min ago"), (5400, "1 h ago"), (200_000, "2 days ago")],
)  # fmt: skip
def test_how_long_ago_is_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    at = now()

    assert ago({"last_contact_at": (at - timedelta(seconds=seconds)).isoformat()}, at) == words


def test_numbers_are_written_as_slurm_and_people_write_them() -> None:
    assert [time(seconds) for seconds in (30, 5400, 86400, 90061)] == [
        "00:00:30",
        "01:30:00",
        "1-00:00:00",
        "1-01:01:01",
    ]
    assert [memory(size) for size in (None, 8000 * 2**20, 2**38)] == ["", "8000 MiB", "256 GiB"]
    assert idle({"idle": 1, "total": 3, "other": 2, "allocated": 0}) == "1 of 3"
