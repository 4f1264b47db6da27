"""Orders and conditions, learned from what was asked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import conditions
from cli.conversion.deriving import NoCondition, NoOrder, as_json, features, holds, learn, ordered

QUESTIONS = [
    {"variable": "a", "type": "boolean"},
    {"variable": "k", "type": "choice", "choices": [{"value": value} for value in ("x", 1, True)]},
    {"variable": "m", "type": "multiple_choice", "choices": [{"value": value} for value in ("p", "q")]},
]
FEATURES = [feature for question in QUESTIONS for feature in features(question)]
answers = st.fixed_dictionaries(
    {},
    optional={
        "a": st.booleans(),
        "k": st.sampled_from(["x", 1, True]),
        "m": st.lists(st.sampled_from(["p", "q"]), unique=True),
    },
)


def full(condition):
    """As the server writes a condition that is only a variable's name."""
    if isinstance(condition, str):
        return {"variable": condition, "is": True}
    if "not" in condition:
        return {"not": full(condition["not"])}
    return {key: [full(one) for one in value] if key in ("all", "any") else value for key, value in condition.items()}


@given(st.lists(answers, min_size=1), st.lists(answers, min_size=1))
def test_what_is_learned_divides_what_it_was_learned_from_and_is_written_as_it_is_meant(asked, unasked):
    try:
        found = learn(asked, unasked, FEATURES, None)
    except NoCondition:
        return

    for one in (*asked, *unasked):
        # repr tells 1 from true.
        assert holds(found, one) == (repr(one) in map(repr, asked))
        assert conditions.holds(full(json.loads(json.dumps(as_json(found)))), one) == holds(found, one)


def test_a_branch_is_preferred_to_what_comes_before_and_an_answer_to_being_asked():
    asked = [{"k": "x", "a": True}]
    unasked = [{"k": 1}, {"k": "x", "a": False}]

    assert as_json(learn(asked, unasked, FEATURES, "a")) == "a"
    assert as_json(learn([{"k": "x", "a": False}], [{"k": 1}], FEATURES, None)) == {"variable": "k", "equals": "x"}
    assert as_json(learn([{"k": "x", "a": False}, {"k": "x", "a": True}], [{"k": 1}], FEATURES, None)) == {
        "variable": "k",
        "equals": "x",
    }


def test_nothing_that_tells_is_no_condition():
    with pytest.raises(NoCondition):
        learn([{"a": True}], [{"a": True}], FEATURES, None)


def test_what_follows_on_a_question_is_kept_near_to_it():
    assert ordered([["a", "x", "z"], ["a", "b", "z"], ["a", "b", "c", "z"], ["a", "x", "y", "z"]]) in (
        ["a", "x", "y", "b", "c", "z"],
        ["a", "b", "c", "x", "y", "z"],
    )


def test_two_orders_are_none():
    with pytest.raises(NoOrder, match="p, q"):
        ordered([["a", "p", "q"], ["a", "q", "p"]])


@given(st.permutations("abcdef"), st.lists(st.sets(st.sampled_from("abcdef"))))
def test_every_sequence_is_in_the_order(whole, parts):
    sequences = [list(whole), *([one for one in whole if one in part] for part in parts)]

    assert ordered(sequences) == list(whole)
