"""Which values sbatch takes, whatever the cluster. That a real one agrees: tests/slurm/test_corpus.py."""

import pytest

from jobscripts.sbatch.values import accepted

LONG = 2**63 - 1
TAKEN = {
    "time": ["5", "0", "-1", "5:30", "1:2:3", "1-", "1-2", "1-2:3", "1-2:3:4", "UNLIMITED", "infinite", "100:00"],
    "mem": ["0", "100", "1K", "2m", "3G", "4T", "5gb", "+6", str(LONG)],
    "nodes": ["1", "2-4", "2k", "1k-2k", "2-2", "2147483647", "0-0"],
    "ntasks": ["1", "+2", "007", "2147483647", "4294967297"],
    "mincpus": ["1", "2147483648", str(LONG - 1)],
    "array": ["0", "0-15", "1,3,5", "0-30:2", "0-99%4", "1,1", "[0-3]", "0,", "%2"],
    "dependency": ["afterok:1", "afterok:1:2,afterany:3", "afterany:1?singleton", "singleton", "after:1+5", "aftercorr:1_2"],
    "gres": ["gpu", "gpu:2", "gpu:a100:1", "gpu:1k", "none", "gpu:a:1,gpu:b:2"],
    "gpus": ["2", "a100:2", "a:1,b:2", "a100"],
    "begin": ["now", "0131", "now+1hour", "16:00", "noon", "tomorrow", "2030-12-31", "2030-12-31T08:00", "12/31/30"],
    "signal": ["10", "USR1", "SIGTERM", "USR1@60", "B:TERM@65535", "R:USR2@0"],
    "mail-type": ["NONE", "begin,END", "ALL", "TIME_LIMIT_80", "array_tasks,end"],
    "extra-node-info": ["2", "2:8", "2:8:1", "*", "1-2", "2147483647"],
    "exclusive": ["", "user", "mcs"],
    "nice": ["", "5", "2147483645"],
    "priority": ["0", "4294967293", "TOP"],
    "hint": ["nomultithread", "compute_bound"],
    "job-name": ["", "x" * 1024, "9" * 40],
    "output": ["%x-%j.out", "x" * 4000],
    "partition": ["whatever", "x" * 1024],
    "account": ["anybody"],
}  # fmt: skip
REFUSED = {
    "time": ["", "abc", "5m", "1h", "1:2:3:4", "-5-1", "1.5", "5 "],
    "mem": ["", "G", "1.5G", "1X", "-1", "lots", str(LONG + 1)],
    "nodes": ["", "two", "4-2", "1-2-3", "2x", "2147483648", "9" * 25, "1-2147483648"],
    "ntasks": ["", "0", "-1", "two", "2147483648", "6442450944", "9" * 25],
    "mincpus": ["0", str(LONG), "9" * 25],
    "array": ["3-1", "a", "0-9:0", "4000001", "1--2", "9" * 25],
    "dependency": ["afterok", "afterok:abc", "after_ok:1", "afterok:0", "afterok:1,,afterok:2"],
    "gres": ["gpu:2x", "2", "gpu:1=2", f"gpu:{2**64 - 1}"],
    "gpus": ["a100:2x", f"a:{2**64}"],
    "begin": ["", "soon", "25:00", "1331", "2030-13-01", "now+1fortnight"],
    "signal": ["", "NONE", "USR3", "USR1@65536", "0", "X:USR1"],
    "mail-type": ["", "sometimes", "start,finish"],
    "extra-node-info": ["a", "2:x", "2147483648"],
    "exclusive": ["yes", "no"],
    "nice": ["2147483646", "-9999999999"],
    "priority": ["-1", "4294967294", "9" * 25],
    "hint": ["", "fast"],
    "job-name": ["x" * 1025, "ü" * 513],
    "output": ["x" * 4097],
    "partition": ["x" * 1025],
    "account": ["x" * 1025],
}


@pytest.mark.parametrize(("option", "value"), [(option, value) for option in TAKEN for value in TAKEN[option]])
def test_what_sbatch_takes(option, value):
    assert accepted(option, value) is None


@pytest.mark.parametrize(("option", "value"), [(option, value) for option in REFUSED for value in REFUSED[option]])
def test_what_sbatch_refuses_and_what_it_would_take(option, value):
    assert accepted(option, value)


def test_words_say_what_would_be_accepted():
    assert [accepted(name, "?") for name in ("mem", "nodes", "kill-on-invalid-dep")] == [
        "a whole number of megabytes, or one with K, M, G or T behind it",
        "a number of nodes, or the fewest and the most, such as 2-4",
        "yes or no",
    ]
    assert accepted("comment", "x" * 1025) == "at most 1024 bytes"
