"""The rules of each type of question: what is accepted, what becomes of it, and what is said of the rest."""

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.forms import Form, InvalidAnswers
from applications.questions import InvalidForm

CHOICES = [["Two", 2], ["debug", "long"], ["long", "debug"], "2", 1.5, True]
ACCEPTED = [
    ({"type": "text"}, "hello", "hello"),
    ({"type": "text"}, " spaces\n", " spaces\n"),
    ({"type": "text"}, 5, "5"),
    ({"type": "text"}, 1.5, "1.5"),
    ({"type": "text", "required": False}, "", ""),
    ({"type": "text", "required": False}, None, ""),
    ({"type": "directory"}, "/scratch", "/scratch"),
    ({"type": "file", "exists": True}, "not/here", "not/here"),
    ({"type": "integer"}, 7, 7),
    ({"type": "integer"}, "7", 7),
    ({"type": "integer"}, " -7 ", -7),
    ({"type": "integer"}, "+7", 7),
    ({"type": "integer"}, "007", 7),
    ({"type": "integer", "min": 1, "max": 64}, 1, 1),
    ({"type": "integer", "min": 1, "max": 64}, "64", 64),
    ({"type": "integer", "required": False}, None, None),
    ({"type": "float"}, 1, 1.0),
    ({"type": "float"}, "1e3", 1000.0),
    ({"type": "float", "min": 0.5}, 0.5, 0.5),
    ({"type": "float", "required": False}, None, None),
    *(({"type": type}, given, True) for type in ("boolean", "boolean_list") for given in (True, "true", "YES", "y", "on", "1", " True ")),
    *(({"type": type}, given, False) for type in ("boolean", "boolean_list") for given in (False, "false", "No", "n", "off", "0")),
    ({"type": "boolean", "required": False}, None, False),
    ({"type": "choice", "choices": CHOICES}, 2, 2),
    ({"type": "choice", "choices": CHOICES}, "2", "2"),
    ({"type": "choice", "choices": CHOICES}, "Two", 2),
    ({"type": "choice", "choices": CHOICES}, "long", "long"),
    ({"type": "choice", "choices": CHOICES}, "1.5", 1.5),
    ({"type": "choice", "choices": CHOICES}, "True", True),
    ({"type": "choice", "choices": [2]}, "2", 2),
    ({"type": "choice", "choices": CHOICES, "required": False}, None, None),
    ({"type": "multiple_choice", "choices": CHOICES}, [2, "long"], [2, "long"]),
    ({"type": "multiple_choice", "choices": CHOICES}, "Two, debug", [2, "debug"]),
    ({"type": "multiple_choice", "choices": CHOICES, "required": False}, [], []),
    ({"type": "multiple_choice", "choices": CHOICES, "required": False}, "", []),
    ({"type": "multiple_choice", "choices": CHOICES, "required": False}, None, []),
    ({"type": "constant", "default": {"a": [1]}}, {"a": [1]}, {"a": [1]}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "given", "value"), ACCEPTED)
def test_an_accepted_answer_has_the_question_s_type(question, given, value):
    answers = Form.declared([{"variable": "v", **question}]).validate({"v": given})

    assert repr(answers) == repr({"v": value})


