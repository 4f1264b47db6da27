"""A template reaches its values, and nothing of ours."""

import pytest

from applications.rendering import UndefinedVariable
from applications.templates import TemplateProblem
from tests.applications.rendered import text

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ x.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ x|attr('__class__') }}",
    "{{ x|attr('__cl' ~ 'ass__') }}",
    "{{ [x]|map(attribute='__class__')|list }}",
    "{{ [x]|map('attr', '__class__')|list }}",
    "{{ [x]|groupby('__class__') }}",
    "{{ [x]|sum(attribute='__class__') }}",
    "{{ [x]|selectattr('__class__')|map('string')|first.__globals__ }}",
    "{{ '{0.__class__.__init__}'.format(x) }}",
    "{{ '{x.__class__}'.format_map({'x': x}) }}",
    "{{ ('{0.__class__}'|attr('format'))(x) }}",
    "{{ ['{0.__class__}'.format]|map('string')|list|first }}{{ ('{0.__class__.__mro__}'.format)(x) }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ joiner.__init__.__globals__.os }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ range.__self__ }}{{ range.__func__ }}{{ range.__globals__ }}",
    "{{ dict.__base__.__subclasses__() }}",
    "{{ dict.mro() }}",
    "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "{% for a in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% for a in [1] %}{{ loop._context }}{% endfor %}",
    "{{ (x for x in [1]).gi_frame }}",
    "{{ ([1]|map('string')).gi_frame.f_globals }}",
    "{{ ([1]|map('string')).gi_code }}",
    "{{ data.__init__.__globals__ }}",
    "{{ data.items().__class__ }}",
    "{{ undefined_thing.__class__ }}",
    "{% set n = namespace() %}{{ n.__init__.__globals__ }}",
    "{% import 'job.sh.j2' as me %}{{ me.__init__.__globals__ }}",
    "{{ config }}{{ request }}{{ settings.SECRET_KEY }}",
    "{{ open('/etc/passwd').read() }}",
    "{{ __import__('os').system('id') }}",
    "{{ environment }}{{ context }}",
    "{{ look.__globals__ }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_a_way_out_is_closed(template):
    with pytest.raises((TemplateProblem, UndefinedVariable)) as refusal:
        text(template, {"x": "value"})

    assert refusal.value.detail.startswith("templates/job.sh.j2, line 1: ")


@pytest.mark.parametrize("template", ESCAPES)
def test_a_way_out_leads_nowhere_where_holes_are_blanks(template):
    try:
        made = text(template, {"x": "value"}, undefined="warn")
    except (TemplateProblem, UndefinedVariable):
        return

    assert not any(word in made for word in ("<class", "<module", "<function", "<method", "root:", "uid=", "0x7f"))


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
