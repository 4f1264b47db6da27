"""A script is anybody's text, and is checked by the server: in time that grows with its size, and never with an error."""

import signal
from collections.abc import Callable
from typing import TypeVar

import pytest

from jobscripts.sbatch.checking import check
from jobscripts.sbatch.directives import insert

MIB = 2**20
HEAD = "#!/bin/bash\n#SBATCH -t 10\n"
DIGITS = "9" * 5000

T = TypeVar("T")


def ends(do: Callable[[], T]) -> T:
    """Measures nothing: what grows with the square of a size would go on for hours, and is stopped here."""
    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(60)
    try:
        return do()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def hangs(*_: object) -> None:
    raise AssertionError("It goes on and on.")


LARGE = {
    "commands": "echo hello world # a comment\n",
    "comments": "# a comment here\n",
    "blank lines": "\n",
    "one long line": "x",
    "marks": "#",
    "directives": "#SBATCH -N 2\n",
    "directives after a command": "true\n#SBATCH -N 2\n",
    "lines of PBS": "#PBS -h\n",
    "what is nearly a directive": "# SBATCH -N 2\n",
    "heterogeneous": "#SBATCH hetjob\n",
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_ten_mebibytes_are_checked_at_once(text):
    script = HEAD + text * (10 * MIB // len(text))

    assert ends(lambda: check(script)).options["time"] == "10"


LONG = {
    "words": lambda size: "#SBATCH " + "-H " * (size // 3),
    "words of PBS": lambda size: "#PBS " + "-h " * (size // 3),
    "unknown options": lambda size: "".join(f"#SBATCH --foo{number}\n" for number in range(size // 16)),
    "a quote": lambda size: "#SBATCH -J " + "\"'" * (size // 2),
    "blanks in a number": lambda size: f'#SBATCH "--nodes={" " * size}x"',
    "blanks behind a time": lambda size: f'#SBATCH "--begin=12:00{" " * size}x"',
    "GPUs": lambda size: f"#SBATCH --gres=gpu:1{'x' * size}:1",
    "digits": lambda size: f"#SBATCH --nodelist=n[{'1' * size}]",
    "dependencies": lambda size: f"#SBATCH -d afterok{':1' * (size // 2)}x",
    "settings": lambda size: f"#SBATCH --mem-bind={'map_mem:,' * (size // 9)}x",
    "limits of PBS": lambda size: "#PBS -l " + "nodes=1:ppn=1," * (size // 14),
}


@pytest.mark.parametrize("make", LONG.values(), ids=LONG)
def test_no_directive_takes_long_however_it_is_written(make):
    # Of what is quadratic, a mere tenth of this took more than 8 s.
    assert ends(lambda: check(HEAD + make(60_000)).as_json())["resources"]["nodes_min"] >= 1


OPTIONS = [
    "nodes",
    "ntasks",
    "cpus-per-task",
    "array",
    "time",
    "time-min",
    "mem",
    "mem-per-cpu",
    "mem-per-gpu",
    "signal",
    "nice",
    "priority",
    "extra-node-info",
    "gres",
    "gpus",
    "gpus-per-node",
    "gpus-per-task",
    "dependency",
    "core-spec",
    "switches",
    "begin",
    "nodelist",
    "distribution",
    "mincpus",
    "acctg-freq",
]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(
    "value",
    [
        DIGITS, f"1-{DIGITS}", f"0-3:{DIGITS}", f"a:{DIGITS}", f"TERM@{DIGITS}", f"n[1-{DIGITS}]", f"0-1%{DIGITS}",
        f"{DIGITS}k", f"1:1:{DIGITS}", "²", "\u0663", "\ud800", "", "-", ":", ",", "[", "%",
    ],
)  # fmt: skip
def test_any_value_is_an_answer_and_no_error_of_ours(option, value):
    check(f"{HEAD}#SBATCH '--{option}={value}'\n").as_json()


@pytest.mark.parametrize(
    "line",
    [f"-l nodes={DIGITS}:ppn={DIGITS}", "-l nodes=²:ppn=2", "-l nodes=2:ppn=²", "-l mem=", "-l ,,=", "-W x", "-m"],
)
def test_nor_is_any_line_of_pbs(line):
    check(f"{HEAD}#PBS {line}\n").as_json()


@pytest.mark.parametrize("line", [f"-M {DIGITS}", "-n ,", "-n ²", "-M ²", "-W"])
def test_nor_of_lsf(line):
    check(f"{HEAD}#BSUB {line}\n").as_json()


def test_parameters_are_written_into_a_large_script_at_once():
    script = HEAD + "#SBATCH hetjob\n#SBATCH -N1\n#PBS -l walltime=1\n" * 1000 + "\n" * 9 * MIB

    assert ends(lambda: insert(script, ["--time=5"])).count("#SBATCH --time=5\n") == 1001


def test_of_too_many_directives_one_is_told():
    findings = check(HEAD + "#SBATCH -N1\n" * 6000).findings

    assert [(one.severity, one.code) for one in findings if one.code == "too_many"] == [("warning", "too_many")]


@pytest.mark.parametrize("nodes", [",".join(f"n{number}[0-99999]" for number in range(400)), "n[" * 30_000])
def test_nodes_are_counted_at_once(nodes):
    assert ends(lambda: check(f"{HEAD}#SBATCH -w {nodes}\n").as_json())["resources"]["nodes_min"] >= 1
