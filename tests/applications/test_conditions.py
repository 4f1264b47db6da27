"""Questions that are asked only sometimes, sections, units and patterns."""

from typing import Any

import pytest

from applications.forms import Form, InvalidAnswers
from applications.questions import InvalidForm

SOLVER: dict[str, Any] = {"variable": "solver", "type": "choice", "choices": ["cg", "gmres", "jacobi"], "default": "cg"}
RESTART = {"variable": "restart", "type": "boolean", "default": False}
FEATURES = {"variable": "features", "type": "multiple_choice", "choices": ["gpu", "mpi"], "required": False}
BEFORE = [SOLVER, RESTART, FEATURES, {"variable": "nodes", "type": "integer", "default": 1}]


def form_with(when: Any, **fields: Any) -> Form:
    return Form.declared([*BEFORE, {"variable": "x", "type": "text", "when": when, **fields}])


def asks(form: Form, given: dict[str, Any]) -> bool:
    """Whether x is asked for: then it is missing, and otherwise all is well."""
    errors: dict[str, list[str]] = {}
    try:
        form.validate(given)
    except InvalidAnswers as refusal:
        errors = refusal.errors
    assert errors in ({}, {"x": ["x: an answer is missing; give text."]})
    return bool(errors)


@pytest.mark.parametrize(
    ("when", "given", "asked"),
    [
        ("restart", {}, False),
        ("restart", {"restart": "yes"}, True),
        ({"variable": "restart", "is": False}, {}, True),
        ({"variable": "restart", "is": False}, {"restart": True}, False),
        ({"variable": "solver", "equals": "cg"}, {}, True),
        ({"variable": "solver", "equals": "cg"}, {"solver": "gmres"}, False),
        ({"variable": "solver", "in": ["cg", "gmres"]}, {"solver": "gmres"}, True),
        ({"variable": "solver", "in": ["cg", "gmres"]}, {"solver": "jacobi"}, False),
        ({"variable": "nodes", "equals": 2}, {"nodes": "2"}, True),
        ({"variable": "nodes", "equals": "2"}, {"nodes": 2}, True),
        ({"variable": "nodes", "equals": 1}, {"nodes": 2}, False),
        ({"variable": "features", "contains": "gpu"}, {"features": ["mpi", "gpu"]}, True),
        ({"variable": "features", "contains": "gpu"}, {}, False),
        ({"all": ["restart", {"variable": "nodes", "equals": 1}]}, {"restart": True}, True),
        ({"all": ["restart", {"variable": "nodes", "equals": 1}]}, {}, False),
        ({"any": ["restart", {"variable": "nodes", "equals": 1}]}, {}, True),
        ({"any": ["restart", {"variable": "nodes", "equals": 2}]}, {}, False),
        ({"not": "restart"}, {}, True),
        ({"not": {"variable": "solver", "equals": "cg"}}, {}, False),
    ],
)
def test_a_question_is_asked_when_its_condition_holds(when, given, asked):
    assert asks(form_with(when), given) is asked


def test_a_question_that_is_not_asked_makes_no_answer():
    assert form_with("restart", default="all").validate({}) == {
        "solver": "cg", "restart": False, "features": [], "nodes": 1,
    }  # fmt: skip


def test_a_comparison_with_what_is_not_asked_for_is_false():
    form = Form.declared([RESTART, {**SOLVER, "when": "restart"}, {
        "variable": "x", "type": "text", "when": {"variable": "solver", "equals": "cg"}
    }])  # fmt: skip

    assert form.validate({}) == {"restart": False}
    assert asks(form, {"restart": True})


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("restart", "restart is true"),
        ({"variable": "solver", "equals": "gmres"}, 'solver is "gmres"'),
        ({"variable": "solver", "in": ["gmres", "jacobi"]}, 'solver is one of "gmres", "jacobi"'),
        ({"variable": "features", "contains": "gpu"}, 'features has "gpu"'),
        ({"all": ["restart", {"not": {"any": ["restart", "restart"]}}]},
         "restart is true and not (restart is true or restart is true)"),
        ({"any": [{"all": ["restart", "restart"]}, "restart"]}, "(restart is true and restart is true) or restart is true"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_asked_for_is_refused_with_the_condition(when, words):
    with pytest.raises(InvalidAnswers) as refusal:
        form_with(when).validate({"x": "here"})

    assert refusal.value.errors == {
        "x": [f'x: "here" is not accepted; it is asked for only when {words}, so leave it out.']
    }


# --- sections ---------------------------------------------------------------------------------------------------------


def test_a_section_gives_its_heading_and_its_condition_to_its_questions():
    form = Form.declared([
        RESTART,
        {"section": "Restart", "help": "From an earlier run.", "when": "restart", "questions": [
            {"variable": "step", "type": "integer", "when": {"variable": "restart", "is": True}},
            {"variable": "path", "type": "directory"},
        ]},
    ])  # fmt: skip

    is_true = {"variable": "restart", "is": True}
    assert form.as_json() == {
        "captured": False,
        "multi_step": False,
        "sections": [{"title": "Restart", "help": "From an earlier run."}],
        "questions": [
            {"variable": "restart", "type": "boolean", "message": "restart", "default": False},
            {"variable": "step", "type": "integer", "message": "step", "section": "Restart", "when": {"all": [is_true, is_true]}},
            {"variable": "path", "type": "directory", "message": "path", "section": "Restart", "when": is_true},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"section": "A", "questions": [{"section": "B", "questions": []}]}, "sections are not nested."),
        ({"section": "A", "questions": [{"variable": "x", "type": "text", "section": "B"}]}, "x: it is in the section 'A' already."),
        ({"section": "A", "questions": {"variable": "x"}}, "give a list of questions."),
        ({"section": 3, "questions": []}, "section is 3; give its title."),
    ],
)  # fmt: skip
def test_a_section_that_is_wrong_is_refused(section, words):
    with pytest.raises(InvalidForm) as refusal:
        Form.declared([section])

    assert refusal.value.detail == words