ONE_OF = "give one of 2, long, debug, 2, 1.5, True"
REFUSED: list[tuple[dict[str, Any], Any, str]] = [
    ({"type": "text"}, "", '"" is not accepted; give text that is not empty'),
    ({"type": "text"}, None, "null is not accepted; give text"),
    ({"type": "text"}, True, "true is not accepted; give text"),
    ({"type": "text"}, ["a"], '["a"] is not accepted; give text'),
    ({"type": "text"}, "a\0b", '"a\\u0000b" is not accepted; give text of at most 100000 characters, without NUL'),
    ({"type": "text"}, "x" * 100_001, f'"{"x" * 79}… is not accepted; give text of at most 100000 characters, without NUL'),
    ({"type": "directory"}, "", '"" is not accepted; give text that is not empty'),
    ({"type": "file"}, {}, "{} is not accepted; give text"),
    ({"type": "integer", "min": 1, "max": 64}, 0, "0 is not accepted; give an integer from 1 to 64"),
    ({"type": "integer", "min": 1, "max": 64}, "65", '"65" is not accepted; give an integer from 1 to 64'),
    ({"type": "integer", "min": 1}, -1, "-1 is not accepted; give an integer of at least 1"),
    ({"type": "integer", "max": 1}, 2, "2 is not accepted; give an integer of at most 1"),
    ({"type": "integer"}, True, "true is not accepted; give an integer"),
    ({"type": "integer"}, 3.5, "3.5 is not accepted; give an integer"),
    ({"type": "integer"}, 2**63, "9223372036854775808 is not accepted; give an integer"),
    ({"type": "integer", "max": 4, "unit": "GB"}, 5, "5 is not accepted; give an integer of at most 4 (GB)"),
    ({"type": "integer"}, "3.0", '"3.0" is not accepted; give an integer'),
    ({"type": "integer"}, "٣", '"٣" is not accepted; give an integer'),
    ({"type": "integer"}, "1_000", '"1_000" is not accepted; give an integer'),
    ({"type": "integer"}, "9" * 5000, f'"{"9" * 79}… is not accepted; give an integer'),
    ({"type": "integer"}, "", '"" is not accepted; give an integer'),
    ({"type": "float"}, "nan", '"nan" is not accepted; give a number'),
    ({"type": "float"}, "inf", '"inf" is not accepted; give a number'),
    ({"type": "float"}, 10**400, f"1{'0' * 79}… is not accepted; give a number"),
    ({"type": "float", "min": 0.5}, 0.4, "0.4 is not accepted; give a number of at least 0.5"),
    ({"type": "float"}, False, "false is not accepted; give a number"),
    ({"type": "float"}, "one", '"one" is not accepted; give a number'),
    ({"type": "boolean"}, 1, "1 is not accepted; give true or false"),
    ({"type": "boolean"}, "maybe", '"maybe" is not accepted; give true or false'),
    ({"type": "boolean_list"}, [], "[] is not accepted; give true or false"),
    ({"type": "choice", "choices": CHOICES}, 3, f"3 is not accepted; {ONE_OF}"),
    ({"type": "choice", "choices": CHOICES}, 1, f"1 is not accepted; {ONE_OF}"),
    ({"type": "choice", "choices": CHOICES}, 2.5, f"2.5 is not accepted; {ONE_OF}"),
    ({"type": "choice", "choices": CHOICES}, [2], f"[2] is not accepted; {ONE_OF}"),
    ({"type": "multiple_choice", "choices": ["a", "b"]}, [], "[] is not accepted; give at least one of a, b"),
    ({"type": "multiple_choice", "choices": ["a", "b"]}, ["a", "c"], '["a", "c"] is not accepted; give one of a, b'),
    ({"type": "multiple_choice", "choices": ["a", "b"]}, 3, "3 is not accepted; give a list out of a, b"),
    ({"type": "constant", "default": 3}, 4, "4 is not accepted; leave it out: it is always 3"),
    ({"type": "constant", "default": 3}, 3.5, "3.5 is not accepted; leave it out: it is always 3"),
    ({"type": "constant", "default": 1}, True, "true is not accepted; leave it out: it is always 1"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "given", "words"), REFUSED)
def test_a_refusal_says_what_was_given_and_what_is_accepted(question, given, words):
    with pytest.raises(InvalidAnswers) as refusal:
        Form.declared([{"variable": "v", **question}]).validate({"v": given})

    assert refusal.value.errors == {"v": [f"v: {words}."]}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"type": "text"}, "give text"),
        ({"type": "integer", "min": 1}, "give an integer of at least 1"),
        ({"type": "choice", "choices": ["a", "b"]}, "give one of a, b"),
        ({"type": "boolean"}, "give true or false"),
    ],
)
def test_a_missing_answer_is_named_with_what_would_be_accepted(question, words):
    with pytest.raises(InvalidAnswers) as refusal:
        Form.declared([{"variable": "v", **question}]).validate({})

    assert refusal.value.errors == {"v": [f"v: an answer is missing; {words}."]}


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ({"type": "text"}, ""), ({"type": "directory"}, ""), ({"type": "file"}, ""), ({"type": "integer"}, None),
        ({"type": "float"}, None), ({"type": "choice", "choices": [1]}, None), ({"type": "boolean"}, False),
        ({"type": "boolean_list"}, False), ({"type": "multiple_choice", "choices": [1]}, []),
    ],
)  # fmt: skip
def test_what_nobody_has_to_answer_has_a_blank(question, value):
    assert Form.declared([{"variable": "v", "required": False, **question}]).validate({}) == {"v": value}


@pytest.mark.parametrize("default", [0, False, "", [], "x"])
def test_a_default_that_is_not_none_counts(default):
    kinds = {int: "integer", bool: "boolean", str: "text", list: "multiple_choice"}
    question = {"variable": "v", "type": kinds[type(default)], "default": default, "required": False}
    if question["type"] == "multiple_choice":
        question["choices"] = ["a"]

    assert Form.declared([question]).validate({}) == {"v": default}


def test_all_that_is_wrong_is_told_at_once_in_order():
    form = Form.declared([{"variable": name, "type": "integer"} for name in ("b", "a", "c")])

    with pytest.raises(InvalidAnswers) as refusal:
        form.validate({"b": "x", "c": 1, "nodse": 1})

    assert refusal.value.code == "invalid_answers"
    assert refusal.value.errors == {
        "a": ["a: an answer is missing; give an integer."],
        "b": ['b: "x" is not accepted; give an integer.'],
        "nodse": ["nodse: no question asks for it. Known are: b, a, c."],
    }
    assert refusal.value.detail == " ".join(words for [words] in refusal.value.errors.values())


def test_a_mistyped_variable_is_answered_with_what_may_be_meant():
    with pytest.raises(InvalidAnswers, match=r"nodse: no question asks for it\. Is nodes meant\?"):
        Form.declared([{"variable": "nodes", "type": "integer", "default": 1}]).validate({"nodse": 4})


