"""Whatever a template does ends soon and stays small, so that nobody stalls anybody."""

import time

import pytest

from applications import budget
from applications.templates import TemplateProblem
from tests.applications.rendered import rendering, text

JOB = "templates/job.sh.j2"

SLOW = {
    "a loop that prints nothing": "{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
    "a loop in a set block": "{% set x %}{% for a in r %}{% for b in r %}x{% endfor %}{% endfor %}{% endset %}",
    "a loop whose test is never met": "{% for a in r %}{% for b in r if b < 0 %}{% endfor %}{% endfor %}",
    "a macro that calls itself twice":
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "a recursive loop": "{% for a in [r, r] recursive %}{{ loop([r, r]) if loop.depth < 50 }}{% endfor %}",
    "filters that walk far": "{{ ([r] * 90000)|map('sum')|list }}",
}  # fmt: skip
LARGE = {
    "a text times a number": "{{ 'x' * 10 ** 10 }}",
    "a number times a text": "{{ 10 ** 10 * 'x' }}",
    "a list times a number": "{{ ([1] * 10 ** 9)|length }}",
    "a list of lists": "{{ [[0] * 90000] * 90000 }}",
    "a list that stands in itself often": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "the same, joined": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a ~ '' }}",
    "the same, as a text": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a|string|length }}",
    "the same, as JSON": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a|tojson }}",
    "doubling with ~": "{% set s = 'x' %}" + "{% set s = s ~ s %}" * 40 + "{{ s|length }}",
    "doubling with +": "{% set s = 'x' %}" + "{% set s = s + s %}" * 40 + "{{ s|length }}",
    "doubling a list": "{% set s = [1] %}" + "{% set s = s + s %}" * 40 + "{{ s|length }}",
    "doubling in blocks": "{% set s = 'x' %}" + "{% set s %}{{ s }}{{ s }}{% endset %}" * 40 + "{{ s|length }}",
    "doubling by extend": "{% set s = [1] %}" + "{% set _ = s.extend(s) %}" * 40 + "{{ s|length }}",
    "doubling by join": "{% set s = 'x' %}" + "{% set s = [s, s]|join %}" * 40 + "{{ s|length }}",
    "joining many": "{{ (['x' * 100000] * 90000)|join|length }}",
    "joining many by the method": "{{ ''.join(['x' * 100000] * 90000)|length }}",
    "a separator": "{{ range(90000)|join('x' * 1000000) }}",
    "replacing": "{{ ('x' * 100000)|replace('x', 'x' * 100000)|length }}",
    "replacing by the method": "{{ ('x' * 100000).replace('x', 'x' * 100000)|length }}",
    "a wide center": "{{ 'x'|center(10 ** 10) }}",
    "a wide ljust": "{{ 'x'.ljust(10 ** 10) }}",
    "many zeros": "{{ '1'.zfill(10 ** 10) }}",
    "tabs": "{{ '\t'.expandtabs(10 ** 10) }}",
    "an indent": "{{ ('x\n' * 1000)|indent(10 ** 9) }}",
    "a JSON indent": "{{ [1, 2]|tojson(indent=10 ** 9) }}",
    "a batch": "{{ [1]|batch(10 ** 9, 'x')|list }}",
    "slices": "{{ [1]|slice(10 ** 9)|list }}",
    "a width of %": "{{ '%9999999999d' % 1 }}",
    "a width of % that is given": "{{ '%*d' % (9999999999, 1) }}",
    "a width of the format filter": "{{ '%9999999999d'|format(1) }}",
    "a width of str.format": "{{ '{:9999999999}'.format(1) }}",
    "a width of str.format that is given": "{{ '{:{}}'.format(1, 9999999999) }}",
    "a power": "{{ 9 ** (9 ** 9) }}",
    "a tower of powers": "{% set n = 9 %}" + "{% set n = n * n %}" * 40 + "{{ n }}",
    "a rounding": "{{ 5|round(-999999999, 'ceil') }}",
    "a long range": "{{ range(10 ** 9) }}",
    "summing lists": "{{ ([[0] * 1000] * 90000)|sum(start=[])|length }}",
    "many values one after another": "{% for i in r %}{% set s = 'x' * 1000000 %}{% endfor %}",
}  # fmt: skip


@pytest.mark.parametrize("template", SLOW.values(), ids=SLOW.keys())
def test_a_rendering_that_takes_too_long_is_stopped(template, monkeypatch):
    monkeypatch.setattr(budget, "MAX_SECONDS", 0.2)
    started = time.thread_time()

    with pytest.raises(TemplateProblem) as refusal:
        text("{% set r = range(100000) %}\n" + template)

    assert refusal.value.detail == f"{JOB}, line 2: it takes more than 0 s."
    assert time.thread_time() - started < 1


@pytest.mark.parametrize("template", LARGE.values(), ids=LARGE.keys())
def test_a_value_that_would_get_too_large_is_refused_before_it_is_made(template):
    started = time.thread_time()

    with pytest.raises(TemplateProblem) as refusal:
        text("{% set r = range(100000) %}\n" + template)

    assert refusal.value.detail.startswith(f"{JOB}, line ")
    assert time.thread_time() - started < 2


@pytest.mark.parametrize(
    "template",
    ["{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{% include 'job.sh.j2' %}", "{% import 'job.sh.j2' as me %}"],
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


@pytest.mark.parametrize(
    ("template", "becomes"),
    [
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
