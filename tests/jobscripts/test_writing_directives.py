"""sbatch parameters become directives that sbatch reads back as they were meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobscripts.sbatch.directives import PREFIX, BadParameter, check_arguments, insert, read, write
from jobscripts.sbatch.quoting import taken_apart


@pytest.mark.parametrize(
    ("parameter", "line"),
    [
        ("--time=10", "#SBATCH --time=10"),
        ("--time 10", "#SBATCH --time=10"),
        ("  --time=10  ", "#SBATCH --time=10"),
        ("-N2", "#SBATCH -N 2"),
        ("-N 2", "#SBATCH -N 2"),
        ("--exclusive", "#SBATCH --exclusive"),
        ("-H", "#SBATCH -H"),
        ("-HN2", "#SBATCH -HN 2"),
        ("-koff", "#SBATCH -koff"),
        ("--comment=two words", '#SBATCH --comment="two words"'),
        ("--comment=", '#SBATCH --comment=""'),
        ('--comment=say "hi" \\', '#SBATCH --comment="say \\"hi\\" \\\\"'),
        ("--job-name=a#b", '#SBATCH --job-name="a#b"'),
        ("--output=%x-%j.out", "#SBATCH --output=%x-%j.out"),
        ("--constraint=[a|b]&c", "#SBATCH --constraint=[a|b]&c"),
        ("--comment=it's", '#SBATCH --comment="it\'s"'),
        ("-J :a", '#SBATCH -J ":a"'),
        ("-J hetjob", '#SBATCH -J "hetjob"'),
        ("-J PackJob", '#SBATCH -J "PackJob"'),
        ("-J hetjobs", "#SBATCH -J hetjobs"),
        ("--comment=größe", '#SBATCH --comment="größe"'),
    ],
)
def test_a_parameter_becomes_one_directive(parameter, line):
    assert write(parameter) == line


values = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=40)


@given(values.filter(lambda text: text == text.strip()))
def test_sbatch_reads_back_the_value_that_was_meant(value):
    assert taken_apart(write(f"--comment={value}")[len(PREFIX) :])[0] == (f"--comment={value}",)


@given(values.filter(lambda text: text and text == text.strip()))
def test_sbatch_reads_back_the_value_of_a_short_option(value):
    assert taken_apart(write(f"-J {value}")[len(PREFIX) :])[0] == ("-J", value)


@pytest.mark.parametrize(
    ("script", "becomes"),
    [
        ("#!/bin/sh\n#SBATCH -N1\n# c\n#SBATCH -n1\necho\n", "#!/bin/sh\n#SBATCH -N1\n# c\n#SBATCH -n1\n#SBATCH --time=5\necho\n"),
        ("#!/bin/sh\n\necho\n", "#!/bin/sh\n#SBATCH --time=5\n\necho\n"),
        ("echo\n", "#SBATCH --time=5\necho\n"),
        ("", "#SBATCH --time=5\n"),
        ("#!/bin/sh", "#!/bin/sh\n#SBATCH --time=5"),
        ("#!/bin/sh\necho\n#SBATCH -N1\n", "#!/bin/sh\n#SBATCH --time=5\necho\n#SBATCH -N1\n"),
    ],
)  # fmt: skip
def test_parameters_stand_where_sbatch_reads_them_and_win(script, becomes):
    assert insert(script, ["--time=5"]) == becomes


def test_parameters_keep_their_order():
    made = insert("#!/bin/sh\n#SBATCH --time=1\necho\n", ["--time=2", "-t 3", "--exclusive"])

    assert [directive.words for directive in read(made)] == [
        ("--time=1",), ("--time=2",), ("-t", "3"), ("--exclusive",),
    ]  # fmt: skip


def test_no_parameters_change_nothing():
    assert insert("echo\r\n", []) == "echo\r\n"


REFUSED = [
    "-Q", "--quiet", "--qui", "--qu", "--parsable", "--pars", "--test-only", "--test", "--te", "-W", "--wait", "--wrap",
    "--wrap=id", "--wr=id", "-M", "-Mother", "-M other", "--clusters=other", "--cluster=other", "--uid=0", "--ui=0",
    "--gid=0", "--gi=0", "-h", "--help", "--he", "-V", "--version", "--usage", "--usa", "-HQ", "-sW", "-HMother",
    "--autocomplete",
]  # fmt: skip


@pytest.mark.parametrize("parameter", REFUSED)
def test_what_would_take_the_job_away_from_us_is_refused(parameter):
    with pytest.raises(BadParameter, match="is not for here"):
        write(parameter)
    with pytest.raises(BadParameter, match="is not for here"):
        check_arguments([parameter])


@pytest.mark.parametrize("parameter", ["", "time=10", "10", "--", "-", "---x", "-9", "--=x", "--Time=1", "echo hi"])
def test_what_is_no_option_is_refused(parameter):
    with pytest.raises(BadParameter, match="give an option of sbatch, such as"):
        write(parameter)


@pytest.mark.parametrize("parameter", ["--comment=a\nb", "--comment=a\rb", "-J a\0b"])
def test_a_parameter_is_one_line(parameter):
    with pytest.raises(BadParameter, match="a parameter is one line"):
        write(parameter)


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--time=10", "-N2"], ["--time", "10", "-N", "2"], ["-J", "a name", "--exclusive"], ["--wait-all-nodes=1"],
        ["--wckey=x"], ["--gpus=1", "--gres=gpu:1"], ["--uid-is-fine=1"], ["--use-min-nodes", "--qos=high"], ["-H", "-k"],
        ["-HN2"], ["-HN", "2"], ["--parti=long"], ["--hint=compute_bound"], ["-D", "/tmp"],
    ],
)  # fmt: skip
def test_options_and_the_values_that_follow_them_are_taken(arguments):
    check_arguments(arguments)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["job.sh"], "job.sh"),
        (["--exclusive", "user"], "user"),
        (["--time=10", "20"], "20"),
        (["-N2", "4"], "4"),
        (["-H", "4"], "4"),
        (["-J", "a", "b"], "b"),
        (["--nice", "100"], "100"),
        (["-HN2", "4"], "4"),
    ],
)
def test_a_bare_word_would_be_taken_for_the_script(arguments, word):
    with pytest.raises(BadParameter) as refusal:
        check_arguments(arguments)

    words = f"{word!r} is not accepted: it is neither an option nor the value of one."
    assert refusal.value.errors == {"sbatch_arguments": [words]}


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(BadParameter) as refusal:
        check_arguments(["job.sh", "--wait", "--time=1"])

    assert refusal.value.errors == {
        "sbatch_arguments": [
            "'job.sh' is not accepted: it is neither an option nor the value of one.",
            "'--wait' is not accepted: --wait is not for here: follow the submission instead.",
        ]
    }
