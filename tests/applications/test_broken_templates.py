"""A template that does not compile is found when it is published, with its file and line."""

import pytest

from applications.templates import TemplateProblem
from applications.versions import ApplicationVersion
from tests.factories import make_application

YAML = b"jobbergate_config: {default_template: job.j2, supporting_files: [env.j2]}\nquestions: []\n"
FOLDER = {"jobbergate.yaml": YAML, "templates/job.sh.j2": b"", "templates/job.j2": b"ok", "templates/env.j2": b"ok"}
BROKEN = b"one\n{{ two"
WORDS = "line 2: unexpected end of template, expected 'end of print statement'."


def published(alice, files):
    return make_application(alice, {**FOLDER, **files})


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"templates/job.j2": BROKEN}, "templates/job.j2"),
        ({"templates/env.j2": BROKEN}, "templates/env.j2"),
        ({"templates/job.j2": b"{% include 'p.j2' %}", "templates/p.j2": BROKEN}, "templates/p.j2"),
        ({"templates/job.j2": b"{% extends 'p.j2' %}", "templates/p.j2": BROKEN}, "templates/p.j2"),
        ({"templates/job.j2": b"{% import 'p.j2' as p %}", "templates/p.j2": BROKEN}, "templates/p.j2"),
        ({"templates/job.j2": b"{% from 'a/p.j2' import m %}", "templates/a/p.j2": BROKEN}, "templates/a/p.j2"),
        (
            {
                "templates/job.j2": b"{% include 'p.j2' %}",
                "templates/p.j2": b"{% include 'q.j2' %}",
                "templates/q.j2": BROKEN,
            },
            "templates/q.j2",
        ),
        ({"templates/env.j2": b"{% include ['no.j2', 'p.j2'] %}", "templates/p.j2": BROKEN}, "templates/p.j2"),
        ({"templates/job.j2": b"{% include 'lib/p.j2' %}", "lib/p.j2": BROKEN}, "lib/p.j2"),
    ],
)
def test_a_broken_template_is_found_wherever_it_is_used(alice, files, where):
    with pytest.raises(TemplateProblem) as refusal:
        published(alice, files)

    assert refusal.value.detail == f"{where}, {WORDS}"
    assert not ApplicationVersion.objects.exists()


@pytest.mark.parametrize(
    "files",
    [
        {"templates/unused.j2": BROKEN},
        {"templates/job.j2": b"{{ 'p.j2' }}", "templates/p.j2": BROKEN},
        {"templates/job.j2": b"{% include name %}", "templates/p.j2": BROKEN},
        {"templates/job.j2": b"{# {% include 'p.j2' %} #}", "templates/p.j2": BROKEN},
        {"README.md": b"{{ {% }}"},
    ],
)
def test_a_broken_file_that_nothing_uses_is_nobody_s_business(alice, files):
    assert published(alice, files).latest_version == 1


@pytest.mark.parametrize(
    "template",
    [
        "{% if x %}", "{% endif %}", "{{ x| }}", "{{ x|nofilter }}", "{% nope %}", "{{ 'x }}", "{{ x is notest }}",
        "{% for %}{% endfor %}", "{% block a %}{% endblock %}{% block a %}{% endblock %}", "{{ 1 2 }}", "{% set %}",
        "{% include %}", "{{ x }", "{% raw %}x", "{# never ends",
    ],
)  # fmt: skip
def test_every_kind_of_broken_syntax_is_told_with_its_line(alice, template):
    if template == "{{ x }":
        template += "\n"
    with pytest.raises(TemplateProblem, match=r"^templates/job\.j2, line [1-3]: "):
        published(alice, {"templates/job.j2": b"\n" + template.encode()})


@pytest.mark.parametrize("template", ["{{ " + "(" * 5000 + ")" * 5000 + " }}", "{% if a %}" * 3000 + "{% endif %}" * 3000,
                                      "{{ a" + ".b" * 20_000 + " }}", "{{ " + "not " * 20_000 + "a }}", "{{ [" * 1 + "[" * 3000])  # fmt: skip
def test_a_template_that_is_nested_too_deeply_is_refused(alice, template):
    with pytest.raises(TemplateProblem):
        published(alice, {"templates/job.j2": template.encode()})


def test_a_program_may_choose_its_template_when_it_runs(alice):
    folder = {
        "jobbergate.yaml": b"jobbergate_config: {}", "jobbergate.py": b"", "templates/a": BROKEN, "templates/b": b"ok",
    }  # fmt: skip

    assert published(alice, folder).version().kind == "programmed"


def test_what_a_program_s_configuration_names_has_to_be_right(alice):
    folder = {
        "jobbergate.yaml": b"jobbergate_config: {default_template: a}",
        "jobbergate.py": b"",
        "templates/a": BROKEN,
    }

    with pytest.raises(TemplateProblem, match=r"^templates/a, line 2: "):
        published(alice, folder)
