"""Printing what nothing defines is found, with its file, line and name."""

import pytest

from applications.rendering import Hole, UndefinedVariable
from tests.applications.rendered import rendering, text

JOB = "templates/job.sh.j2"


@pytest.mark.parametrize(
    "template",
    [
        "{{ x }}", "{{ x ~ 'a' }}", "{{ 'a' ~ x ~ 'b' }}", "{{ x|upper }}", "{{ x|join(',') }}", "{{ x|length }}",
        "{% for item in x %}{{ item }}{% endfor %}", "{% set y = x %}{{ y }}", "{% set y %}{{ x }}{% endset %}",
        "{% with y = x %}{{ y }}{% endwith %}", "{% filter upper %}{{ x }}{% endfilter %}", "{{ [x] }}", "{{ {'a': x} }}",
        "{{ '%s'|format(x) }}", "{{ ['a', x]|join }}", "{{ x|map('upper')|join }}", "{{ x|select|list }}",
        "{{ x|reject|list }}", "{{ x|items|list }}", "{{ x|list }}", "{{ x|string }}", "{{ x|trim }}", "{{ x|e }}",
        "{{ data.x }}", "{{ data['x'] }}", "{{ '' if false else x }}", "{{ x or x }}", "{{ x|first }}",
        "{% if x|length %}{% endif %}", "{{ 'b' in x }}", "{{ x|replace('a', 'b') }}",
    ],
)  # fmt: skip
def test_a_hole_is_found_however_it_is_printed(template):
    done = rendering(f"one\n{template}", undefined="warn")

    assert done.holes == [Hole(JOB, 2, "x")]


@pytest.mark.parametrize(
    ("template", "becomes"),
    [
        ("{% if x %}yes{% else %}no{% endif %}", "no"),
        ("{{ x|default('4') }}", "4"),
        ("{{ x|default('') }}", ""),
        ("{{ x is defined }}", "False"),
        ("{{ x is undefined }}", "True"),
        ("{{ 'given' if x }}", ""),
        ("{{ x == 'a' }}", "False"),
        ("{{ not x }}", "True"),
        ("{{ x or 'else' }}", "else"),
        ("{% for item in x|default([]) %}{{ item }}{% endfor %}", ""),
        ("{% set y = x %}{{ y|default('still') }}", "still"),
    ],
)
def test_asking_whether_something_is_defined_is_no_hole(template, becomes):
    assert text(template) == becomes


@pytest.mark.parametrize(
    "template", ["{{ x.y }}", "{{ x + 1 }}", "{{ x() }}", "{{ x['y'] }}", "{{ x|int }}", "{{ x > 1 }}", "{{ -x }}"]
)
@pytest.mark.parametrize("undefined", ["error", "warn"])
def test_working_with_what_is_not_defined_has_no_result_in_either_mode(template, undefined):
    with pytest.raises(UndefinedVariable) as refusal:
        text(f"one\n{template}", undefined=undefined)

    assert refusal.value.detail == f"{JOB}, line 2: 'x' is undefined."


@pytest.mark.parametrize("filter", ["tojson", "abs", "round", "float"])
def test_filters_of_numbers_say_which_variable_is_missing(filter):
    with pytest.raises(UndefinedVariable, match="'x' is undefined"):
        text(f"{{{{ x|{filter} }}}}", undefined="warn")


def test_all_holes_are_told_at_once():
    with pytest.raises(UndefinedVariable) as refusal:
        text("{{ nodes }}\n{{ time }} {{ name }}\n{{ time }}", {"name": "a"}, defaults="{site: here}")

    assert refusal.value.code == "undefined_variable"
    assert refusal.value.errors == {
        "nodes": [f"{JOB}, line 1: 'nodes' is not defined."],
        "time": [f"{JOB}, line 2: 'time' is not defined.", f"{JOB}, line 3: 'time' is not defined."],
    }
    assert refusal.value.detail.endswith("Known here: default_template, name, site, undefined.")


def test_a_hole_in_a_loop_is_told_once():
    done = rendering("{% for i in range(3) %}{{ x }}{% endfor %}", undefined="warn")

    assert done.holes == [Hole(JOB, 1, "x")]


def test_where_holes_are_warnings_the_rest_is_rendered():
    done = rendering("#!/bin/bash\n#SBATCH -N {{ nodes }}\necho {{ who }}\n", {"who": "me"}, undefined="warn")

    assert done.files == {"job.sh": b"#!/bin/bash\n#SBATCH -N \necho me\n"}
    assert [hole.as_json() for hole in done.holes] == [
        {"file": JOB, "line": 2, "variable": "nodes", "message": f"{JOB}, line 2: 'nodes' is not defined."}
    ]


@pytest.mark.parametrize(
    ("template", "more", "hole"),
    [
        ("{% include 'part.j2' %}", "\n\n{{ x }}", Hole("templates/part.j2", 3, "x")),
        ("{% include 'templates/part.j2' %}", "{{ x }}", Hole("templates/part.j2", 1, "x")),
        ("\n{% import 'part.j2' as p %}\n{{ p.m() }}", "{% macro m() %}\n{{ x }}{% endmacro %}",
         Hole("templates/part.j2", 2, "x")),
        ("{% extends 'part.j2' %}\n{% block b %}\n{{ x }}{% endblock %}", "{% block b %}{% endblock %}", Hole(JOB, 3, "x")),
        ("{% extends 'part.j2' %}{% block b %}{{ super() }}{% endblock %}", "\n{% block b %}{{ x }}{% endblock %}",
         Hole("templates/part.j2", 2, "x")),
        ("{% from 'part.j2' import m %}{{ m() }}", "\n{% macro m(a) %}{{ a }}{% endmacro %}",
         Hole("templates/part.j2", 2, "a")),
    ],
)  # fmt: skip
def test_a_hole_is_told_in_the_file_where_it_stands(template, more, hole):
    assert rendering(template, undefined="warn", part__j2=more).holes == [hole]


def test_a_supporting_file_s_holes_are_found_too():
    yaml = (
        "{jobbergate_config: {default_template: job.sh.j2, supporting_files: [env.j2], undefined: warn}, questions: []}"
    )

    assert rendering("", yaml=yaml, env__j2="\n{{ x }}").holes == [Hole("templates/env.j2", 2, "x")]
