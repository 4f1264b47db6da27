"""From questions and supplied answers to answers: what is asked, what is taken, what is refused, and when."""

import io
import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.asking import NobodyToAsk, answer, answer_form, read_answers
from cli.errors import CliError, UsageProblem
from cli.questions import BooleanList, Checkbox, Confirm, Const, Integer, List, Text


class Person:
    """Answers what was agreed on, and remembers what was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def ask(self, question):
        self.asked.append(question.variablename)
        return question.check(self.answers[question.variablename])


def declared(*questions, **form):
    return {"captured": False, "multi_step": False, "questions": list(questions), **form}


def question(variable, kind="text", **fields):
    return {"variable": variable, "type": kind, "message": f"{variable}?", **fields}


NODES = question("nodes", "integer", min=1, max=64)
PARTITION = question(
    "partition",
    "choice",
    default="debug",
    choices=[{"value": "debug", "label": "debug"}, {"value": "long", "label": "long"}],
)
GPU = question(
    "gpu", "boolean_list", default=False, when_true=[question("gpus", "integer")], when_false=[question("memory")]
)


def refusal(act, *args, **options):
    with pytest.raises(CliError) as refused:
        act(*args, **options)
    return str(refused.value)


# --- what is asked --------------------------------------------------------------------------------------------------


def test_supplied_answers_are_typed_and_not_asked():
    person = Person(partition="long")

    found = answer_form(declared(NODES, PARTITION), {"nodes": "4"}, fast=False, asker=person)

    assert (found, person.asked) == ({"nodes": 4, "partition": "long"}, ["partition"])


def test_fast_takes_defaults_and_asks_only_what_has_none():
    person = Person(nodes="2")

    found = answer_form(declared(NODES, PARTITION), {}, fast=True, asker=person)

    assert (found, person.asked) == ({"nodes": 2, "partition": "debug"}, ["nodes"])


def test_zero_false_and_nothing_chosen_are_defaults():
    questions = [Integer("n", default=0), Confirm("c", default=False), Checkbox("m", "M?", ["a"], default=[])]

    assert answer(questions, {}, fast=True, asker=NobodyToAsk()) == {"n": 0, "c": False, "m": []}


def test_only_the_questions_of_the_branch_taken_are_asked():
    person = Person(gpu=True, gpus=2)

    found = answer_form(declared(GPU), {}, fast=False, asker=person)

    assert (found, person.asked) == ({"gpu": True, "gpus": 2}, ["gpu", "gpus"])


def test_a_constant_is_never_asked():
    person = Person()

    found = answer_form(declared(question("release", "constant", default="12.0")), {}, fast=False, asker=person)

    assert (found, person.asked) == ({"release": "12.0"}, [])


def test_a_supplied_answer_wins_over_the_constant_of_a_program_as_text_where_that_is_text():
    supplied = read_answers(None, ["release=13.0", "size=4"])

    found = answer([Const("release", "12.0"), Const("size", 3)], supplied, fast=False, asker=NobodyToAsk())

    assert found == {"release": "13.0", "size": 4}


def test_an_ignored_question_is_not_asked_and_takes_its_default():
    questions = [
        Confirm("mail"),
        Text("address", default="me@example.org", ignore=lambda answers: not answers["mail"]),
        Text("subject", ignore=True),
    ]
    person = Person(mail=False)

    found = answer(questions, {}, fast=False, asker=person)

    assert (found, person.asked) == ({"mail": False, "address": "me@example.org", "subject": None}, ["mail"])


def test_a_later_question_may_be_made_of_an_earlier_answer():
    questions = [Text("name"), Text("output", default="{name}.out"), List("again", "?", lambda known: [known["name"]])]

    found = answer(questions, {"name": "run"}, fast=True, asker=Person(again="run"))

    assert found == {"name": "run", "output": "run.out", "again": "run"}


# --- what is refused ------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_told_before_anything_is_asked():
    person = Person(partition="long")

    told = refusal(answer_form, declared(PARTITION, NODES), {"nodes": 0}, fast=False, asker=person)

    assert (told, person.asked) == ("nodes: 0 is not accepted; give an integer from 1 to 64.", [])


def test_an_unknown_variable_is_refused_with_those_that_are_close():
    told = refusal(answer_form, declared(NODES, PARTITION), {"nods": 2, "x": 1}, fast=True, asker=Person())

    assert told == (
        "nods: no question asks for it; is nodes meant?\nx: no question asks for it; there are nodes, partition."
    )


def test_everything_wrong_and_missing_is_told_at_once():
    form = declared(NODES, PARTITION, question("name"))

    told = refusal(answer_form, form, {"partition": "lang", "nmae": "x"}, fast=False, asker=NobodyToAsk())

    assert told.splitlines() == [
        "nmae: no question asks for it; is name meant?",
        'partition: "lang" is not accepted; give one of: debug, long.',
        "nodes (an integer from 1 to 64), name (text that is not empty) have no answer, and nobody can be asked: "
        "use -a NAME=VALUE or --answers FILE.",
    ]


def test_a_missing_answer_with_a_default_points_to_fast():
    told = refusal(answer_form, declared(PARTITION), {}, fast=False, asker=NobodyToAsk())

    assert told == (
        "partition (one of: debug, long) has no answer, and nobody can be asked: "
        "use -a NAME=VALUE or --answers FILE; --fast takes the default of partition."
    )


@pytest.mark.parametrize("fast", [True, False])
def test_an_optional_question_is_left_open_where_nobody_can_be_asked(fast):
    optional = [question(kind, kind, required=False) for kind in ("text", "integer", "float", "boolean", "directory")]

    found = answer_form(declared(*optional), {}, fast=fast, asker=NobodyToAsk())

    assert found == {"text": "", "integer": None, "float": None, "boolean": False, "directory": ""}


def test_a_text_of_an_old_folder_is_missing_where_nobody_can_be_asked():
    told = refusal(answer, [Text("name")], {}, fast=True, asker=NobodyToAsk())

    assert told.startswith("name (text) has no answer")


def test_an_answer_to_a_hidden_question_is_refused_in_a_form():
    told = refusal(
        answer_form, declared(GPU), {"gpu": False, "gpus": 2, "memory": "1G"}, fast=True, asker=NobodyToAsk()
    )

    assert told == "gpus: 2 is not accepted; it is asked for only when gpu is true, so leave it out."


def test_an_answer_to_a_question_not_reached_is_allowed_for_a_program():
    questions = [BooleanList("gpu", "GPU?", [Integer("gpus")], default=False)]

    assert answer(questions, {"gpus": 2}, fast=True, asker=NobodyToAsk()) == {"gpu": False}


def test_a_variable_of_both_branches_is_not_hidden():
    both = question("g", "boolean_list", when_true=[NODES], when_false=[{**NODES, "max": 100}])

    assert answer_form(declared(both), {"g": "no", "nodes": 80}, fast=True, asker=Person()) == {"g": False, "nodes": 80}


def test_a_constant_of_a_form_cannot_be_changed():
    told = refusal(
        answer_form, declared(question("r", "constant", default=3)), {"r": 4}, fast=True, asker=NobodyToAsk()
    )

    assert told == "r: 4 is not accepted; give 3, or leave it out."


def test_a_default_that_its_own_question_refuses_is_told():
    told = refusal(answer, [List("p", "P?", ["a", "b"], default="c")], {}, fast=True, asker=NobodyToAsk())

    assert told == 'p: "c" is not accepted; give one of: a, b.'


# --- prepared answers -----------------------------------------------------------------------------------------------


def test_pairs_come_on_top_of_a_file_and_the_last_of_two_wins(tmp_path):
    file = tmp_path / "answers.yaml"
    file.write_text("nodes: 2\nname: one\n")

    assert read_answers(str(file), ["name=two", "name=three", "x=a=b"]) == {"nodes": 2, "name": "three", "x": "a=b"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", "4"),
        ("true", "true"),
        ("", ""),
        (" padded ", " padded "),
        ('"4"', "4"),
        ("[1, 2]", [1, 2]),
        ('{"a": 1}', {"a": 1}),
        ("[broken", "[broken"),
        ("a,b", "a,b"),
    ],
)
def test_a_value_on_the_command_line_is_text_unless_it_is_json(text, value):
    assert read_answers(None, [f"key={text}"]) == {"key": value}


@pytest.mark.parametrize("pair", ["key", "=value", " =value"])
def test_a_pair_without_a_name_or_a_sign_is_a_usage_problem(pair):
    with pytest.raises(UsageProblem, match="give NAME=VALUE") as refused:
        read_answers(None, [pair])

    assert refused.value.exit_code == 2


def test_yaml_is_read_as_people_mean_it(tmp_path):
    file = tmp_path / "answers.yml"
    file.write_text(
        "walltime: 10:30:00\nid: 007\nword: no\nday: 2024-02-29\nn: 4\nx: 1e3\nyes: true\nnone: ~\nempty:\n"
    )

    assert read_answers(str(file), []) == {
        "walltime": "10:30:00",
        "id": "007",
        "word": "no",
        "day": "2024-02-29",
        "n": 4,
        "x": 1000.0,
        "yes": True,
        "none": None,
        "empty": None,
    }


def test_answers_come_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"nodes": 3}'))

    assert read_answers("-", []) == {"nodes": 3}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.json", '{"a": 1,\n"b" 2}', "a.json, line 2: Expecting ':' delimiter."),
        ("a.yaml", "a: 1\nb: [1, 2\n", "a.yaml, line 3: "),
        ("a.yaml", "a: 1\n  b: 2\n", "a.yaml, line 2: mapping values are not allowed here."),
        ("a.yaml", "- a\n- b\n", "a.yaml: give a mapping from variables to answers"),
        ("a.yaml", "", "a.yaml: give a mapping from variables to answers"),
        ("a.yaml", "1: a\n", "a.yaml: 1 cannot be a variable; give its name as text."),
        ("a.yaml", "a: !!python/object:os.system x\n", "a.yaml, line 1: could not determine a constructor"),
        ("a.yaml", "a: !!binary aGFsbG8=\n", "a is a bytes, which JSON cannot hold"),
        ("a.json", '{"a": NaN}', "a is nan, which JSON cannot hold"),
        ("a.json", "[" * 100_000, "a.json is nested too deeply"),
        ("a.yaml", "b: 1\na: &x [*x]\n", "a.yaml, line 2: a value contains itself."),
        ("a.yaml", "a: &x {b: [1, {c: *x}]}\n", "a.yaml, line 1: a value contains itself."),
        ("a.yaml", f"a: {'9' * 5000}\n", "a.yaml is not YAML: Exceeds the limit"),
        ("a.json", f'{{"a": {"9" * 5000}}}', "a.json: Exceeds the limit"),
        ("a.yaml", "a: \x00\n", "a.yaml is not YAML: unacceptable character"),
    ],
)
def test_a_broken_file_is_told_with_its_line(name, text, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)

    assert told in refusal(read_answers, name, [])


def test_a_value_may_stand_at_two_places(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &x [1, 2]\nb: *x\nc: [*x, *x]\n")

    assert read_answers(str(tmp_path / "a.yaml"), []) == {"a": [1, 2], "b": [1, 2], "c": [[1, 2], [1, 2]]}


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    assert "cannot be read: No such file" in refusal(read_answers, str(tmp_path / "none"), [])
    assert "is not UTF-8 text" in refusal(read_answers, str(tmp_path / "binary"), [])


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
# The writer takes `1e5` for text, as YAML 1.1 does, and leaves its quotes away; JSON and people take it for a number.
plain_text = st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters="\x7f")).filter(
    lambda text: not re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", text)
)
yaml_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), plain_text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_text, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.text(), json_values))
def test_json_is_read_as_it_was_written(tmp_path_factory, answers):
    file = tmp_path_factory.mktemp("answers") / "answers.json"
    file.write_text(json.dumps(answers))

    assert read_answers(str(file), []) == answers


@given(st.dictionaries(plain_text.filter(bool), yaml_values, min_size=1))
def test_yaml_is_read_as_it_was_written(tmp_path_factory, answers):
    file = tmp_path_factory.mktemp("answers") / "answers.yaml"
    file.write_text(yaml.safe_dump(answers))

    assert read_answers(str(file), []) == answers


@given(st.text())
def test_any_text_is_answers_or_a_clear_refusal(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("answers") / "answers"
    file.write_text(text.encode("utf-8", "replace").decode(), newline="")
    try:
        found = read_answers(str(file), [])
    except CliError:
        return

    assert all(isinstance(variable, str) for variable in found)


@given(st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.text()))
def test_what_is_quoted_on_the_command_line_arrives_as_it_is(answers):
    assert read_answers(None, [f"{name}={json.dumps(text)}" for name, text in answers.items()]) == answers
