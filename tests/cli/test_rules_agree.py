"""One set of rules on both sides: client and server take and refuse the same answers, and make the same of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, find, given
from hypothesis import strategies as st

from applications.forms import Form, InvalidAnswers
from applications.questions import InvalidForm
from cli import observation
from cli.asking import NobodyToAsk, answer_form
from cli.errors import CliError
from cli.slurm_text import Row, state_word
from cli.workflow import capture_form
from submissions import states

FOLDERS = sorted(path for path in (Path(__file__).parents[1] / "folders").iterdir() if path.is_dir())
CHOICES = [["Two", 2], ["debug", "long"], ["long", "debug"], True, "2", 1.5, ""]

QUESTIONS = [
    {"type": "text"},
    {"type": "text", "required": False},
    {"type": "text", "pattern": "[a-z]+", "pattern_message": "small letters"},
    {"type": "text", "required": False, "default": "long"},
    {"type": "integer", "min": -5, "max": 10},
    {"type": "integer", "required": False},
    {"type": "integer", "required": False, "default": 3},
    {"type": "float", "min": 0.5},
    {"type": "boolean"},
    {"type": "boolean", "required": False, "default": True},
    {"type": "boolean_list", "when_true": [{"variable": "inner", "type": "text", "required": False}]},
    {"type": "choice", "choices": CHOICES},
    {"type": "choice", "choices": CHOICES[:-1], "required": False, "default": 2},
    {"type": "multiple_choice", "choices": CHOICES},
    {"type": "multiple_choice", "choices": CHOICES, "required": False},
    {"type": "directory"},
    {"type": "file", "required": False},
    {"type": "constant", "default": 3},
    {"type": "constant", "default": True},
    {"type": "constant", "default": None},
    {"type": "constant", "default": [1, "a"]},
]

WORDS = ["", "2", "-3", " 7 ", "1.5", "1e3", "debug", "long", "Two", "True", "true", "yes", "off", "2,debug", "null"]
words = st.sampled_from(WORDS)
scalars = st.one_of(words, st.integers(-20, 20), st.floats(-5, 20), st.booleans(), st.none(), st.just(2**63))
values = scalars | st.lists(scalars, max_size=3)


def verdict_of_the_client(form: dict[str, Any], given: dict[str, Any]) -> dict[str, Any] | None:
    """The answers that the client would send; None where it refuses."""
    try:
        return answer_form(form, given, fast=True, asker=NobodyToAsk())
    except CliError:
        return None


def verdict_of_the_server(form: Form, given: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return form.validate(given)
    except InvalidAnswers:
        return None


def check_agreement(form: Form, given: dict[str, Any]) -> None:
    sent = verdict_of_the_client(json.loads(json.dumps(form.as_json())), given)
    taken = verdict_of_the_server(form, given)

    # repr tells 1 from 1.0 and from True, and shows the order too.
    assert repr(sent) == repr(taken)
    if sent is not None:
        assert repr(form.validate(sent)) == repr(taken)


@pytest.mark.parametrize("fields", QUESTIONS, ids=lambda fields: json.dumps(fields)[:50])
@given(value=values)
def test_both_sides_make_the_same_of_one_answer(fields, value):
    check_agreement(Form.declared([{"variable": "v", **fields}]), {"v": value})


# --- random forms -----------------------------------------------------------------------------------------------------

NAMES = ["a", "b", "c", "d", "e", "f"]
COMPARED = {
    "boolean": st.tuples(st.just("is"), st.booleans()),
    "boolean_list": st.tuples(st.just("is"), st.booleans()),
    "multiple_choice": st.tuples(st.just("contains"), st.sampled_from(["x", 1])),
    "choice": st.one_of(
        st.tuples(st.just("equals"), st.sampled_from(["x", 1])), st.tuples(st.just("in"), st.just(["x", 1]))
    ),
    "integer": st.one_of(st.tuples(st.just("equals"), st.integers(0, 3)), st.tuples(st.just("in"), st.just([1, 2]))),
    "float": st.tuples(st.just("equals"), st.sampled_from([1.5, 2])),
    "text": st.tuples(st.just("equals"), st.sampled_from(["x", "yes"])),
    "constant": st.tuples(st.just("equals"), st.just("c")),
}
FIELDS: dict[str, dict[str, Any]] = {
    "choice": {"choices": [["X", "x"], ["one", 1]]},
    "multiple_choice": {"choices": [["X", "x"], ["one", 1]]},
    "constant": {"default": "c"},
    "integer": {"min": 0},
}
DEFAULTS = {"boolean": True, "boolean_list": False, "choice": "x", "integer": 2, "float": 1.5, "text": "yes"}
given_values = st.one_of(
    st.sampled_from(["x", "yes", "no", "X", "one", "1", "c", "", None, True, False, 0, 1, 2, 1.5, 2.0, -1, ["x"], [1]])
)


@st.composite
def conditions(draw: Any, kinds: dict[str, str]) -> dict[str, Any]:
    def compared(variable: str) -> Any:
        pair = COMPARED[kinds[variable]]
        return pair.map(lambda found: {"variable": variable, found[0]: found[1]})

    leaves = st.sampled_from(sorted(kinds)).flatmap(compared)
    joined = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=3,
    )
    return draw(joined)


@st.composite
def forms(draw: Any) -> Form:
    """Forms of up to six questions, each perhaps hidden by those before it, some in sections and branches."""
    kinds: dict[str, str] = {}
    questions: list[Any] = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        kind = draw(st.sampled_from(sorted(COMPARED)))
        one = {"variable": name, "type": kind, **FIELDS.get(kind, {})}
        if kind in DEFAULTS and draw(st.booleans()):
            one["default"] = DEFAULTS[kind]
        if draw(st.booleans()):
            one["required"] = False
        if kinds and draw(st.booleans()):
            one["when"] = draw(conditions(kinds))
        parents = [found for found in questions if found["type"] == "boolean_list" and "when" not in found]
        if parents and draw(st.booleans()):
            draw(st.sampled_from(parents)).setdefault(draw(st.sampled_from(["when_true", "when_false"])), []).append(
                one
            )
        else:
            questions.append(one)
        kinds[name] = kind
    first = draw(st.integers(0, len(questions)))
    before = {name: kinds[name] for name in kinds if any(found["variable"] == name for found in questions[:first])}
    if before and first < len(questions):
        section = {"section": "More", "when": draw(conditions(before)), "questions": questions[first:]}
        questions = [*questions[:first], section]
    try:
        return Form.declared(questions)
    except InvalidForm:  # A question that moved into a branch may name one that now comes after it.
        assume(False)
        raise


@given(forms(), st.dictionaries(st.sampled_from([*NAMES, "unknown"]), given_values))
def test_both_sides_make_the_same_of_random_answers_to_a_random_form(form, given):
    check_agreement(form, given)


@given(forms())
def test_a_form_is_the_same_after_a_journey_through_json(form):
    again = Form.declared(json.loads(json.dumps(form.as_json()))["questions"])

    assert again.as_json() == form.as_json()


@pytest.mark.parametrize("least", [1, 2])
def test_random_forms_hide_questions_from_answers_that_are_taken(least):
    """So that the comparison above cannot become one of flat forms only."""

    def hides(pair: tuple[Form, dict[str, Any]]) -> bool:
        taken = verdict_of_the_server(*pair)
        return taken is not None and len(taken) + least <= len(pair[0].asked)

    form, given = find(st.tuples(forms(), st.dictionaries(st.sampled_from(NAMES), given_values)), hides)

    check_agreement(form, given)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_captured_form_is_taken_by_the_server_as_it_is(folder):
    form = capture_form(folder)

    assert Form.from_json(form).as_json() == form


# --- states of jobs ---------------------------------------------------------------------------------------------------

STATE_WORDS = [
    "PENDING", "RUNNING", "SUSPENDED", "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED",
    "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY", "COMPLETING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED",
    "RESIZING", "RESV_DEL_HOLD", "REVOKED", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "POWER_UP_NODE",
    "LAUNCH_FAILED", "SOMETHING_NEW",
]  # fmt: skip


def test_both_sides_hold_the_same_states_for_final():
    assert set(observation.FINAL) == set(states.FINAL)


@pytest.mark.parametrize("word", STATE_WORDS)
def test_both_sides_hold_the_same_words_for_an_end(word):
    over = Row(7, (0,), False, word, ended_at=1).is_over

    # Of a word that is new the books may tell an end; that is no success, no failure and not final.
    assert over == states.is_final(states.status_of(word)) or word in (
        "POWER_UP_NODE",
        "LAUNCH_FAILED",
        "SOMETHING_NEW",
    )


@given(st.lists(st.sampled_from(STATE_WORDS), min_size=1, max_size=3), st.sampled_from(",|"))
def test_both_sides_take_the_same_of_several_words(words, separator):
    text = separator.join(words)

    assert states.status_of(state_word(text)) == states.status_of(text)