# --- bounds -----------------------------------------------------------------------------------------------------------


def nested(levels: int) -> Any:
    return {"not": nested(levels - 1)} if levels else "restart"


def test_a_condition_has_a_bounded_number_of_parts():
    with pytest.raises(InvalidForm) as refusal:
        form_with({"any": ["restart"] * 500})

    assert refusal.value.detail == "x: when has more than 500 parts."


def test_a_section_s_condition_counts_for_each_of_its_questions():
    questions = [{"variable": f"q{number}", "type": "text"} for number in range(100)]
    section = {"section": "A", "when": {"any": ["restart"] * 400}, "questions": questions}

    with pytest.raises(InvalidForm) as refusal:
        Form.declared([RESTART, section])

    assert refusal.value.detail == (
        "the conditions of all questions, with those of their sections and branches, have more than 20000 parts."
    )


@pytest.mark.parametrize("levels", [10, 100, 5000])
def test_a_condition_is_not_nested_too_deeply(levels):
    condition: Any = "restart"
    for _ in range(levels):
        condition = {"not": condition}

    with pytest.raises(InvalidForm) as refusal:
        form_with(condition)

    assert refusal.value.detail == "x: when is nested more than 10 levels deep."


@pytest.mark.parametrize("levels", range(7, 11))
def test_what_a_section_s_condition_makes_of_a_question_s_can_be_read_again_or_is_refused(levels):
    question = {"variable": "x", "type": "text", "when": nested(levels - 1)}
    section = {"section": "A", "when": nested(levels - 1), "questions": [question]}

    if levels >= 10:
        with pytest.raises(InvalidForm, match="nested more than 10 levels deep"):
            Form.declared([RESTART, section])
    else:
        form = Form.declared([RESTART, section])
        assert Form.declared(form.as_json()["questions"]).as_json()["questions"] == form.as_json()["questions"]


def test_thousands_of_choices_are_told_apart_by_their_keys():
    """Compared one by one this would be a quarter of a billion comparisons."""
    values = list(range(16_000))
    form = Form.declared([{"variable": "many", "type": "multiple_choice", "choices": values}])

    assert form.validate({"many": [str(value) for value in reversed(values)]}) == {"many": values[::-1]}
    with pytest.raises(InvalidAnswers) as refusal:
        form.validate({"many": 16_000})
    assert len(refusal.value.detail) < 400


def test_a_long_condition_is_told_in_few_words():
    with pytest.raises(InvalidAnswers) as refusal:
        form_with({"all": ["restart"] * 400}).validate({"x": "here"})

    assert len(refusal.value.detail) < 700


# --- patterns ---------------------------------------------------------------------------------------------------------


def test_a_pattern_has_to_match_the_whole_answer():
    form = Form.declared([{"variable": "x", "type": "text", "pattern": "[a-z]+"}])

    assert form.validate({"x": "abc"}) == {"x": "abc"}
    for given in ("abc1", "1abc", "abc\n", ""):
        with pytest.raises(InvalidAnswers):
            form.validate({"x": given})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "give text that matches [a-z]+"),
        ({"pattern_message": "Use small letters."}, "Use small letters"),
    ],
)
def test_a_pattern_may_have_its_own_message(fields, words):
    with pytest.raises(InvalidAnswers) as refusal:
        Form.declared([{"variable": "x", "type": "text", "pattern": "[a-z]+", **fields}]).validate({"x": "A"})

    assert refusal.value.errors == {"x": [f'x: "A" is not accepted; {words}.']}


def test_an_optional_answer_may_be_left_open_whatever_its_pattern():
    form = Form.declared([{"variable": "x", "type": "text", "pattern": "[a-z]+", "required": False}])

    assert form.validate({"x": ""}) == form.validate({"x": None}) == form.validate({}) == {"x": ""}


def test_a_pattern_that_would_stall_other_engines_is_answered_at_once():
    form = Form.declared([{"variable": "x", "type": "text", "pattern": "(a+)+(a+)+"}])

    with pytest.raises(InvalidAnswers):
        form.validate({"x": "a" * 99_999 + "!"})


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[a-z", "x: pattern: missing ]: [a-z. Give a regular expression as RE2 has them."),
        ("(?=a)", "x: pattern: invalid perl operator: (?=. Give a regular expression as RE2 has them."),
        ("a" * 1001, "x: pattern is longer than 1000 characters."),
        ("((a{100}){100}){100}", "x: pattern: invalid repetition size: {100}. Give a regular expression as RE2 has them."),
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_matched_is_refused_at_publication(pattern, words):
    with pytest.raises(InvalidForm) as refusal:
        Form.declared([{"variable": "x", "type": "text", "pattern": pattern}])

    assert refusal.value.detail == words


def test_a_default_that_does_not_match_its_pattern_is_refused():
    with pytest.raises(InvalidForm) as refusal:
        Form.declared([{"variable": "x", "type": "text", "pattern": "[a-z]+", "default": "A"}])

    assert refusal.value.detail == "x: the default 'A' is not accepted; give text that matches [a-z]+."


# --- what nobody has to answer ------------------------------------------------------------------------------------------


def test_null_leaves_open_what_has_a_default_too():
    form = Form.declared([{"variable": "memory", "type": "integer", "default": 4, "required": False}])

    assert form.validate({}) == {"memory": 4}
    assert form.validate({"memory": None}) == form.validate({"memory": ""}) == {"memory": None}
