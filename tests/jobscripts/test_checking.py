"""What is said of a script before sbatch is asked. That a real sbatch agrees: tests/slurm/test_corpus.py."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobscripts.sbatch.checking import check
from jobscripts.sbatch.directives import insert
from jobscripts.sbatch.findings import CODES
from jobscripts.sbatch.options import VERSIONS
from tests.docs.pages import DOCS

BASH = "#!/bin/bash\n"


def found(script, **more):
    return [(one.line, one.severity, one.code) for one in check(script, **more).findings]


@pytest.mark.parametrize(
    ("script", "findings"),
    [
        ("", [(None, "error", "empty")]),
        ("echo\n", [(1, "error", "no_interpreter")]),
        ("\n#!/bin/bash\n", [(1, "error", "no_interpreter")]),
        ("#!/bin/bash\necho\r\n", [(2, "error", "crlf")]),
        ("#!/bin/bash\n\0", [(2, "error", "nul")]),
        (BASH, []),
    ],
)
def test_the_text_itself(script, findings):
    assert found(script) == findings


@pytest.mark.parametrize(
    ("line", "severity", "code"),
    [
        ("#SBATCH --tme=10", "error", "unknown_option"),
        ("#SBATCH -Z", "error", "unknown_option"),
        ("#SBATCH --tim=10", "error", "ambiguous_option"),
        ("#SBATCH --nodes", "error", "missing_value"),
        ("#SBATCH -N", "error", "missing_value"),
        ("#SBATCH --hold=1", "error", "superfluous_value"),
        ("#SBATCH --exclusive user", "error", "bare_word"),
        ("#SBATCH --job-name=a b", "error", "bare_word"),
        ("#SBATCH -J 'a", "error", "unmatched_quote"),
        ("#SBATCH -N1 : -N1", "error", "colon"),
        ("#SBATCH --time=10m", "error", "bad_value"),
        ("#SBATCH --mem=1.5G", "error", "bad_value"),
        ("#SBATCH --array=3-1", "error", "bad_value"),
        ("#SBATCH --dependency=afterok:abc", "error", "bad_value"),
        ("#SBATCH --mem=1G --mem-per-cpu=1G", "error", "conflict"),
        (" #SBATCH -N2", "warning", "not_read"),
        ("# SBATCH -N2", "warning", "not_read"),
        ("#sbatch -N2", "warning", "not_read"),
        ("##SBATCH -N2", "note", "commented_out"),
        ("echo\n#SBATCH -N2", "warning", "after_command"),
        ("#SBATCH --output=$HOME/x", "warning", "variable"),
        ("#SBATCH -o ~/x", "warning", "variable"),
        ("#SBATCH -D ${WORK}/x", "warning", "variable"),
        ("#SBATCH -J a#b -c 2", "warning", "comment"),
        ("#PBS -l walltime=1:00:00", "warning", "other_scheduler"),
        ("echo\n#PBS -N later", "warning", "other_scheduler"),
        ("#BSUB -n 4", "warning", "other_scheduler"),
        ("#SBATCH packjob", "warning", "deprecated"),
        ("#SBATCH --nodes\n#SBATCH 2", "warning", "value_on_next_line"),
        ("#SBATCH -N1\n#SBATCH -N2", "note", "overridden"),
        ("#SBATCH --partit=a", "note", "abbreviated"),
        ("#SBATCH --power=level", "note", "not_in_every_version"),
        ("#PBS -Q", "error", "unknown_option"),
    ],
)  # fmt: skip
def test_one_line_has_one_finding(line, severity, code):
    assert [(severity_, code_) for _, severity_, code_ in found(f"{BASH}{line}\n")] == [(severity, code)]


@pytest.mark.parametrize(
    "line",
    [
        "#SBATCH --nodes=2 --exclusive=user -sHk", "#SBATCH--time=5", "#SBATCH -J 'a b' # a name", "#SBATCH -N2 #SBATCH",
        "# SBATCH is what this script is for", "#SBATCH --comment=$x", "#SBATCH hetjob\n#SBATCH -N2", "#SBATCH --ignore-pbs\n#PBS -Z",
        "#SBATCH --time=UNLIMITED --mem=0 --array=0-9:3%2", "#SBATCH -d afterok:1:2,afterany:3?singleton",
    ],
)  # fmt: skip
def test_what_is_right_has_no_finding(line):
    assert found(f"{BASH}{line}\n") == []


def test_lines_are_those_of_the_script():
    script = f"{BASH}#SBATCH -N1\n\n# text\n#SBATCH --tme=1\n#SBATCH -t x\necho\n\n#PBS -N x\n"

    assert [line for line, _, _ in found(script)] == [5, 6, 9]


def test_a_finding_says_what_would_be_right():
    misspelt, wrong = check(f"{BASH}#SBATCH --nodse=1\n#SBATCH --time=1h\n").findings

    assert misspelt.suggestion == "Is --nodes or --nodelist meant?"
    assert (wrong.message, wrong.suggestion) == (
        "--time does not take '1h'.",
        "Give minutes, or MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS, or UNLIMITED.",
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_an_option_is_known_from_its_version_on(version):
    errors = found(f"{BASH}#SBATCH --oom-kill-step\n", version=version)

    assert (errors == []) == (version >= "24.11")


def test_an_abbreviation_is_ambiguous_where_a_later_option_begins_so():
    script = f"{BASH}#SBATCH --ex=n1\n#SBATCH --ext=1:1\n"

    assert (found(script, version="22.05")[1:], found(script, version="23.02")[1:]) == (
        [(3, "note", "abbreviated")], [(3, "error", "ambiguous_option")],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "environment", "arguments", "time"),
    [
        ("#SBATCH -t 5", {}, (), 300),
        ("#SBATCH -t 5\n#SBATCH --time=6", {}, (), 360),
        ("#SBATCH -t 5\n#PBS -l walltime=7", {}, (), 420),
        ("#PBS -l walltime=7\n#SBATCH -t 5 --ignore-pbs", {}, (), 300),
        ("#PBS -l walltime=7\n#SBATCH -t 5", {}, ("--ignore-pbs",), 300),
        ("#SBATCH -t 5\n#PBS -l walltime=7", {"SBATCH_TIMELIMIT": "8"}, (), 480),
        ("#SBATCH -t 5", {"SBATCH_TIMELIMIT": "8"}, ("-t9",), 540),
        ("#SBATCH -t 5", {"SBATCH_TIME": "8", "HOME": "/"}, (), 300),
        ("#SBATCH hetjob\n#SBATCH -t 5", {}, (), None),
    ],
)
def test_the_command_line_wins_over_the_environment_and_that_over_the_script(script, environment, arguments, time):
    assert check(f"{BASH}{script}\n", environment=environment, arguments=arguments).resources.time == time


def test_the_environment_s_memory_gives_way_to_the_script_s():
    checked = check(f"{BASH}#SBATCH --mem-per-cpu=1G\n", environment={"SBATCH_MEM_PER_NODE": "8G"})

    assert (checked.errors, checked.resources.memory_per_cpu, checked.resources.memory_per_node) == ((), 2**30, None)


def test_errors_are_not_lost_in_a_crowd():
    script = BASH + "##SBATCH -N1\n" * 500 + "#SBATCH --tme=1\n"

    findings = check(script).findings

    assert (len(findings), findings[-1].code) == (100, "unknown_option")


SCRIPTS = st.text(alphabet=st.sampled_from("#SBATCH -Nn1=:,'\"\\\n\tPeJt"), max_size=80)


@given(SCRIPTS)
def test_any_text_can_be_checked(text):
    check(f"{BASH}#SBATCH {text}")


LINES = st.sampled_from([
    "#SBATCH -N1", "#SBATCH --mem=1G", "#SBATCH --mem-per-cpu=1G", "#SBATCH -t 5 # five", "#SBATCH -J 'a b' -n2",
    "#SBATCH --nodes", "#SBATCH 2", "#SBATCH hetjob", "#PBS -l walltime=7,mem=1gb", "#PBS -N x", "#BSUB -n 2",
    "#SBATCH --ignore-pbs", "#SBATCH --", "# text", "", "echo", "#SBATCH --exclusive", "#SBATCH --ntasks-per-node=2",
])  # fmt: skip
PARAMETERS = st.lists(
    st.sampled_from([
        "--time=9", "-t 9", "--mem=2G", "--mem-per-cpu=3G", "-J 'new'", "--nodes 3", "-n4", "--exclusive=user",
        "--comment=a \"b\" # c", "--ntasks-per-node=1", "-k",
    ]),
    min_size=1, max_size=3, unique_by=lambda text: text.lstrip("-")[0] + text[2:5],
)  # fmt: skip


@given(st.lists(LINES, max_size=8).map("\n".join), PARAMETERS)
def test_parameters_that_are_inserted_are_in_force_whatever_the_script_says(lines, parameters):
    script = BASH + lines
    alone = check(BASH + "".join(f"#SBATCH {one}\n" for one in map(written, parameters)))
    if check(script).errors or alone.errors:
        return

    inserted = check(insert(script, parameters))

    assert inserted.errors == ()
    assert alone.options.items() <= inserted.options.items()


def written(parameter):
    return insert(BASH, [parameter]).splitlines()[1].removeprefix("#SBATCH ")


def test_the_page_has_every_finding():
    page = (DOCS / "directives.md").read_text()

    assert [f"| `{code}` | {severity} | {meaning} |" in page for code, (severity, meaning) in CODES.items()] == [
        True
    ] * len(CODES)


@pytest.mark.parametrize("version", ["any", *VERSIONS])
def test_the_setting_takes_every_version(version):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**os.environ, "JOBBERGATE_SLURM_VERSION": version},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
