"""Which files become part of a job script, and under which names."""

import pytest

from applications.config import parse
from applications.rendering import NotedUndefined, render
from applications.templates import TemplateProblem, TemplateSet
from tests.applications.rendered import as_bytes


def rendered(config: str, **files: str | bytes) -> tuple[str, dict[str, bytes]]:
    """Entrypoint and files; `__` in a keyword stands for a slash, `_` before a suffix for its dot."""
    yaml = f"jobbergate_config: {{{config}}}\nquestions: []\n".encode()
    named = {name.replace("__", "/").replace("_", "."): as_bytes(content) for name, content in files.items()}
    done = render(TemplateSet({"jobbergate.yaml": yaml, **named}, parse(yaml), NotedUndefined), {})
    return done.entrypoint, done.files


def refusal(config: str, **files: str | bytes) -> str:
    with pytest.raises(TemplateProblem) as refused:
        rendered(config, **files)
    return refused.value.detail


@pytest.mark.parametrize("name", ["job.sh.j2", "templates/job.sh.j2"])
def test_the_default_template_is_named_with_or_without_its_folder(name):
    files = {"templates__job_sh_j2": "1", "templates__other": "2"}

    assert rendered(f"default_template: {name}", **files) == ("job.sh", {"job.sh": b"1"})


def test_a_sole_template_needs_no_naming():
    assert rendered("", templates__a_sh_jinja2="1", README_md="2") == ("a.sh", {"a.sh": b"1"})


def test_a_template_is_sole_beside_supporting_and_verbatim_files():
    files = {"templates__a": "1", "templates__b": "2", "templates__c": "3"}

    assert rendered("supporting_files: [b], verbatim_files: [c]", **files) == ("a", {"a": b"1", "b": b"2", "c": b"3"})


def test_several_templates_have_to_be_named():
    words = "jobbergate.yaml: name the default_template; there is templates/a, templates/b."

    assert refusal("", templates__a="1", templates__b="2") == words
    assert refusal("", a="1") == "jobbergate.yaml: name the default_template; there is no file below templates/."


def test_a_template_may_stand_outside_of_its_folder():
    assert rendered("default_template: job_sh".replace("_sh", ".sh"), job_sh="1") == ("job.sh", {"job.sh": b"1"})


@pytest.mark.parametrize("key", ["default_template", "supporting_files", "verbatim_files"])
def test_a_file_that_is_not_there_is_named(key):
    value = "[nope]" if key.endswith("s") else "nope"

    assert refusal(f"{key}: {value}", templates__a="1") == (
        "jobbergate.yaml: there is no template 'nope'; there are: templates/a."
    )


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ("{}", {"job", "sub/b.sh"}),
        ("{sub/b.sh.j2: c}", {"job", "c"}),
        ("{templates/sub/b.sh.j2: c}", {"job", "c"}),
        ("{sub/b.sh.j2: [c, deep/er/d.txt]}", {"job", "c", "deep/er/d.txt"}),
        ("{sub/b.sh.j2: ~, job.j2: run.sh}", {"run.sh", "sub/b.sh"}),
        ("{nobody: knows}", {"job", "sub/b.sh"}),
        ("{sub/b.sh.j2: ./x//y}", {"job", "x/y"}),
    ],
)
def test_output_names_are_a_text_or_a_list_with_folders_in_them(names, written):
    config = f"default_template: job.j2, supporting_files: [sub/b.sh.j2], supporting_files_output_name: {names}"

    assert set(rendered(config, templates__job_j2="1", templates__sub__b_sh_j2="2")[1]) == written


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\b", "'a\\nb'"])
def test_an_output_name_cannot_leave_the_folder(name):
    config = f"default_template: job.j2, supporting_files_output_name: {{job.j2: {name}}}"

    assert refusal(config, templates__job_j2="1").startswith("jobbergate.yaml: output name of templates/job.j2: ")


@pytest.mark.parametrize(
    "config",
    [
        "supporting_files: [b], supporting_files_output_name: {b: job}",
        "supporting_files: [b], supporting_files_output_name: {b: [x, x]}",
        "supporting_files: [b, b]",
        "supporting_files: [b], verbatim_files: [templates/b]",
    ],
)
def test_two_files_cannot_have_one_name(config):
    detail = refusal(f"default_template: job.j2, {config}", templates__job_j2="1", templates__b="2")

    assert detail.startswith("Two files would be written as ")


def test_a_file_cannot_stand_where_another_one_s_folder_is():
    config = "default_template: job.j2, supporting_files: [b], supporting_files_output_name: {b: job/b}"

    assert "'job'" in refusal(config, templates__job_j2="1", templates__b="2")


def test_the_entrypoint_among_the_supporting_files_is_written_once():
    assert rendered("default_template: job.j2, supporting_files: [job.j2, templates/job.j2]", templates__job_j2="1") == (
        "job", {"job": b"1"},
    )  # fmt: skip


def test_a_supporting_file_that_is_not_text_is_carried_unchanged():
    config = "default_template: job.j2, supporting_files: [b.bin.j2]"

    assert rendered(config, templates__job_j2="1", templates__b_bin_j2=b"\xff{{ x }}")[1] == {
        "job": b"1", "b.bin": b"\xff{{ x }}",
    }  # fmt: skip


def test_verbatim_files_are_carried_unchanged_under_their_own_names():
    config = "default_template: job.j2, verbatim_files: [b.j2, input.dat]"

    assert rendered(config, templates__job_j2="1", templates__b_j2=b"{{ x }}\r\n", input_dat=b"\x00\xff")[1] == {
        "job": b"1", "b.j2": b"{{ x }}\r\n", "input.dat": b"\x00\xff",
    }  # fmt: skip


def test_the_entrypoint_has_to_be_text():
    assert (
        refusal("default_template: job.j2", templates__job_j2=b"\xff")
        == "templates/job.j2: the entrypoint is not UTF-8."
    )


def test_what_is_not_used_may_be_broken():
    files = {"templates__job_j2": "1", "templates__broken": "{% if %}", "notes_txt": "{{", "src__x_c": b"\xff{{"}

    assert rendered("default_template: job.j2", **files) == ("job", {"job": b"1"})
