"""python -m benchmarks.cli    `jobbergate --help` beside `python -c "import click"`"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.timing import alternating, heading, line, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS, WANTED = 40, 1.5


def process(*command: str) -> Callable[[], object]:
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    program = Path(sys.executable).parent / "jobbergate"
    if not program.exists():
        raise SystemExit(f"There is no {program}; `make env` installs it.")
    ours, limit = process(str(program), "--help"), process(sys.executable, "-c", "import click")
    alternating(ours, limit, 3)  # what was not in the file cache is now
    mine, theirs = alternating(ours, limit, PAIRS)
    ratio = mine / theirs
    heading("The command line's start", ["", "ours, ms", "limit, ms", "times", "wanted"])
    figures = [f"{mine * 1000:.0f}", f"{theirs * 1000:.0f}", f"{ratio:.2f}", f"{WANTED} {verdict(ratio <= WANTED)}"]
    line(["jobbergate --help", *figures])


if __name__ == "__main__":
    main()
