"""A template reaches its values, and nothing of ours."""

import pytest

from applications.config import parse
from applications.rendering import NotedUndefined, UndefinedVariable, render
from applications.templates import TemplateProblem, TemplateSet
from tests.applications.escapes import ESCAPES
from tests.applications.rendered import text

# What Python prints of its own things.
PRINTED = ("<class", "<module", "<function", "<method", "<built-in", "<bound", "object at", "root:", "uid=", "0x7f")


@pytest.mark.parametrize("template", ESCAPES)
def test_a_way_out_is_closed(template):
    with pytest.raises((TemplateProblem, UndefinedVariable)) as refusal:
        text(template, {"x": "value"}, m__j2="m")

    assert refusal.value.detail.startswith("templates/job.sh.j2, line 1: ")


@pytest.mark.parametrize("template", ESCAPES)
def test_a_way_out_leads_nowhere_where_holes_are_blanks(template):
    try:
        made = text(template, {"x": "value"}, undefined="warn", m__j2="m")
    except (TemplateProblem, UndefinedVariable):
        return

    assert not any(word in made for word in PRINTED)


@pytest.mark.parametrize(
    "name",
    ["../secret", "templates/../../secret", "/etc/passwd", "//etc/passwd", "..\\secret", "./job.sh.j2", "other.j2", ""],
)
@pytest.mark.parametrize(
    "tag", ["{%% include %s %%}", "{%% extends %s %%}", "{%% import %s as it %%}", "{%% from %s import it %%}"]
)
def test_other_templates_are_the_version_s_own_alone(tag, name):
    with pytest.raises(TemplateProblem, match=r"^templates/job\.sh\.j2, line 2: TemplateNotFound"):
        text("\n" + tag % "name", {"name": name})


def test_an_own_file_is_found_with_and_without_its_folder():
    files = {"part__j2": "part"}

    assert text("{% include 'part.j2' %} {% include 'templates/part.j2' %}", **files) == "part part"


def test_a_file_that_is_not_text_cannot_be_included():
    with pytest.raises(TemplateProblem, match=r"^templates/part.bin: it is not UTF-8, so it cannot be included\.$"):
        text("{% include 'part.bin' %}", part__bin=b"\xff\xfe")


def test_what_an_imported_template_keeps_is_gone_with_the_rendering():
    yaml = b"jobbergate_config: {default_template: job.sh.j2}\nquestions: []\n"
    files = {
        "jobbergate.yaml": yaml,
        "templates/job.sh.j2": b"{% import 'm.j2' as m %}{{ m.seen(name) }}",
        "templates/m.j2": b"{% set names = [] %}{% macro seen(name) %}{% set _ = names.append(name) %}{{ names }}{% endmacro %}",
    }
    templates = TemplateSet(files, parse(yaml), NotedUndefined)

    made = [render(templates, {"name": name}).files["job.sh"].decode() for name in ("alice", "bob")]

    assert made == ["['alice']", "['bob']"]


def test_chance_is_asked_anew_where_a_template_is_chosen_while_rendering():
    yaml = b"jobbergate_config: {default_template: job.sh.j2}\nquestions: []\n"
    files = {
        "jobbergate.yaml": yaml,
        "templates/job.sh.j2": b"{% include part %}",
        "templates/part.j2": b"{{ [1, 2, 3, 4, 5, 6, 7, 8]|random }}",
    }
    kept = TemplateSet(files, parse(yaml), NotedUndefined)
    inputs = [{"part": "part.j2", "number": number} for number in range(20)]

    again = [render(kept, answers).files["job.sh"] for answers in inputs]

    assert again == [render(TemplateSet(files, parse(yaml)), answers).files["job.sh"] for answers in inputs]
    assert len(set(again)) > 1


@pytest.mark.parametrize(
    "template",
    [
        "{{ x.upper }}", "{{ joiner() }}", "{{ cycler('a', 'b') }}", "{{ cycler }}", "{{ range }}", "{{ dict }}",
        "{{ data.items }}", "{{ [x]|map('string') }}", "{% macro m() %}{% endmacro %}{{ m }}",
    ],
)  # fmt: skip
def test_what_has_an_address_and_no_text_is_not_printed(template):
    with pytest.raises(TemplateProblem, match=r"line 1: .*is no value"):
        text(template, {"x": "value"})


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("{{ x }} {{ 1 }} {{ 1.5 }} {{ none }} {{ true }}", "value 1 1.5 None True"),
        ("{{ [x] }} {{ {'a': x} }} {{ (1, 2) }}", "['value'] {'a': 'value'} (1, 2)"),
        ("{{ [x]|map('string')|list }} {{ range(3) }} {{ x|e }}", "['value'] range(0, 3) value"),
    ],
)
def test_what_has_a_text_is(template, printed):
    assert text(template, {"x": "value"}) == printed