# --- branches -------------------------------------------------------------------------------------------------------

BRANCHES = [
    {
        "variable": "gpu", "type": "boolean_list",
        "when_true": [
            {"variable": "cards", "type": "integer", "min": 1},
            {"variable": "fast", "type": "boolean_list", "default": False, "when_true": [{"variable": "model", "type": "text"}]},
        ],
        "when_false": [{"variable": "cores", "type": "integer", "default": 4}],
    }
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ({"gpu": False}, {"gpu": False, "cores": 4}),
        ({"gpu": "no", "cores": "8"}, {"gpu": False, "cores": 8}),
        ({"gpu": True, "cards": 2}, {"gpu": True, "cards": 2, "fast": False}),
        ({"gpu": True, "cards": 2, "fast": "yes", "model": "A"}, {"gpu": True, "cards": 2, "fast": True, "model": "A"}),
    ],
)
def test_the_questions_of_the_branch_that_is_taken_are_asked(given, answers):
    assert Form.declared(BRANCHES).validate(given) == answers


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"gpu": True}, {"cards": ["cards: an answer is missing; give an integer of at least 1."]}),
        (
            {"gpu": False, "cards": 2},
            {"cards": ["cards: 2 is not accepted; it is asked for only when gpu is true, so leave it out."]},
        ),
        (
            {"gpu": True, "cards": 1, "model": "A"},
            {"model": ['model: "A" is not accepted; it is asked for only when gpu is true and fast is true, so leave it out.']},
        ),
        # Whether cards is asked for is known only when gpu is.
        ({"gpu": "x", "cards": 2}, {"gpu": ['gpu: "x" is not accepted; give true or false.']}),
    ],
)  # fmt: skip
def test_answers_of_the_other_branch_are_refused(given, errors):
    with pytest.raises(InvalidAnswers) as refusal:
        Form.declared(BRANCHES).validate(given)

    assert refusal.value.errors == errors


# --- captured forms -------------------------------------------------------------------------------------------------


def captured(*questions: dict[str, Any]) -> Form:
    return Form.from_json({"captured": True, "multi_step": True, "questions": list(questions)})


def test_a_program_takes_answers_that_no_question_asks_for():
    form = captured({"variable": "a", "type": "integer", "default": 1})

    assert form.validate({"b": [1], "a": "2"}) == {"a": 2, "b": [1]}


def test_an_answer_wins_over_a_program_s_constant():
    assert captured({"variable": "c", "type": "constant", "default": 3}).validate({"c": "x"}) == {"c": "x"}


def test_a_program_may_ask_twice():
    form = captured({"variable": "a", "type": "integer"}, {"variable": "a", "type": "integer"})

    assert form.validate({"a": 1}) == {"a": 1}


@pytest.mark.parametrize("value", [None, [], "x", {}, {"questions": {}}, {"questions": ["x"]}, {"questions": [{}]}])
def test_what_is_no_form_is_refused(value):
    with pytest.raises(InvalidForm):
        Form.from_json(value)


def test_more_than_500_questions_are_refused():
    with pytest.raises(InvalidForm, match="more than 500 questions"):
        Form.declared([{"variable": f"v{n}", "type": "text"} for n in range(501)])


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
questions = st.sampled_from(
    [
        {"type": "text"}, {"type": "integer", "min": -5, "max": 5}, {"type": "float"}, {"type": "boolean"},
        {"type": "choice", "choices": CHOICES}, {"type": "multiple_choice", "choices": CHOICES, "required": False},
        {"type": "directory", "required": False}, {"type": "constant", "default": 1}, {"type": "boolean_list"},
    ]
)  # fmt: skip


@given(questions, values)
def test_any_value_is_accepted_or_refused_and_an_accepted_one_stays_as_it_is(question, value):
    form = Form.declared([{"variable": "v", **question}])
    try:
        answers = form.validate({"v": value})
    except InvalidAnswers as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert list(refusal.errors) == ["v"]
        return
    assert repr(form.validate(answers)) == repr(answers)
    assert not isinstance(answers["v"], float) or math.isfinite(answers["v"])


@given(st.lists(questions, max_size=4))
def test_a_form_is_read_back_as_it_was_written(read):
    form = Form.declared([{"variable": f"v{index}", **question} for index, question in enumerate(read)])

    assert Form.declared(form.as_json()["questions"]) == form


def test_answers_with_hundreds_of_wrong_names_are_refused_soon() -> None:
    names = ["x" + f"{number:060b}".translate({48: "a", 49: "b"}) for number in range(0, 2**50, 2**50 // 500)]
    form = Form.declared([{"variable": name, "type": "text", "required": False} for name in names[:500]])

    start = time.thread_time()
    with pytest.raises(InvalidAnswers) as refusal:
        form.validate({f"{name}{more}": 1 for name in names for more in ("c", "d" * 200)})

    assert time.thread_time() - start < 10
    assert len(refusal.value.errors) == 2 * len(names)
