"""How the demo does a step and tells it: the command, in the environment of this demo alone."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / "var/demo"
PASSWORD = STATE / "password"
OF_THE_SERVER = {"JOBBERGATE_DATA_DIR": str(STATE)}
OF_THE_CLIENT = {"JOBBERGATE_CONFIG_DIR": str(STATE / "client"), "JOBBERGATE_PASSWORD_FILE": str(PASSWORD)}
PROGRAMS = Path(sys.executable).parent


class StepFailedError(Exception):
    """A step's command failed; the message is what it said."""


def say(sentence: str = "") -> None:
    print(sentence, flush=True)


def step(sentence: str, *command: str, environment: Mapping[str, str]) -> str:
    """Tells what is done and how, does it, and returns what the command wrote."""
    say(f"\n{sentence}\n  $ {shlex.join(command)}")
    return silently(*command, environment=environment)


def silently(*command: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [PROGRAMS / command[0], *command[1:]],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StepFailedError(f"{done.stdout}{done.stderr}".strip())
    return done.stdout


def quote(text: str) -> None:
    say("\n".join(f"  | {line}".rstrip() for line in text.strip().splitlines()))


def server_environment() -> dict[str, str]:
    """Of this demo alone: settings of the caller's own server do not count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JOBBERGATE_", "DJANGO_"))}
    return {**kept, **OF_THE_SERVER}


def client_environment(slurm: Mapping[str, str]) -> dict[str, str]:
    return {**server_environment(), **OF_THE_CLIENT, **slurm}
