"""Whatever a template does ends soon and stays small, so that nobody stalls anybody."""

import gc
import time
from typing import Any
from weakref import ref

import pytest

from applications import budget
from applications.config import parse
from applications.rendering import UndefinedVariable, render
from applications.templates import TemplateProblem, TemplateSet
from tests.applications.bombs import LARGE, NEVER_COMPILED, SLOW
from tests.applications.rendered import CONFIG, rendering, text

JOB = "templates/job.sh.j2"


@pytest.mark.parametrize("template", SLOW.values(), ids=SLOW.keys())
def test_a_rendering_that_takes_too_long_is_stopped(template, monkeypatch):
    monkeypatch.setattr(budget, "MAX_SECONDS", 0.2)
    started = time.thread_time()

    with pytest.raises(TemplateProblem) as refusal:
        text("{% set r = range(100000) %}\n" + template)

    assert refusal.value.detail == f"{JOB}, line 2: it takes more than 0 s."
    assert time.thread_time() - started < 1.5


@pytest.mark.parametrize("template", LARGE.values(), ids=LARGE.keys())
def test_a_value_that_would_get_too_large_is_refused_before_it_is_made(template):
    started = time.thread_time()

    with pytest.raises(TemplateProblem) as refusal:
        text("{% set r = range(100000) %}\n" + template)

    assert refusal.value.detail.startswith(f"{JOB}, line ")
    assert time.thread_time() - started < 2


@pytest.mark.parametrize("template", NEVER_COMPILED.values(), ids=NEVER_COMPILED.keys())
def test_what_cannot_be_compiled_soon_is_refused_when_it_is_published(template):
    yaml = (CONFIG % ("error", "{}")).encode()

    with pytest.raises(TemplateProblem) as refusal:
        TemplateSet({"jobbergate.yaml": yaml, JOB: template.encode()}, parse(yaml)).check(programmed=False)

    assert refusal.value.detail.startswith(JOB)


def test_the_templates_of_a_version_are_bounded_together():
    yaml = b"{jobbergate_config: {default_template: job.sh.j2, supporting_files: [b.j2]}, questions: []}"
    files = {"jobbergate.yaml": yaml, JOB: b"{{ a }}" * 10_000, "templates/b.j2": b"\n" + b"{{ a }}" * 10_000}

    with pytest.raises(TemplateProblem) as refusal:
        TemplateSet(files, parse(yaml)).check(programmed=False)

    assert (
        refusal.value.detail == "templates/b.j2, line 2: the templates have more than 50,000 words and signs in tags."
    )


@pytest.mark.parametrize(
    "template",
    [
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% set x = 'a' %}" + "{% set x = x|map('upper') %}" * 900 + "{{ x|list }}",
        "{% include 'job.sh.j2' %}",
        "{% extends 'job.sh.j2' %}",
        "{% import 'job.sh.j2' as me %}",
    ],
)
def test_a_template_that_calls_itself_without_end_is_stopped(template):
    with pytest.raises(TemplateProblem, match="RecursionError"):
        text(template)


def test_more_output_than_a_file_may_have_is_refused():
    with pytest.raises(TemplateProblem) as refusal:
        text("{% for i in range(100000) %}{{ line }}{% endfor %}", {"line": "x" * 200})

    assert refusal.value.detail == f"{JOB}: it writes more than 10 MiB."


def test_the_bounds_hold_over_all_files_together():
    yaml = "{jobbergate_config: {default_template: job.sh.j2, supporting_files: [b.j2]}, questions: []}"
    half = "{% for i in range(60) %}{{ line }}{% endfor %}"

    with pytest.raises(TemplateProblem, match=r"^templates/b.j2: it writes more than 10 MiB\.$"):
        rendering(half, {"line": "x" * 100_000}, yaml=yaml, b__j2=half)


def test_characters_are_counted_as_the_bytes_that_a_file_gets():
    with pytest.raises(TemplateProblem, match="it writes more than 10 MiB"):
        text("{% for i in range(30) %}{{ line }}{% endfor %}", {"line": "é" * 200_000})


@pytest.mark.parametrize(
    "template", ["{{ d['x' * 9000000] }}", "{{ d['x' * 9000000].y }}", "{% include 'x' * 9000000 %}"]
)
def test_an_error_does_not_repeat_a_long_value(template):
    with pytest.raises((TemplateProblem, UndefinedVariable)) as refusal:
        text(template, {"d": {}})

    assert refusal.value.detail.startswith(f"{JOB}, line 1: ")
    assert len(refusal.value.detail) < 2000


