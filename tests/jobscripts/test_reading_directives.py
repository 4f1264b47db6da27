"""`#SBATCH` lines are read as sbatch reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobscripts.sbatch.directives import comment_of, holds, read
from jobscripts.sbatch.directives import given as said_by
from jobscripts.sbatch.quoting import Directive, taken_apart


def test_directives_are_found_up_to_the_first_command():
    script = """\
#!/bin/bash
#SBATCH --nodes=2
# a comment

#SBATCH -J name --exclusive
   # an indented comment
#SBATCH--time=5
echo start
#SBATCH --mem=1G
"""

    assert read(script) == [
        Directive(2, ("--nodes=2",)),
        Directive(5, ("-J", "name", "--exclusive")),
        Directive(7, ("--time=5",)),
    ]


@pytest.mark.parametrize(
    "line", ["##SBATCH -N2", "# SBATCH -N2", "#sbatch -N2", " #SBATCH -N2", "#Sbatch -N2", "echo #SBATCH -N2"]
)
def test_what_only_looks_like_a_directive_is_none(line):
    assert read(f"#!/bin/bash\n{line}\n") == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ()),
        ("  -N 2\t-n4 ", ("-N", "2", "-n4")),
        ('-J "a name"', ("-J", "a name")),
        ("-J 'a name'", ("-J", "a name")),
        ('-J a" b"c', ("-J", "a bc")),
        ('-J "it\'s"', ("-J", "it's")),
        ("-J 'say \"hi\"'", ("-J", 'say "hi"')),
        # A word of nothing ends the line, and a backslash keeps no blank.
        ('-J "" -c 2', ("-J",)),
        (r"-J a\ b", ("-J", "a", "b")),
        (r'-J "a\ b"', ("-J", "a b")),
        ("-N 2 hetjob -c 2", ("-N", "2")),
        ("-J\u00a0a", ("-J\u00a0a",)),
        (r"-J a\"b", ("-J", 'a"b')),
        (r"-J a\\b", ("-J", r"a\b")),
        (r"-J a\#b", ("-J", "a#b")),
        ("-J a#b -c 2", ("-J", "a")),
        ("-N2 # two nodes", ("-N2",)),
        ("# nothing", ()),
        ("-J 'a#b' -c 2", ("-J", "a#b", "-c", "2")),
        ("-N2\r", ("-N2",)),
        ("-o $HOME/%j.out", ("-o", "$HOME/%j.out")),
    ],
)
def test_words_are_split_as_sbatch_splits_them(text, read):
    assert taken_apart(text)[0] == read


@given(st.text(alphabet=st.sampled_from("ab -=#'\"\\\t\r"), max_size=30))
def test_any_text_can_be_split(text):
    assert all(isinstance(word, str) for word in taken_apart(text)[0])


@pytest.mark.parametrize(
    ("words", "comment"),
    [
        ((), None),
        (("--nodes=2",), None),
        (("--comment=mine",), "mine"),
        (("--comment", "mine"), "mine"),
        (("--comm=mine",), "mine"),
        (("--com", "mine"), "mine"),
        (("--co=mine",), None),
        (("--comment=",), ""),
        (("--comment",), None),
        (("--comment=a=b",), "a=b"),
        (("--comment=first", "--comment=last"), "last"),
        (("--comments=mine",), None),
        (("-comment=mine",), None),
    ],
)
def test_a_comment_is_found_however_it_is_given(words, comment):
    assert comment_of(said_by(words)) == comment


@pytest.mark.parametrize(
    "words", [("--hold",), ("--hol",), ("--ho",), ("-H",), ("-sH",), ("-HQ",), ("-N2", "-H"), ("-IHs",)]
)
def test_a_hold_is_found_however_it_is_asked_for(words):
    assert holds(said_by(words))


@pytest.mark.parametrize(
    "words", [(), ("--hint=memory_bound",), ("-JH",), ("-NH",), ("--h",), ("--holder",), ("-h",), ("-J", "hold")]
)
def test_what_is_no_hold_is_none(words):
    assert not holds(said_by(words))
