"""The pages of the documentation as data: blocks with what is marked of them, links, and sessions to be run."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README, DOCS = ROOT / "README.md", ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]

BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>.+?) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. The mark is the comment on the line before: what a test has to do with it."""

    language: str
    text: str
    mark: str

    @property
    def file(self) -> str | None:
        """The file that the block shows."""
        return self.mark.removeprefix("file ") if self.mark.startswith("file ") else None


def blocks(page: Path) -> list[Block]:
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(one["language"], dedented(one["text"], one["indent"]), one["mark"] or "") for one in found]


def dedented(text: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))


def prose(page: Path) -> str:
    """The page without its blocks."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    return [found for found in LINK.findall(prose(page)) if "://" not in found]


def anchors(page: Path) -> set[str]:
    """What `#…` of a link may name: headings, as they are turned into anchors."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def cells(page: Path, heading: str) -> list[list[str]]:
    """The rows of the tables below a heading."""
    section = re.split(r"^#+ ", page.read_text(encoding="utf-8").partition(f"# {heading}\n")[2], flags=re.M)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows]


# --- sessions -------------------------------------------------------------------------------------------------------


def shell_of(page: Path, *, slurm: bool) -> str:
    """One shell script of all that a reader of the page types, and of the files that they write."""
    return "\n".join(["set -euo pipefail", *lines_of(page, slurm=slurm)])


def lines_of(page: Path, *, slurm: bool) -> Iterator[str]:
    for block in blocks(page):
        if block.mark == "session" or (slurm and block.mark == "session with Slurm"):
            yield block.text
        elif block.mark == "session that fails":
            yield f"if {block.text.strip()}; then echo 'It did not fail.' >&2; exit 99; fi"
        elif block.file:
            yield f"mkdir -p {Path(block.file).parent}\ncat > {block.file} <<'END OF FILE'\n{block.text}END OF FILE"


def promised(page: Path, *, slurm: bool) -> list[str]:
    """What the page says that the session says."""
    marks = ("it says", "it says with Slurm") if slurm else ("it says",)
    return [line for block in blocks(page) if block.mark in marks for line in block.text.splitlines()]


def missing(page: Path, done: "subprocess.CompletedProcess[str]", *, slurm: bool) -> list[str]:
    said = done.stdout + done.stderr
    return [line for line in promised(page, slurm=slurm) if line not in said]
