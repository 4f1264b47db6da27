"""What the pages say exists: files, make targets, variables, commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import jobbergate
from jobbergate import settings
from tests.docs.pages import DOCS, PAGES, README, ROOT, anchors, blocks, cells, links

VARIABLE = re.compile(r"JOBBERGATE_[A-Z_]*[A-Z]")
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@by_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link).resolve() for link in links(README)}

    assert {page for page in PAGES if page != README} - linked == set()


@by_page
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    code = [block.text for block in blocks(page)] + re.findall(r"`([^`\n]+)`", page.read_text())

    named = {word for text in code for word in re.findall(r"^make ([a-z]+)$", text, re.M)}

    assert named <= targets


@by_page
def test_variables_exist(page: Path) -> None:
    sources = [*(ROOT / "cli").rglob("*.py"), *(ROOT / "dev").rglob("*.py"), ROOT / "jobbergate/settings.py"]
    known = {name for source in sources for name in VARIABLE.findall(source.read_text())}
    known |= set(settings.ENVIRONMENT.known)

    assert set(VARIABLE.findall(page.read_text())) <= known


def test_the_operators_page_has_every_setting_and_no_other() -> None:
    names = [row[0].strip("`") for row in cells(DOCS / "operators.md", "Settings") if row[0].startswith("`")]

    assert sorted(names) == sorted(set(settings.ENVIRONMENT.known))


def test_the_production_settings_are_those_that_the_lint_step_checks() -> None:
    from dev.check import PRODUCTION

    lines = "\n".join(block.text for block in blocks(DOCS / "operators.md"))

    assert [name for name in PRODUCTION if f"\n{name}=" not in f"\n{lines}"] == []


# --- commands -------------------------------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every `jobbergate …` in the page's shell blocks."""
    for block in blocks(page):
        text = block.text.replace("\\\n", " ") if block.language == "sh" else ""
        for line in text.splitlines():
            for command in re.findall(r"(?:^|\$\()(jobbergate [^)]*)", line.strip()):
                words = shlex.split(re.sub(r"\$\w+", "1", command), comments=True)
                end = next((index for index, word in enumerate(words) if word in (">", ">>", "|", "<")), None)
                yield words[1:end]


def refusal(words: list[str]) -> str:
    """What the client has against these words, read down to the last command; folders need not be there."""
    command: click.Command = jobbergate
    context = click.Context(jobbergate, info_name="jobbergate")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no {words[0]}"
        command, words = found, words[1:]
    try:
        command.make_context("jobbergate", words)
    except click.UsageError as problem:
        return "" if "does not exist" in str(problem) else str(problem)
    return ""


@by_page
def test_commands_can_be_given_as_they_are_shown(page: Path) -> None:
    refused = {" ".join(words): why for words in commands(page) if (why := refusal(words))}

    assert refused == {}


def test_commands_are_found_in_the_pages() -> None:
    assert sum(len(list(commands(page))) for page in PAGES) > 60
