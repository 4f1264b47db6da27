"""`jobbergate.yaml`: what is wrong is told with its line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.config import BadConfig, Config, parse
from applications.versions import ApplicationVersion
from tests.factories import FOLDER, YAML, make_application


def refusal(content: str | bytes) -> str:
    with pytest.raises(BadConfig) as refused:
        parse(content if isinstance(content, bytes) else content.encode())
    assert refused.value.errors == {"archive": [refused.value.detail]}
    return refused.value.detail


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
)
WRONG = {
    "empty": ("", ": it is empty; give a mapping with jobbergate_config and application_config."),
    "comment": ("# nothing\n", ": it is empty; give a mapping with jobbergate_config and application_config."),
    "list": ("- 1\n", ", line 1: it holds a list; give a mapping with jobbergate_config and application_config."),
    "text": ("hello", ", line 1: it holds text; give a mapping with jobbergate_config and application_config."),
    "null": ("~", ", line 1: it holds nothing; give a mapping with jobbergate_config and application_config."),
    "section is a list": ("\njobbergate_config: [1]\n", ", line 2: jobbergate_config holds a list; give a mapping."),
    "section is text": ("a: 1\napplication_config: x\n", ", line 2: application_config holds text; give a mapping."),
    "mistyped section": ("jobbergate_confg: {}", ", line 1: there is no 'jobbergate_confg'; 'jobbergate_config' is meant?"),
    "mistyped questions": ("a: 1\nquestion: []", ", line 2: there is no 'question'; 'questions' is meant?"),
    "key is a number": ("jobbergate_config:\n  1: a", ", line 1: jobbergate_config has the key 1; give text."),
    "infinite": ("application_config:\n  x: .inf", ", line 2: application_config.x is inf; give a finite number."),
    "not a number": ("application_config:\n\n  x: .nan", ", line 3: application_config.x is nan; give a finite number."),
    "template is a list": (
        "jobbergate_config:\n  default_template: [a]", ", line 2: default_template is a list; give text."),
    "name is a number": ("jobbergate_config:\n  a: 1\n  job_script_name: 3", ", line 3: job_script_name is a number; give text."),
    "directory is a mapping": ("jobbergate_config: {output_directory: {a: 1}}", ", line 1: output_directory is a mapping; give text."),
    "long directory": (
        f"jobbergate_config:\n  output_directory: {'d' * 5000}",
        ", line 2: output_directory is longer than 4096 characters."),
    "supporting files are a number": (
        "jobbergate_config:\n  supporting_files: 3", ", line 2: supporting_files is a number; give a list of file names."),
    "supporting files hold a number": (
        "jobbergate_config:\n  supporting_files: [a, 3]", ", line 2: supporting_files is a list; give a list of file names."),
    "verbatim files are a mapping": (
        "jobbergate_config:\n  verbatim_files: {a: b}", ", line 2: verbatim_files is a mapping; give a list of file names."),
    "output names are a list": (
        "jobbergate_config:\n  supporting_files_output_name: [a]",
        ", line 2: supporting_files_output_name: give a mapping from template to name or list of names."),
    "an output name is a number": (
        "jobbergate_config:\n  supporting_files_output_name:\n    a: 3",
        ", line 2: supporting_files_output_name: give a mapping from template to name or list of names."),
    "undefined": ("jobbergate_config:\n  undefined: maybe", ", line 2: undefined is 'maybe'; give error or warn."),
    "undefined is a list": ("jobbergate_config:\n  undefined: []", ", line 2: undefined is []; give error or warn."),
    "bracket": ("a: 1\nb: [1,\nc: 2\n}", ", line 4: did not find expected ',' or ']'"),
    "tab": ("a:\n\tb: 1", ", line 2: found character that cannot start any token"),
    "unknown anchor": ("a: 1\nb: *c", ", line 2: found undefined alias"),
    "object": ("a: !!python/object/apply:os.system [id]",
               ", line 1: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
    "a date that is none": ("a: 1\nb: 2024-13-45", ": month must be in 1..12."),
    "two documents": ("a: 1\n---\nb: 2", ", line 2: but found another document"),
    "not UTF-8": (b"a: 1\nb: \xff", ", line 2: it is not UTF-8."),
    "control character": ("a: \x01", None),
    "bomb": (BOMB, ": it stands for more than 20000 values."),
    "merge bomb": ("a: &a {x: 1}\nb: &b\n  <<: [" + ",".join(["*a"] * 9000) + "]", ": it stands for more than 20000 values."),
    "a list in itself": ("a: 1\nb: &b [1, *b]", ", line 2: a value contains itself."),
    "a mapping in itself": ("a: &a\n  b: *a", ", line 1: a value contains itself."),
    "a list as a key": ("a:\n  ? [1, 2]\n  : 3", ", line 2: found unhashable key"),
    "deep": ("a: " + "[" * 500 + "]" * 500, ", line 1: it is nested more than 100 levels deep."),
    "deeper": ("a:\n " + "[" * 100_000, ", line 2: it is nested more than 100 levels deep."),
    "deep mappings": ("".join(" " * n + "a:\n" for n in range(200)), ", line 101: it is nested more than 100 levels deep."),
    "large": ("a: " + "x" * 262_144, ": it is larger than 256 KiB."),
    "many values": ("a: [" + "1," * 30_000 + "]", ": it stands for more than 20000 values."),
    "a number of 5000 digits": ("a: 1\napplication_config:\n  x: " + "9" * 5000, ", line 3: a number has more than 300 digits."),
    "a hexadecimal one": ("application_config:\n  x: 0x" + "F" * 5000, ", line 2: a number has more than 300 digits."),
    "a default of 5000 digits": (
        "questions:\n- {variable: x, type: integer, default: 0x" + "F" * 5000 + "}", ", line 2: a number has more than 300 digits."),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_with_its_line(content, words):
    detail = refusal(content)

    assert words is None or detail == f"jobbergate.yaml{words}"


QUESTIONS = {
    "no list": ("questions: {}", ", line 1: questions: give a list of questions."),
    "text": ("questions:\n- hello", ", line 2: questions: a question is a mapping with at least variable and type."),
    "no variable": (
        "questions:\n- {type: text}",
        ", line 2: questions: None is no name of a variable; give letters, digits and _ (not 'data')."),
    "data": (
        "questions:\n- {type: text, variable: data}",
        ", line 2: questions: 'data' is no name of a variable; give letters, digits and _ (not 'data')."),
    "dash": (
        "questions:\n- {type: text, variable: a-b}",
        ", line 2: questions: 'a-b' is no name of a variable; give letters, digits and _ (not 'data')."),
    "no such type": (
        "questions:\n- variable: a\n  type: txt",
        ", line 3: questions: a: there is no type 'txt'; there are text, integer, float, boolean, choice, multiple_choice, "
        "boolean_list, directory, file, constant."),
    "twice": ("questions:\n- {variable: a, type: text}\n- {variable: a, type: text}", ", line 1: questions: a is asked for twice."),
    "no choices": ("questions:\n- {variable: a, type: choice}", ", line 2: questions: a: give a list of choices."),
    "a condition with a key that JSON has not": (
        "questions:\n- {variable: a, type: boolean}\n- variable: b\n  type: text\n  when: {2024-01-01: a}",
        ", line 5: questions: b: when is {datetime.date(2024, 1, 1): 'a'}; give the name of a yes-or-no question, "
        "{variable, is: true or false}, {variable, equals: value}, {variable, in: [values]}, {variable, contains: value}, "
        "{all: [conditions]}, {any: [conditions]} or {not: condition}."),
    "an unknown key": (
        "questions:\n- variable: a\n  type: text\n  minimum: 3",
        ", line 4: questions: a question has no 'minimum'; it may have variable, type, message, default, help, required, unit, "
        "min, max, pattern, pattern_message, choices, exists, when_true, when_false, when, section."),
    "min is text": ("questions:\n- variable: a\n  type: integer\n  min: x", ", line 4: questions: a: min is 'x'; give a number."),
    "min is true": ("questions:\n- variable: a\n  type: integer\n  min: true", ", line 4: questions: a: min is True; give a number."),
    "required is text": (
        "questions:\n- variable: a\n  type: text\n  required: maybe",
        ", line 4: questions: a: required is 'maybe'; give true or false."),
    "the default is outside": (
        "questions:\n- variable: a\n  type: integer\n  max: 4\n  default: 5",
        ", line 5: questions: a: the default 5 is not accepted; give an integer of at most 4."),
    "a nested one": (
        "questions:\n- variable: a\n  type: boolean_list\n  when_true:\n  - {variable: b, type: nope}",
        ", line 5: questions: b: there is no type 'nope'; there are text, integer, float, boolean, choice, multiple_choice, "
        "boolean_list, directory, file, constant."),
    "a choice of nothing": (
        "questions:\n- variable: a\n  type: choice\n  choices:\n  - x\n  - ~",
        ", line 6: questions: a: None is no choice; give a value, or a label and a value."),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_question_that_is_wrong_is_told_with_its_line(content, words):
    assert refusal(content) == f"jobbergate.yaml{words}"


def test_questions_nest_ten_levels_deep_and_no_deeper():
    def nested(levels: int) -> str:
        question = "{variable: v0, type: text}"
        for level in range(1, levels):
            question = f"{{variable: v{level}, type: boolean_list, when_true: [{question}]}}"
        return f"questions: [{question}]"

    assert parse(nested(10).encode()).declarative
    assert refusal(nested(13)).endswith("questions are nested more than 10 levels deep.")


@pytest.mark.parametrize(
    "content", ["jobbergate_config:\n", "jobbergate_config: {}\napplication_config: ~\n", "other: {a: 1}\n"]
)
def test_sections_may_be_left_empty(content):
    assert parse(content.encode()) == Config()


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert parse(b"\xef\xbb\xbfjobbergate_config: {a: 1}").jobbergate_config == {"a": 1}


def test_values_have_the_types_that_yaml_gives_them():
    config = parse(
        b"application_config: {day: 2026-03-02, n: 1, x: 1.5, flag: true, none: ~, text: '1', big: 36893488147419103232}"
    )

    assert config.application_config == {
        "day": date(2026, 3, 2), "n": 1, "x": 1.5, "flag": True, "none": None, "text": "1", "big": 2**65,
    }  # fmt: skip
    assert config.as_json()["application_config"] == {
        "day": "2026-03-02", "n": 1, "x": 1.5, "flag": True, "none": None, "text": "1", "big": "36893488147419103232",
    }  # fmt: skip


@pytest.mark.parametrize("text", [r'"a\0b"', r'"\uD800"'])
def test_a_character_that_cannot_be_stored_is_refused(alice, text):
    files = {"jobbergate.yaml": YAML.replace(b"{}", f"{{x: {text}}}".encode())}

    with pytest.raises(BadConfig):
        make_application(alice, files)

    assert not ApplicationVersion.objects.exists()


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(content):
    try:
        config = parse(content.encode("utf-8", "replace"))
    except BadConfig:
        return
    assert isinstance(config, Config)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.datetimes(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_yaml_can_hold_is_shown_as_json_or_refused(value):
    import orjson
    import yaml

    try:
        config = parse(yaml.safe_dump({"application_config": {"x": value}}).encode())
        shown = config.as_json()
    except BadConfig:
        return
    assert orjson.loads(orjson.dumps(shown)) == shown


def test_a_configuration_is_shown_with_its_version(as_alice, alice):
    yaml = YAML.replace(b"application_config: {}", b"application_config: {day: 2026-03-02, deep: {1: [x, .inf]}}")
    application = make_application(alice, {**FOLDER, "jobbergate.yaml": yaml})

    shown = as_alice.get(f"/api/applications/{application.pk}/versions/1/").json()["config"]

    assert shown == {
        "jobbergate_config": {"default_template": "job.sh.j2"},
        "application_config": {"day": "2026-03-02", "deep": {"1": ["x", None]}},
    }
