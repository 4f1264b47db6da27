"""Parameters that are written into a script: sbatch still takes it, and they are in force, whatever else stands in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dev.machine import temporary_directory
from dev.slurm_cluster import SlurmCluster
from jobscripts.sbatch.directives import insert
from tests.slurm.asked import ask
from tests.slurm.corpus import Case

pytestmark = pytest.mark.slurm

# Of a value, what sbatch and scontrol keep as it is: a name is one line, and scontrol prints no other spaces as they are.
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=12
)
VALUE = TEXT.map(str.strip).filter(bool)

# What a parameter may be, and the field of the job that tells whether it is in force.
PARAMETERS = st.one_of(
    st.builds(lambda minutes: (f"--time={minutes}", "TimeLimit", f"00:{minutes:02}:00"), st.integers(1, 59)),
    st.builds(lambda minutes: (f"-t {minutes}", "TimeLimit", f"00:{minutes:02}:00"), st.integers(1, 59)),
    st.builds(lambda name: (f"--job-name={name}", "JobName", name), VALUE),
    st.builds(lambda name: (f"-J{name}", "JobName", name), VALUE),
    st.builds(lambda words: (f"--comment={words}", "Comment", words), VALUE),
    st.builds(lambda name: (f"--partition {name}", "Partition", name), st.sampled_from(["debug", "long"])),
    st.builds(lambda value: (f"--nice={value}", "Nice", str(value)), st.integers(1, 1000)),
    st.just(("--no-requeue", "Requeue", "0")),
    st.just(("--contiguous", "Contiguous", "1")),
)

DIRECTIVES = [
    "-t 7",
    "--time=8 -J 'a b'",
    "-n 2 # tasks",
    "-J a\\",
    '--comment="it\'s"',
    "-N1 -c2",
    "-n",
    "--ntasks",
    "--",
]
DIRECTIVES += ["--nice", "-k", "''", "--partition long", "--requeue", "-n 2 --", "-J --", "#", ""]
LINES = st.one_of(
    st.sampled_from(DIRECTIVES).map("#SBATCH {}".format),
    st.sampled_from(
        ["#SBATCH-t9", "#SLURM -t 7", "# SBATCH -n 3", " #SBATCH -n 3", "##SBATCH -n 3", "#SBATCH 4", "#", ""]
    ),
    st.sampled_from(
        ["  ", "\t", "\f", "\u00a0", "\x1c", "\u2028", "\x85", "true", "# text", "  # text", "echo '#SBATCH -t 3'"]
    ),
    st.sampled_from(["#PBS -l walltime=00:09:00", "#PBS -N other", "#BSUB -W 9", "#BSUB -J other", "#PBS", "\r"]),
)
SCRIPTS = st.lists(LINES, max_size=8).map(lambda lines: "\n".join(["#!/bin/bash", *lines]))


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with temporary_directory("jg-inserting") as found:
        found.chmod(0o777)
        yield found


@given(
    script=SCRIPTS, parameters=st.lists(PARAMETERS, min_size=1, max_size=4, unique_by=lambda parameter: parameter[1])
)
@settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
def test_parameters_are_in_force_in_any_script_that_sbatch_takes(
    script: str, parameters: list[tuple[str, str, str]], cluster: SlurmCluster, place: Path
) -> None:
    before, after = ask(cluster, [Case(script), Case(insert(script, [given for given, _, _ in parameters]))], place)
    assume(before.job is not None)

    assert after.job is not None, after.words
    assert {field: after.job.get(field) for _, field, _ in parameters} == {
        field: value for _, field, value in parameters
    }
