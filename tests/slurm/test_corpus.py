"""What we say of a script before it is submitted, held against what a real Slurm makes of it.

A hundred scripts a second: sbatch is asked of each, and of all jobs that came of it `scontrol show job` once.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from dev.machine import temporary_directory
from dev.slurm_cluster import SlurmCluster
from jobscripts.sbatch.checking import Check, check
from tests.clusters import running
from tests.slurm.asked import Answer, ask, said, shown
from tests.slurm.corpus import CASES, Case

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def roomy_cluster() -> Iterator[SlurmCluster]:
    """Two nodes of 64 CPUs and 8 GPUs; with accounting, since Slurm counts GPUs for that alone."""
    yield from running(accounting=True, cpus=64, memory=256_000, gpus=8)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where scripts lie and jobs would write, for whoever submits."""
    with temporary_directory("jg-corpus") as found:
        found.chmod(0o777)
        yield found


@pytest.fixture(scope="module")
def answers(roomy_cluster: SlurmCluster, place: Path) -> dict[Case, Answer]:
    cases = list(chain.from_iterable(CASES.values()))
    return dict(zip(cases, ask(roomy_cluster, cases, place), strict=True))


def test_the_corpus_is_large_and_of_both_kinds(answers: dict[Case, Answer]) -> None:
    accepted = sum(answer.job is not None for answer in answers.values())

    assert accepted > 900
    assert len(answers) - accepted > 400


@pytest.mark.parametrize("group", CASES)
def test_what_we_find_no_error_in_sbatch_accepts_and_nothing_else(group: str, answers: dict[Case, Answer]) -> None:
    differing = []
    for case in CASES[group]:
        errors = [error.message for error in checked(case).errors]
        if bool(errors) == (answers[case].job is not None):
            differing.append(f"{case}\n    sbatch: {answers[case].words or 'accepted'}\n    we: {errors or 'accepted'}")

    assert not differing, table(differing)


@pytest.mark.parametrize("group", CASES)
def test_a_job_asks_for_what_we_said(group: str, answers: dict[Case, Answer]) -> None:
    differing = []
    for case in CASES[group]:
        fields = answers[case].job
        if fields and "HetJobId" not in fields:
            ours, slurms = said(checked(case).resources, fields), shown(case, fields)
            wrong = [f"{name}: {slurms[name]}, we: {ours[name]}" for name in ours if ours[name] != slurms[name]]
            differing += [f"{case}\n    {'; '.join(wrong)}"] if wrong else []

    assert not differing, table(differing)


def checked(case: Case) -> Check:
    return check(case.script, arguments=case.arguments, environment=case.environment, version="22.05")


def table(differing: list[str]) -> str:
    return f"{len(differing)} differ\n" + "\n".join(differing)
