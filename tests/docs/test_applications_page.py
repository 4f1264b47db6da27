"""docs/applications.md says what the server reads, and its examples can be published."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from applications import config, config_schema
from applications.conditions import COMPARING, JOINING
from applications.models import Application
from applications.questions import TYPES
from applications.reading import KEYS
from applications.versions import ApplicationVersion
from cli.asking import NobodyToAsk
from cli.compatibility import QUESTIONS, modules
from cli.folder import LEFT_OUT, read_folder
from cli.workflow import capture_form, run_application
from jobscripts.models import JobScript
from tests.docs.pages import DOCS, blocks, cells

PAGE = DOCS / "applications.md"


def first_words(heading: str) -> list[str]:
    """What stands as code in the first cells of a section's tables."""
    return [word.strip("`") for row in cells(PAGE, heading) for word in row[0].split(", ") if word.startswith("`")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for block in blocks(PAGE):
        if block.file:
            file = tmp_path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
    return tmp_path


def test_every_key_of_the_configuration_is_explained() -> None:
    known = {*config.TEXTS, *config.LISTS, "supporting_files_output_name", "undefined"}

    assert set(first_words("jobbergate_config")) == known


def test_every_key_and_type_of_a_question_is_explained() -> None:
    assert sorted(first_words("questions")) == sorted([*KEYS, *TYPES])


def test_every_class_of_a_program_is_explained() -> None:
    named = {row[0].strip("`").partition("(")[0] for row in cells(PAGE, "Programs")}

    assert set(QUESTIONS) - {"QuestionBase"} <= named


def test_every_module_that_programs_import_is_explained() -> None:
    named = {row[0].strip("`") for row in cells(PAGE, "Programs")}

    assert {name for name, module in modules().items() if not hasattr(module, "__path__")} <= named


def test_what_is_left_out_of_a_folder_is_named() -> None:
    assert [name for name in LEFT_OUT if f"`{name}`" not in PAGE.read_text()] == []


def test_the_complete_example_can_be_published_and_rendered(folder: Path, alice: User) -> None:
    application = Application.create(read_folder(folder / "example"), alice, name="example")
    answers = next(json.loads(block.text) for block in blocks(PAGE) if block.language == "json")

    script = JobScript.render(alice, application.version(), answers)

    assert script.warnings == []
    assert sorted(script.read_files()) == ["input/case.yaml", "plot.awk", "solve.sh"]
    assert script.read_file("input/case.yaml") == b"mesh: /data/wing.msh\nmodel: kw\n"
    assert script.read_file("plot.awk") == b"{ print $1, log($2) }  # {{ no template }}\n"
    assert script.read_entrypoint().splitlines()[1:4] == [
        "#SBATCH --nodes=4",
        "#SBATCH --job-name=solve",
        "srun /opt/solver/bin/solve input/case.yaml",
    ]


def test_the_example_of_sections_asks_what_it_says(folder: Path, alice: User) -> None:
    application = Application.create(read_folder(folder / "sections"), alice, name="sections")

    plain = JobScript.render(alice, application.version(), {"solver": "jacobi"})
    again = JobScript.render(alice, application.version(), {"restart": True, "restart_from": "/scratch/7"})

    assert plain.read_entrypoint() == "#!/bin/bash\nsrun solve --with jacobi\n"
    assert again.read_entrypoint() == (
        "#!/bin/bash\n#SBATCH --job-name=run --mem=8G\ncd /scratch/7\nsrun solve --with cg\n"
    )


def test_the_published_schema_is_the_parser_s() -> None:
    """`python -m applications.config_schema > docs/jobbergate.schema.json` writes it; `make docs` does."""
    assert (DOCS / "jobbergate.schema.json").read_text(encoding="utf-8") == config_schema.as_text()


def test_every_condition_is_explained() -> None:
    shapes = " ".join(row[0] for row in cells(PAGE, "Conditions"))

    assert [word for word in (*COMPARING, *JOINING) if f"{word}:" not in shapes] == []


def test_the_test_of_the_complete_example_is_one_that_passes(folder: Path) -> None:
    files = read_folder(folder / "example")
    version = ApplicationVersion.from_files(files, None)

    found = {result.name: result.status for result in version.results(files, defaults=True)}
    wrong = {**files, "tests/small/expected/solve.sh": files["tests/small/expected/solve.sh"].replace(b"=2", b"=1")}
    shown = next(block.text for block in blocks(PAGE) if block.text.startswith("A declarative application"))

    assert found == {"defaults": "skipped", "small": "passed"}
    assert f": {len(files)} files, 5 questions." in shown
    defaults, small = version.results(wrong, defaults=True)
    assert f"defaults  skipped  {defaults.message}\n" in shown
    assert f"small     failed   {small.message}\n" in shown
    assert "".join(f"    {line}\n" for line in small.differences[0].diff.splitlines()) in shown


def test_the_program_can_be_published_and_run(folder: Path, alice: User) -> None:
    program = folder / "program"
    application = Application.create(read_folder(program), alice, capture_form(program), name="program")

    outcome = run_application(program, {"mail": True, "address": "alice@example.org"}, fast=True, asker=NobodyToAsk())
    script = JobScript.render(alice, application.version(), outcome.answers, computed=outcome.computed)

    assert (script.name, script.warnings) == ("wing on 1 nodes", [])
    assert script.read_entrypoint() == (
        "#!/bin/bash\n#SBATCH --nodes=1\n#SBATCH --time=2:00:00\n"
        "#SBATCH --mail-type=END --mail-user=alice@example.org\nsrun solve wing\n"
    )
