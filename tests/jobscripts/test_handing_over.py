"""What a script's own lines say of how it is handed over: found wherever sbatch finds it, and refused where it harms."""

import pytest

from jobscripts.sbatch.directives import (
    REFUSED_IN_SCRIPTS,
    BadParameter,
    comment_of,
    holds,
    insert,
    read,
    refuse_in_script,
    said_in,
)
from jobscripts.sbatch.options import VERSIONS, table

BASH = "#!/bin/bash\n"


def test_every_abbreviation_that_some_slurm_takes_is_refused():
    taken = {
        (name, name[:length])
        for version in VERSIONS
        for name in REFUSED_IN_SCRIPTS
        for length in range(1, len(name) + 1)
        if [option.name for option in table(version).named(name[:length])] == [name]
    }

    accepted = [short for _, short in taken if not is_refused(f"{BASH}#SBATCH --{short} x\n")]

    assert accepted == []
    assert ("clusters", "clusters") in taken


@pytest.mark.parametrize(
    "lines",
    [
        "#SBATCH -Mother", "#SBATCH -HM other", "#SBATCH -M other", "#SBATCH --cluster=other", "#SLURM --clusters other",
        "#SBATCH--clusters=x", "#SBATCH -N1 --clusters=x", "#SBATCH -N1\n\n# text\n#SBATCH -Mx",
        # `--` ends the options of its own component alone.
        "#SBATCH hetjob\n#SBATCH -Mx", "#SBATCH --\n#SBATCH hetjob\n#SBATCH -Mx",
    ],
)  # fmt: skip
def test_what_would_take_the_job_away_from_us_is_refused(lines):
    assert is_refused(f"{BASH}{lines}\n")


@pytest.mark.parametrize(
    "lines",
    [
        "", "#SBATCH -J --clusters", "#SBATCH --comment=-M", "##SBATCH -Mx", "true\n#SBATCH -Mx", "#SBATCH # -Mx",
        # With these the client copes.
        "#SBATCH --quiet", "#SBATCH --wait", "#SBATCH --test-only",
        # sbatch passes over these in a script.
        "#SBATCH --wrap=id", "#SBATCH --parsable", "#SBATCH --help", "#SBATCH --version", "#SBATCH --usage",
    ],
)  # fmt: skip
def test_what_does_not_is_taken(lines):
    assert not is_refused(f"{BASH}{lines}\n")


def test_a_refusal_names_what_was_written():
    with pytest.raises(BadParameter) as refusal:
        refuse_in_script(said_in(f"{BASH}#SBATCH -Mx\n"))

    words = "The script has #SBATCH -M, which is not for here: name the cluster of the submission."
    assert refusal.value.errors == {"job_script": [words]}


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        ("#SBATCH -H", True),
        ("#SBATCH hetjob\n#SBATCH --hold", True),
        ("#PBS -h", True),
        ("true\n#PBS -h", True),
        ("#PBS -h\n#SBATCH --ignore-pbs", False),
        ("#SBATCH hetjob\n#SBATCH --ignore-pbs\n#PBS -h", True),
        ("#SBATCH -J -H", False),
    ],
)
def test_a_held_job_is_asked_for_in_any_scheduler_s_words(lines, held):
    assert holds(said_in(f"{BASH}{lines}\n")) == held


def test_the_last_comment_is_the_owner_s():
    assert comment_of(said_in(f"{BASH}#SBATCH --comment=a\n#SBATCH hetjob\n#SBATCH --comm 'b c'\n")) == "b c"


def test_more_lines_than_are_read_are_refused_and_not_guessed_at():
    script = BASH + "#SBATCH -N1\n" * 6000 + "#SBATCH --quiet\n"

    for reading in (said_in, read, lambda text: insert(text, ["--time=5"])):
        with pytest.raises(BadParameter, match="more than 65,536 characters of directives"):
            reading(script)


def test_so_are_more_lines_of_other_schedulers():
    with pytest.raises(BadParameter, match="more than 65,536 characters of directives"):
        said_in(BASH + "true\n" + "#PBS -N a\n" * 9000)


def is_refused(script):
    try:
        refuse_in_script(said_in(script))
    except BadParameter:
        return True
    return False
