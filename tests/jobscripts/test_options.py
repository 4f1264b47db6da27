"""Words become options as getopt_long makes them; which options there are depends on the version of Slurm."""

import pytest

from jobscripts.sbatch.options import ANY, VERSIONS, Word, from_environment, parse, table, versions_with


def options(*words, version="22.05"):
    return [(one.name, one.value) for one in parse([Word(word) for word in words], version)[0]]


def misfits(*words, version="22.05"):
    return [(one.code, one.written) for one in parse([Word(word) for word in words], version)[1]]


def test_slurm_22_05_has_106_options():
    assert len(table("22.05").by_name) == 106


@pytest.mark.parametrize(
    ("since", "names"),
    [
        ("23.02", {"autocomplete", "container-id", "extra", "tres-per-task"}),
        ("23.11", {"tres-bind"}),
        ("24.05", {"resv-ports", "segment", "stepmgr"}),
        ("24.11", {"oom-kill-step"}),
        ("25.05", {"external"}),
        ("25.11", {"resources", "consolidate-segments", "spread-segments"}),
        ("26.05", {"container-type", "mem-update"}),
    ],
)
def test_each_version_adds_its_own(since, names):
    before = VERSIONS[VERSIONS.index(since) - 1]

    assert table(since).by_name.keys() - table(before).by_name.keys() == names
    assert table(before).by_name.keys() - table(since).by_name.keys() == ({"power"} if since == "24.05" else set())


def test_any_version_has_the_options_of_all():
    assert table(ANY).by_name.keys() == set().union(*(table(version).by_name for version in VERSIONS))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nodes=2"], [("nodes", "2")]),
        (["--nodes", "2"], [("nodes", "2")]),
        (["--nodes="], [("nodes", "")]),
        (["-N2"], [("nodes", "2")]),
        (["-N", "2"], [("nodes", "2")]),
        (["-HN2"], [("hold", None), ("nodes", "2")]),
        (["-HsO"], [("hold", None), ("oversubscribe", None), ("overcommit", None)]),
        (["--partit=a"], [("partition", "a")]),
        (["--mem=1", "--time=2"], [("mem", "1"), ("time", "2")]),
        (["--exclusive"], [("exclusive", None)]),
        (["--exclusive=user"], [("exclusive", "user")]),
        (["-k"], [("no-kill", None)]),
        (["-koff"], [("no-kill", "off")]),
        (["--nice", "--time=1"], [("nice", None), ("time", "1")]),
        # Whatever follows is the value.
        (["--job-name", "--hold"], [("job-name", "--hold")]),
        (["-J", "-"], [("job-name", "-")]),
        (["--comment=a=b"], [("comment", "a=b")]),
        # Two names of one thing.
        (["--tasks-per-node=2"], [("ntasks-per-node", "2")]),
        (["--cluster=a"], [("clusters", "a")]),
        (["--"], []),
    ],
)
def test_words_say(words, said):
    assert (options(*words), misfits(*words)) == (said, [])


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--nodse=2"], ("unknown_option", "--nodse")),
        (["--Nodes=2"], ("unknown_option", "--Nodes")),
        (["-Z"], ("unknown_option", "-Z")),
        (["--tim=2"], ("ambiguous_option", "--tim")),
        # Also two names of one thing, where a third begins so.
        (["--cluste=a"], ("ambiguous_option", "--cluste")),
        (["--nodes"], ("missing_value", "--nodes")),
        (["-HN"], ("missing_value", "-N")),
        (["--hold=yes"], ("superfluous_value", "--hold")),
        (["--hold="], ("superfluous_value", "--hold")),
        (["--exclusive", "user"], ("bare_word", "user")),
        (["--nice", "5"], ("bare_word", "5")),
        (["-"], ("bare_word", "-")),
        (["--", "--hold"], ("bare_word", "--hold")),
    ],
)
def test_words_that_say_nothing_are_told(words, wrong):
    assert misfits(*words) == [wrong]


def test_an_option_may_take_a_value_from_some_version_on():
    assert misfits("--requeue=expedite", version="25.05") == [("superfluous_value", "--requeue")]
    assert options("--requeue=expedite", version="25.11") == [("requeue", "expedite")]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SBATCH_TIMELIMIT", "5", ("time", "5", False)),
        ("SBATCH_ARRAY_INX", "0-3", ("array", "0-3", False)),
        ("SBATCH_MEM_PER_NODE", "1G", ("mem", "1G", False)),
        ("SBATCH_REQ_SWITCH", "1", ("switches", "1", False)),
        ("SBATCH_CPU_FREQ_REQ", "low", ("cpu-freq", "low", False)),
        ("SLURM_HINT", "nomultithread", ("hint", "nomultithread", False)),
        ("SBATCH_PARTITION", "long", ("partition", "long", False)),
        ("SBATCH_OVERCOMMIT", "", ("overcommit", None, False)),
        ("SBATCH_OVERCOMMIT", "yes", ("overcommit", None, False)),
        ("SBATCH_OVERCOMMIT", "no", ("overcommit", None, True)),
    ],
)
def test_variables_are_options(variable, value, said):
    assert [(one.name, one.value, one.off) for one in from_environment([(variable, value)])] == [said]


@pytest.mark.parametrize("variable", ["SBATCH_TIME", "SBATCH_NODES", "HOME", "SLURM_TIMELIMIT", "SBATCH_", ""])
def test_other_variables_are_none(variable):
    assert from_environment([(variable, "1")]) == []


def test_what_somebody_made_up_is_in_no_version():
    assert [versions_with(name) for name in ("time", "power", "mem-update", "nodse")] == [
        list(VERSIONS), ["22.05", "23.02", "23.11"], ["26.05"], [],
    ]  # fmt: skip
