"""What has to hold before a change is done.

    python -m dev.check lint      format, lint, types, imports, migrations, production settings
    python -m dev.check quick     and the tests that need neither root nor Slurm, on SQLite
    python -m dev.check all       and all that use a database on PostgreSQL, and those with a real Slurm, as far as
                                  this machine has them

Everything runs, also after a failure; then the last line tells what failed, and the exit code that something did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from dev import postgres, slurm_cluster
from dev.machine import temporary_directory
from dev.processes import UnavailableError, end_in_order, run_together

PROGRAMS = Path(sys.executable).parent
MANAGE = (sys.executable, "manage.py")
# More would each have a database and a Slurm of their own.
PYTEST = (sys.executable, "-m", "pytest", "--numprocesses=auto", "--maxprocesses=4")
# As a shell has it for Ctrl-C.
INTERRUPTED = 130
# As docs/operators.md has it.
PRODUCTION = {"JOBBERGATE_ALLOWED_HOSTS": "jobbergate.example.org", "JOBBERGATE_HTTPS": "1"}


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


LINT = (
    Step("format", (f"{PROGRAMS}/ruff", "format", "--check", "--quiet", ".")),
    Step("lint", (f"{PROGRAMS}/ruff", "check", "--quiet", ".")),
    Step("types", (f"{PROGRAMS}/mypy",)),
    Step("imports", (f"{PROGRAMS}/lint-imports",)),
    Step("migrations", (*MANAGE, "makemigrations", "--check", "--dry-run")),
    Step("production settings", (*MANAGE, "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
)


def clean_environment(data: Path) -> dict[str, str]:
    """Ours without what would make a run differ from another's: settings of Jobbergate and of Slurm."""
    foreign = ("JOBBERGATE_", "SLURM_", "SBATCH_", "SQUEUE_", "SACCT_", "SCANCEL_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "JOBBERGATE_DATA_DIR": str(data)}


def take(steps: Iterable[Step], environment: Mapping[str, str]) -> list[str]:
    """The names of the steps that failed; only they say more than a line."""

    def outcome(step: Step) -> str | None:
        start = time.monotonic()
        done = subprocess.run(
            step.command,
            env={**environment, **step.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        word = "failed" if done.returncode else "ok"
        output = f"\n{done.stdout}" if done.returncode else ""
        say(f"{step.name}: {word}, {time.monotonic() - start:.1f} s{output}")
        return step.name if done.returncode else None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [name for name in pool.map(outcome, steps) if name]


def lint(environment: Mapping[str, str]) -> list[str]:
    return take(LINT, environment)


def tests(name: str, environment: Mapping[str, str], *arguments: str) -> list[str]:
    say(f"\n{name}:")
    (code,) = run_together([([*PYTEST, *arguments], environment)])
    return [name] if code else []


def slurm_tests(name: str, *environments: Mapping[str, str]) -> list[str]:
    """In two halves side by side, for they wait for Slurm more than they work; each has a Slurm and a database.

    Within a half one after another: they stop daemons, and measure what becomes of jobs by the clock.
    """
    say(f"\n{name}, in two halves:")
    commands = [
        ([*PYTEST, "-m", "slurm", "--numprocesses=0", f"--half={half}"], environment)
        for half, environment in enumerate(environments, start=1)
    ]
    codes = run_together(commands)
    return [f"{name}, half {half}" for half, code in enumerate(codes, start=1) if code]


def quick_tests(environment: Mapping[str, str]) -> list[str]:
    return tests("tests on SQLite", environment, "-m", "not slurm")


def all_tests(environment: Mapping[str, str]) -> list[str]:
    """What the quick tests left out, as far as it is possible here."""
    slurm = why_not(lambda: slurm_cluster.check(accounting=True))
    database = why_not(postgres.binaries)
    if slurm:
        say(f"\n{slurm}: the tests that need a real Slurm are left out.")
    if database:
        say(f"\n{database}: the tests on PostgreSQL are left out.")
        return [] if slurm else slurm_tests("tests with Slurm", environment, environment)
    with postgres.throw_away() as server:
        # Tests call their database after the one that is named, so that another name is another database.
        first, second = (
            {**environment, "JOBBERGATE_DATABASE_URL": url} for url in (server.url(), server.url("second"))
        )
        failed = tests("tests on PostgreSQL", first, "-m", "not slurm", "--database-only")
        if slurm:
            return failed
        return failed + slurm_tests("tests on PostgreSQL with Slurm", first, second)


def why_not(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except UnavailableError as reason:
        return str(reason)
    return None


def say(sentence: str) -> None:
    print(sentence, flush=True)


PARTS = {"lint": (lint,), "quick": (lint, quick_tests), "all": (lint, quick_tests, all_tests)}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in PARTS:
        print(__doc__, file=sys.stderr)
        return 2
    end_in_order()
    start = time.monotonic()
    try:
        with temporary_directory("jobbergate-check") as data:
            failed = [name for part in PARTS[arguments[0]] for name in part(clean_environment(data))]
    except KeyboardInterrupt:
        return INTERRUPTED
    # Where all is well, the last word is pytest's own.
    if failed:
        say(f"\nFailed: {', '.join(failed)} ({time.monotonic() - start:.0f} s).")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
