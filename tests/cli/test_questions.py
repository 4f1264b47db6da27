"""Which answers each type of question accepts, and the way between questions and a form's JSON."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import CliError
from cli.questions import (
    BooleanList,
    Checkbox,
    Confirm,
    Const,
    Directory,
    File,
    Float,
    Integer,
    InvalidAnswer,
    List,
    Question,
    Text,
    flattened,
    question_from_form,
)


def asked(kind, **fields) -> Question:
    return question_from_form({"variable": "v", "type": kind, "message": "V?", **fields})


CHOICES = [{"value": "debug", "label": "debug"}, {"value": 2, "label": "two nodes"}, {"value": True, "label": "all"}]

ACCEPTED = [
    ("text", {}, "abc", "abc"),
    ("text", {}, 4, "4"),
    ("text", {}, 1.5, "1.5"),
    ("text", {"required": False}, "", ""),
    ("text", {"required": False}, None, ""),
    ("text", {"pattern": "[a-z]+"}, "abc", "abc"),
    ("text", {"pattern": "[a-z]+", "required": False}, "", ""),
    ("integer", {}, 3, 3),
    ("integer", {}, "3", 3),
    ("integer", {}, " -3 ", -3),
    ("integer", {"min": 0}, 0, 0),
    ("integer", {"required": False}, "", None),
    ("float", {}, 2, 2.0),
    ("float", {}, "1e3", 1000.0),
    ("float", {}, ".5", 0.5),
    ("boolean", {}, True, True),
    ("boolean", {}, "No", False),
    ("boolean", {}, "on", True),
    ("boolean", {}, "0", False),
    ("boolean", {"required": False}, None, False),
    ("boolean_list", {}, "y", True),
    ("choice", {"choices": CHOICES}, "debug", "debug"),
    ("choice", {"choices": CHOICES}, 2, 2),
    ("choice", {"choices": CHOICES}, "2", 2),
    ("choice", {"choices": CHOICES}, "two nodes", 2),
    ("choice", {"choices": CHOICES}, "true", True),
    ("choice", {"choices": CHOICES, "required": False}, "", None),
    ("multiple_choice", {"choices": CHOICES}, ["debug", 2], ["debug", 2]),
    ("multiple_choice", {"choices": CHOICES}, "two nodes, debug", [2, "debug"]),
    ("multiple_choice", {"choices": CHOICES}, ["debug", "debug"], ["debug"]),
    ("multiple_choice", {"choices": CHOICES, "required": False}, "", []),
    ("multiple_choice", {"choices": CHOICES, "required": False}, [], []),
    ("file", {}, "a/b", "a/b"),
    ("directory", {"required": False}, "", ""),
    ("constant", {"default": 3}, 3, 3),
    ("constant", {"default": 3}, "3", 3),
]

REFUSED = [
    ("text", {}, "", "text that is not empty"),
    ("text", {}, True, "text that is not empty"),
    ("text", {"pattern": "[a-z]+"}, "ABC", "text that matches [a-z]+"),
    ("integer", {"min": 1, "max": 64}, 0, "an integer from 1 to 64"),
    ("integer", {"min": 1}, "0", "an integer of at least 1"),
    ("integer", {"max": 4}, 5, "an integer of at most 4"),
    ("integer", {}, True, "an integer"),
    ("integer", {}, 3.5, "an integer"),
    ("integer", {}, 2**63, "an integer of at most 64 bits"),
    ("integer", {}, "9" * 30, "an integer of at most 64 bits"),
    ("integer", {"min": 0}, 10**30, "an integer of at most 64 bits"),
    ("integer", {"max": 4}, 2**63, "an integer of at most 4"),
    ("integer", {"max": 4, "unit": "GB"}, 5, "an integer of at most 4 (GB)"),
    ("integer", {}, "3.0", "an integer"),
    ("integer", {}, "٣", "an integer"),
    ("integer", {}, "", "an integer"),
    ("integer", {}, None, "an integer"),
    ("float", {}, "nan", "a number"),
    ("float", {}, math.inf, "a number"),
    ("float", {}, "1e999", "a number"),
    ("float", {"min": 0}, -0.1, "a number of at least 0"),
    ("boolean", {}, 1, "true or false (or yes or no)"),
    ("boolean", {}, "maybe", "true or false (or yes or no)"),
    ("choice", {"choices": CHOICES}, "long", "one of: debug, 2 (two nodes), True (all)"),
    ("choice", {"choices": CHOICES}, 1, "one of: debug, 2 (two nodes), True (all)"),
    ("choice", {"choices": CHOICES}, 2.5, "one of: debug, 2 (two nodes), True (all)"),
    ("choice", {"choices": []}, "x", "nothing, for there is nothing to choose from"),
    ("multiple_choice", {"choices": CHOICES}, ["long"], "a list of at least one of: debug, 2 (two nodes), True (all)"),
    ("multiple_choice", {"choices": CHOICES}, [], "a list of at least one of: debug, 2 (two nodes), True (all)"),
    ("multiple_choice", {"choices": CHOICES}, 2, "a list of at least one of: debug, 2 (two nodes), True (all)"),
    ("file", {}, "", "the path of a file"),
    ("constant", {"default": 3}, 4, "3, or leave it out"),
]


@pytest.mark.parametrize(("kind", "fields", "value", "expected"), ACCEPTED)
def test_a_question_accepts_and_types_an_answer(kind, fields, value, expected):
    found = asked(kind, **fields).check(value)

    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(("kind", "fields", "value", "accepted"), REFUSED)
def test_a_question_refuses_an_answer_and_says_what_it_accepts(kind, fields, value, accepted):
    with pytest.raises(InvalidAnswer) as refusal:
        asked(kind, **fields).check(value)

    assert (refusal.value.variable, refusal.value.given, refusal.value.accepted) == ("v", value, accepted)


def test_a_refusal_is_one_sentence_with_variable_given_and_accepted():
    with pytest.raises(InvalidAnswer) as refusal:
        Integer("nodes", "Nodes?", 1, 64).check(0)

    assert str(refusal.value) == "nodes: 0 is not accepted; give an integer from 1 to 64."


def test_a_refusal_quotes_a_long_answer_only_in_part():
    with pytest.raises(InvalidAnswer) as refusal:
        Integer("nodes").check("x" * 1000)

    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize(("kind", "made"), [(File, "input.txt"), (Directory, "results")])
def test_a_path_that_has_to_exist_is_looked_for_where_the_command_runs(kind, made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    question = kind("place", "Place?", True)
    with pytest.raises(InvalidAnswer):
        question.check(made)

    (tmp_path / made).mkdir() if kind is Directory else (tmp_path / made).touch()

    assert question.check(made) == made


def test_a_file_is_no_directory_and_a_directory_no_file(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(InvalidAnswer, match="directory that exists"):
        Directory("d", "D?", exists=True).check(str(tmp_path / "file"))
    with pytest.raises(InvalidAnswer, match="file that exists"):
        File("f", "F?", exists=True).check(str(tmp_path))


def test_a_path_that_must_not_exist_is_refused_where_something_is(tmp_path):
    question = File("f", "F?", exists=False)

    assert question.check(str(tmp_path / "new")) == str(tmp_path / "new")
    with pytest.raises(InvalidAnswer, match="nothing yet"):
        question.check(str(tmp_path))


def test_a_home_directory_may_be_written_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert Directory("d", "D?", exists=True).check("~") == "~"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Text("v", "V?", "third"), "third"),
        (Text("v", "V?", default="named"), "named"),
        (Integer("v", "V?", 1, 8, 4), 4),
        (List("v", "V?", ["a", "b"], "b"), "b"),
        (Checkbox("v", "V?", ["a", "b"], ["b"]), ["b"]),
        (Confirm("v", "V?", True), True),
        (Directory("v", "V?", None, "/tmp"), "/tmp"),
        (File("v", "V?", None, "/etc/hosts"), "/etc/hosts"),
        (BooleanList("v", "V?", [], None, False), False),
        (Const("v", 7), 7),
        (Question("v", "V?", False, "x"), "x"),
    ],
)
def test_questions_of_old_folders_take_their_arguments_by_position(question, expected):
    assert (question.variablename, question.default) == ("v", expected)


def test_a_boolean_list_without_questions_is_an_error():
    with pytest.raises(ValueError, match="whentrue, whenfalse, or both"):
        BooleanList("gpu", message="GPU?")


def test_texts_of_old_folders_may_stay_empty():
    assert [kind("v", "V?").check("") for kind in (Text, File, Directory)] == ["", "", ""]


def test_a_path_of_an_old_folder_that_has_to_exist_may_not_stay_empty():
    with pytest.raises(InvalidAnswer):
        File("v", "V?", exists=True).check("")


def test_labels_and_values_come_as_pairs_from_code_and_as_lists_of_two_from_yaml():
    question = List("p", "P?", [("Long runs", "long"), ["Short", "short"], "debug", 4])

    assert [question.check(given) for given in ("Long runs", "long", "Short", "debug", "4")] == [
        "long",
        "long",
        "short",
        "debug",
        4,
    ]


def test_a_value_wins_over_the_same_word_as_a_label():
    assert List("p", "P?", [("b", "a"), ("a", "b")]).check("a") == "a"


def test_a_choice_with_a_comma_is_found_whole_before_it_is_split():
    assert Checkbox("c", "C?", ["a,b", "a", "b"]).check("a,b") == ["a,b"]


def test_live_questions_know_the_answers_so_far():
    question = List(
        "file",
        "Which file of {folder}?",
        choices=lambda answers: [f"{answers['folder']}/1", f"{answers['folder']}/2"],
        default="{folder}/2",
        ignore=lambda answers: answers["folder"] == "none",
    )

    settled = question.settled({"folder": "in"})

    assert (settled.message, settled.default, settled.ignore) == ("Which file of in?", "in/2", False)
    assert settled.check("in/1") == "in/1"
    assert question.settled({"folder": "none"}).ignore is True


@pytest.mark.parametrize("text", ["${HOME}/x", "{}", "{unknown}", "{", "a{0}", "{x.y}"])
def test_braces_that_name_no_answer_stay_as_they_are(text):
    assert Text("v", text).settled({"x": 1}).message == text


def test_a_forms_text_is_never_filled_in():
    assert asked("text", default="{x}").settled({"x": 1}).default == "{x}"


def test_a_whole_float_as_an_integers_default_counts_as_an_integer():
    assert Integer("n", default=4 / 2).settled({}).default == 2


def test_every_question_of_a_tree_is_found():
    tree = BooleanList("a", "A?", [Text("b"), BooleanList("c", "C?", None, [Text("d")])], [Text("e")])

    assert [question.variablename for question in flattened([tree, Text("f")])] == ["a", "b", "c", "d", "e", "f"]


def test_a_type_of_a_newer_server_is_told():
    with pytest.raises(CliError, match="type 'colour', only text"):
        asked("colour")


# --- properties -----------------------------------------------------------------------------------------------------

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
scalars = st.one_of(texts, st.integers(-1000, 1000), st.booleans())
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def question_forms(children):
    bounds = st.integers(-100, 100)
    choices = st.lists(st.fixed_dictionaries({"value": scalars, "label": texts}), min_size=1, max_size=4)
    extra = {
        "text": {"pattern": st.just("[a-z]*"), "default": texts},
        "integer": {"min": bounds, "max": bounds, "default": bounds},
        "float": {"min": bounds, "max": bounds, "default": bounds},
        "boolean": {"default": st.booleans()},
        "directory": {"exists": st.booleans(), "default": texts},
        "file": {"exists": st.booleans(), "default": texts},
        "constant": {"default": scalars},
    }
    common = {"help": texts.filter(bool), "required": st.just(False)}
    forms = [
        st.fixed_dictionaries({"variable": names, "type": st.just(kind), "message": texts}, optional=common | optional)
        for kind, optional in extra.items()
    ]
    forms += [
        st.fixed_dictionaries(
            {"variable": names, "type": st.just(kind), "message": texts, "choices": choices}, optional=common
        )
        for kind in ("choice", "multiple_choice")
    ]
    nested = {"when_true": st.lists(children, min_size=1, max_size=2)}
    forms.append(
        st.fixed_dictionaries(
            {"variable": names, "type": st.just("boolean_list"), "message": texts}, optional=common | nested
        )
    )
    return st.one_of(forms)


a_form = st.recursive(
    question_forms(st.fixed_dictionaries({"variable": names, "type": st.just("text"), "message": texts})),
    question_forms,
    max_leaves=4,
)


@given(a_form)
def test_a_form_becomes_questions_and_a_form_again(form):
    assert question_from_form(form).to_form() == form


@given(a_form, anything)
def test_any_answer_is_typed_or_refused_and_what_is_typed_stays_so(form, value):
    question = question_from_form({**form, "exists": None})
    try:
        found = question.check(value)
    except InvalidAnswer:
        return

    again = question.check(json.loads(json.dumps(found)))

    assert (type(again), again) == (type(found), found)


def test_a_pattern_is_explained_in_the_words_of_the_form_s_author():
    form = {
        "variable": "tag",
        "type": "text",
        "message": "Tag?",
        "pattern": "[a-z]+",
        "pattern_message": "Use small letters.",
    }

    with pytest.raises(InvalidAnswer) as refusal:
        question_from_form(form).check("A1")

    assert str(refusal.value) == 'tag: "A1" is not accepted; Use small letters.'


@given(st.integers(1 - 2**63, 2**63 - 1))
def test_an_integer_may_come_as_text(number):
    assert Integer("n").check(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_may_come_as_text(number):
    assert Float("x").check(repr(number)) == number


def test_a_number_that_python_will_not_print_is_refused_all_the_same():
    with pytest.raises(InvalidAnswer, match="an integer of at most 64 bits"):
        Integer("n").check(10**5000)
