"""What the Makefile and the README say of its targets."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def phony() -> list[str]:
    found = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert found
    return found[1].split()


def test_make_alone_lists_every_target_with_what_it_does():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^make (\w+) — \S", listed, re.MULTILINE) == phony()


def test_the_readme_names_no_target_that_is_not_there():
    named = set(re.findall(r"`make (\w+)`", (ROOT / "README.md").read_text()))
    assert {"demo", "test", "stop"} <= named <= set(phony())


def test_ci_runs_what_everybody_runs():
    assert "make test" in (ROOT / ".ci/run").read_text()
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
