"""What a template can name, and what it prints of it."""

import pytest

from applications.config import parse
from applications.rendering import NotedUndefined, render
from applications.templates import TemplateSet
from tests.applications.rendered import rendering, text

SECTIONS = {
    "application_config": "application_config: {a: application, b: application, c: application}\n",
    "jobbergate_config": "jobbergate_config: {default_template: job.sh.j2, b: jobbergate, c: jobbergate}\n",
    "questions": "questions: []\n",
}


@pytest.mark.parametrize(
    "order", [list(SECTIONS), list(reversed(SECTIONS)), ["jobbergate_config", "questions", "application_config"]]
)
def test_answers_win_over_jobbergate_config_over_application_config_whatever_their_order_in_the_file(order):
    yaml = "".join(SECTIONS[name] for name in order)

    assert text("{{ a }} {{ b }} {{ c }}", {"c": "answer"}, yaml=yaml) == "application jobbergate answer"


def test_what_the_application_s_code_computed_wins_over_everything():
    content = b"jobbergate_config: {default_template: t, x: config}\napplication_config: {x: default}"
    templates = TemplateSet({"jobbergate.yaml": content, "templates/t": b"{{ x }}"}, parse(content), NotedUndefined)

    assert render(templates, {"x": "answer"}, {"x": "computed"}).files == {"t": b"computed"}


def test_a_variable_is_reached_by_itself_and_in_data():
    assert text("{{ n }} {{ data.n }} {{ data['n'] }} {{ data.get('n') }}", {"n": 4}) == "4 4 4 4"


def test_data_is_a_plain_mapping_of_everything():
    assert text("{% for key in data|sort %}{{ key }} {% endfor %}", {"n": 4}, defaults="{m: 3}") == (
        "default_template m n undefined "
    )


def test_an_answer_named_as_a_jinja_global_wins_over_it():
    assert text("{{ range }}", {"range": "far"}) == "far"


@pytest.mark.parametrize(
    "value",
    [
        "{{ secret }}", "{% raw %}", "<b>&amp;\"'</b>", "  spaces  ", "line\nline\n", "a\r\nb", "ünïcödé 漢字 🚀", "\\n",
        "#}", "$HOME `id` $(id)", "",
    ],
)  # fmt: skip
def test_a_value_is_printed_as_it_is(value):
    assert text("[{{ v }}|{{ data.v }}]", {"v": value, "secret": "no"}) == f"[{value}|{value}]"


@pytest.mark.parametrize(
    ("value", "printed"),
    [(1, "1"), (1.5, "1.5"), (True, "True"), (None, "None"), ([1, "a"], "[1, 'a']"), (2**70, str(2**70))],
)
def test_values_keep_their_types(value, printed):
    assert text("{{ v }}", {"v": value}) == printed


@pytest.mark.parametrize("template", ["echo\n", "echo\n\n", "echo", "", "\n"])
def test_the_end_of_a_template_is_kept(template):
    assert text(template) == template


def test_line_ends_of_a_template_become_those_that_sbatch_takes():
    assert text("#!/bin/bash\r\necho {{ a }}\r\n", {"a": "x"}) == "#!/bin/bash\necho x\n"


def test_dates_and_large_numbers_of_the_configuration_reach_the_template_in_their_own_types():
    assert text("{{ day.year + 1 }} {{ big + 1 }}", defaults="{day: 2026-03-02, big: 99999999999999999999}") == (
        "2027 100000000000000000000"
    )


def test_what_a_template_does_to_its_values_is_gone_in_the_next_rendering():
    content = b"""\
jobbergate_config: {default_template: t, list: [1], map: {a: [1]}}
application_config: {deep: {deeper: [1]}}
questions: []
"""
    template = b"""\
{% set a = list.append(2) %}{% set b = map.update({'b': 2}) %}{% set c = map.a.append(2) %}
{%- set d = deep.deeper.append(2) %}{% set e = answers.append(2) %}{% set f = data.update({'g': 1}) %}
{{ list }} {{ map.a }} {{ deep.deeper }} {{ answers }} {{ data.g }}"""
    templates = TemplateSet({"jobbergate.yaml": content, "templates/t": template}, parse(content), NotedUndefined)
    answers = {"answers": [1]}

    first, second = render(templates, answers), render(templates, answers)

    assert first.files == second.files == {"t": b"\n[1, 2] [1, 2] [1, 2] [1, 2] 1"}
    assert answers == {"answers": [1]}


def test_one_file_cannot_leave_values_for_the_next_one():
    yaml = "{jobbergate_config: {default_template: job.sh.j2, supporting_files: [b.j2]}, questions: []}"
    done = rendering("{% set x = 1 %}{{ x }}", yaml=yaml, b__j2="{{ x is defined }}")

    assert done.files == {"job.sh": b"1", "b": b"False"}
