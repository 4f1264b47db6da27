"""Many scripts as one Slurm array: whether they can be, and the script that starts each of them in its task. Pure.

sbatch reads the directives of one script for all tasks, so only scripts with the same directives can be tasks of one
array. Each task goes to a folder of its own and becomes its own script, with the interpreter that the script names.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jobscripts.sbatch import directives, pbs
from jobscripts.sbatch.quoting import quoted

# Of Slurm's own, an old way to write #SBATCH.
OLD = "#SLURM"
ARRAY, OUTPUT, ERROR, INPUT, CHDIR = "array", "output", "error", "input", "chdir"
# Of sbatch's patterns: the task's index, its own job id, and both with the array's.
OF_A_TASK = re.compile(r"%\d*[ajJ]")
INDEXES = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?(?::(\d{1,9}))?")

LAUNCHER = """\
#!/bin/sh
{directives}
# {title}: each task becomes one point's own script, in that point's own folder.
point="$SLURM_SUBMIT_DIR"/{folder}"$SLURM_ARRAY_TASK_ID"
if [ . -ef "$SLURM_SUBMIT_DIR" ]; then
  cd "$point" || exit
fi
IFS= read -r interpreter < "$point"/{script}
set -f
exec ${{interpreter#??}} "$point"/{script}
"""


@dataclass(frozen=True)
class Launcher:
    """What runs the points from `first` on as one array: the script, and the folder that each index is appended to."""

    first: int
    size: int
    entrypoint: str

    @property
    def folder(self) -> str:
        """The point itself, where the array's indexes count from another one: `points/999+5`."""
        return f"points/{self.first}+" if self.first else "points/"

    def path(self, point: int, path: str) -> str:
        return f"{self.folder}{point - self.first}/{path}"

    def directory(self, point: int) -> str:
        return f"{self.folder}{point - self.first}"

    def script(self, one: str, title: str, limit: int | None = None) -> str:
        """`one` is the script of any of the points."""
        lines = [*directive_lines(one), *self.overriding(one, limit)]
        name = quoted(self.entrypoint.rpartition("/")[2])
        return LAUNCHER.format(
            directives="\n".join([f"{directives.PREFIX} --job-name={name}", *lines]),
            title=" ".join(title.split()),
            folder=self.folder,
            script=shlex.quote(self.entrypoint),
        )

    def overriding(self, one: str, limit: int | None) -> Iterator[str]:
        at_once = f"%{limit}" if limit else ""
        yield f"{directives.PREFIX} --array=0-{self.size - 1}{at_once}"
        elsewhere = value(one, CHDIR) is not None
        own = f"{self.folder}%a"
        for option, default in ((OUTPUT, "slurm-%A_%a.out"), (ERROR, None), (INPUT, None)):
            written = value(one, option)
            if written is None and default is not None and not elsewhere:
                yield directives.write(f"--{option}={own}/{default}")
            if written is None or OF_A_TASK.search(written) or written == "/dev/null":
                continue
            if not written.startswith("/") and not elsewhere:
                yield directives.write(f"--{option}={own}/{written}")
            elif option != INPUT:
                yield directives.write(f"--{option}={with_index(written)}")


def with_index(path: str) -> str:
    """A file of its own for each task, beside the one that all would write to."""
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}-%a.{suffix}" if dot and "/" not in suffix and not stem.endswith("/") else f"{path}-%a"


def chunks(size: int, most: int) -> Iterator[tuple[int, int]]:
    """First and size of each array, about as large as each other, and none larger than `most`."""
    number = -(-size // most)
    for place in range(number):
        first, after = place * size // number, (place + 1) * size // number
        yield first, after - first


def indexes(expression: str) -> Iterator[int]:
    """`3,7-9%2` is 3, 7, 8, 9."""
    for match in INDEXES.finditer(expression.partition("%")[0]):
        first, last, step = (int(number or 0) for number in match.groups())
        yield from range(first, max(last, first) + 1, step or 1)


def alike(scripts: Iterable[str]) -> bool:
    """Whether sbatch would read the same in all of them, and they are no arrays already."""
    said = {readable(script) for script in scripts}
    return len(said) == 1 and None not in said


def readable(script: str) -> tuple[tuple[str, ...], ...] | None:
    """The words of each directive; None where there are some that only sbatch itself should read."""
    if not script.startswith("#!") or "\r" in script or "\0" in script:
        return None
    found = directives.read(script)
    if any(line.startswith(OLD) for _, line in directives.header(script)) or any(pbs.read(script).values()):
        return None
    if len(directives.components(found)) > 1 or value(script, ARRAY) is not None:
        return None
    return tuple(one.words for one in found)


def directive_lines(script: str) -> list[str]:
    lines = script.split("\n")
    return [lines[one.line - 1] for one in directives.read(script)]


def value(script: str, option: str) -> str | None:
    """The last value of an option among a script's directives."""
    return value_of([word for one in directives.read(script) for word in one.words], option)


def value_of(words: Sequence[str], option: str) -> str | None:
    return next((one.value for one in reversed(directives.given(words)) if one.name == option), None)