@pytest.mark.parametrize("deep", ["{{ deep }}", "{{ deep == deep }}", "{{ deep|tojson }}", "{% set x = [deep] %}"])
def test_an_answer_that_is_nested_too_deeply_is_refused(deep):
    answer: list[Any] = []
    for _ in range(150):
        answer = [answer]

    with pytest.raises(TemplateProblem, match="nested more than 100 levels deep"):
        text(deep, {"deep": answer})


def test_nothing_stays_of_a_rendering_that_was_stopped():
    yaml = (CONFIG % ("error", "{}")).encode()
    templates = TemplateSet(
        {"jobbergate.yaml": yaml, JOB: b"{% for x in answer %}{{ [x] * 10 ** 10 }}{% endfor %}"}, parse(yaml)
    )

    class Answer(list[int]):
        """One that can be watched."""

    answer = Answer([1])
    watched = ref(answer)
    with pytest.raises(TemplateProblem):
        render(templates, {"answer": answer})
    del answer
    gc.collect()

    assert watched() is None


@pytest.mark.parametrize(
    ("template", "becomes"),
    [
        ("{{ 2 in [1, 2] }} {{ 'b' in 'abc' }} {{ 1 < 2 <= 2 }} {{ [1, [2]] == [1, [1 + 1]] }}", "True True True True"),
        (
            "{% set l = [1, 2, 3] %}{{ l[1:] }} {{ l[::-1] }} {{ 'abc'[:2] }} {{ (1, l) }}",
            "[2, 3] [3, 2, 1] ab (1, [1, 2, 3])",
        ),
        ("{% for k, v in {'b': 1, 'a': 2}|dictsort %}{{ k }}{{ v }}{% endfor %}", "a2b1"),
        (
            "{% set n = namespace(t=0) %}{% for i in range(5) if i is odd %}{% set n.t = n.t + i %}{% endfor %}{{ n.t }}",
            "4",
        ),
        ("{{ [{'a': {'b': 2}}, {'a': {'b': 1}}]|sort(attribute='a.b')|map(attribute='a.b')|join(', ') }}", "1, 2"),
        ("{{ 'a,b'.split(',')|join('-') }} {{ 'a-b'.replace('-', '+') }} {{ 'a'.ljust(3) }}|", "a-b a+b a  |"),
        (
            "{{ [1, 2, 2, 3]|unique|list }} {{ [1, 2, 3]|select('gt', 1)|list }} {{ '12'|int + 1 }}",
            "[1, 2, 3] [2, 3] 13",
        ),
        ("{{ '%(a)s-%(b)03d' % {'a': 'x', 'b': 7} }} {{ '%s-%s'|format('a', 'b') }} {{ '100%' }}", "x-007 a-b 100%"),
        ("{{ 'a b c'|wordwrap(3) }} {{ '<a>'|e }} {{ 'ab'|title }} {{ 'x y'|urlencode }}", "a b\nc &lt;a&gt; Ab x%20y"),
        ("{{ -1 }} {{ 7 // 2 }} {{ 2 - 3 }} {{ 3 / 2 }} {{ not x is defined }}", "-1 3 -1 1.5 True"),
        ("{{ 2 ** 10 * 3 + 1 }}", "3073"),
        ("{{ '-' * 72 }}", "-" * 72),
        ("{{ [0] * 3 + [1] }}", "[0, 0, 0, 1]"),
        ("{{ '%05.2f %s %%' % (1.5, 'a') }}", "01.50 a %"),
        ("{{ '{:>8} {:02d} {name}'.format('a', 3, name='n') }}", "       a 03 n"),
        ("{{ 'a'|center(9) }}|{{ 'a\nb'|indent(4) }}", "    a    |a\n    b"),
        ("{{ [3, 1, 2]|sort|join(', ') }}", "1, 2, 3"),
        ("{{ memory|default(68719476736) }}", "68719476736"),
        ("{{ (60 * 60)|round(1) }} {{ 1.256|round(2) }}", "3600 1.26"),
        ("{% for i in range(1, 4) %}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}", "1,2,3"),
        ("{% for i in range(20000) if i is divisibleby 5000 %}{{ i }} {% endfor %}", "0 5000 10000 15000 "),
        ("{{ [[1, 2], [3]]|sum(start=[]) }} {{ [1, 2]|sum }}", "[1, 2, 3] 3"),
        ("{{ {'a': [1]}|tojson }} {{ 1.5 * 2 }} {{ 7 % 4 }} {{ 'a' ~ 1 ~ none }}", '{"a": [1]} 3.0 3 a1None'),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}", "1213"),
    ],
)
def test_what_templates_usually_do_is_done(template, becomes):
    assert text(template) == becomes
