"""Jobbergate to try: server, person, examples, and one of them run on a real Slurm.

    python -m dev.demo up       `make demo`; safe to repeat. JOBBERGATE_DEMO_STOP=1 stops at its end what it started.
    python -m dev.demo stop     `make stop`
    python -m dev.demo clean    and remove what it kept: var/demo and the Slurm's directory

Each step is told with the command that does it, to be learned from and repeated. JOBBERGATE_DEMO_PORT (8000) is where
the server listens; another port is taken when that one is not free.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress

from dev import demo_slurm
from dev.demo_steps import (
    OF_THE_CLIENT,
    OF_THE_SERVER,
    PASSWORD,
    PROGRAMS,
    ROOT,
    STATE,
    StepFailedError,
    client_environment,
    quote,
    say,
    server_environment,
    silently,
    step,
)
from dev.machine import free_port, listening
from dev.processes import Daemon, DaemonError, UnavailableError

JOBS = STATE / "jobs"
SERVER = Daemon("server", STATE)
PERSON = "demo"
# The one that is run: it needs a second and a core.
FIRST = "estimate-pi"


# --- the server ------------------------------------------------------------------------------------------------------


def prepare_database() -> None:
    step("The database, SQLite:", "python", "manage.py", "migrate", "--verbosity=0", environment=server_environment())


def add_person() -> None:
    environment = {**server_environment(), "DJANGO_SUPERUSER_PASSWORD": kept_password()}
    options = ("--noinput", f"--username={PERSON}", f"--email={PERSON}@example.org")
    sentence = f"A person, {PERSON}, who may use the admin too:"
    try:
        step(sentence, "python", "manage.py", "createsuperuser", *options, environment=environment)
    except StepFailedError as failure:
        if "already taken" not in str(failure):
            raise
        say("  is there from the last time.")


def kept_password() -> str:
    if not PASSWORD.exists():
        PASSWORD.touch(mode=0o600)
        PASSWORD.write_text(secrets.token_urlsafe(12))
    return PASSWORD.read_text()


def start_server() -> str:
    """Starts it anew, since the code may be newer than the one that runs; returns its address."""
    SERVER.stop()
    port = choose_port()
    command = ("python", "manage.py", "serve", f"--port={port}", "--workers=1")
    say(f"\nThe server, in the background:\n  $ {shlex.join(command)}")
    SERVER.start([PROGRAMS / command[0], *command[1:]], environment=server_environment(), cwd=ROOT)
    SERVER.wait_until(lambda: is_ready(port), 30)
    (STATE / "port").write_text(str(port))
    return f"http://127.0.0.1:{port}"


def choose_port() -> int:
    text = os.environ.get("JOBBERGATE_DEMO_PORT") or last_port() or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UnavailableError(f"JOBBERGATE_DEMO_PORT: {text!r} is not accepted; give a port from 1 to 65535")
    return free_port() if listening(int(text)) else int(text)


def last_port() -> str:
    with suppress(FileNotFoundError):
        return (STATE / "port").read_text()
    return ""


def is_ready(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


# --- the client ------------------------------------------------------------------------------------------------------


def sign_in(server: str) -> None:
    command = ("jobbergate", "login", "--server", server, "--username", PERSON)
    step("Sign in:", *command, environment=client_environment({}))


def publish_examples() -> None:
    """What is there already becomes a new version only if its folder has changed."""
    environment = client_environment({})
    names = sorted(folder.parent.name for folder in (ROOT / "examples").glob("*/jobbergate.yaml"))
    there = silently("jobbergate", "applications", "list", "--output", "json", environment=environment)
    published = {row["identifier"] for row in json.loads(there)}
    for name in names:
        folder = f"examples/{name}"
        how = ("update", name, folder) if name in published else ("create", folder, "--identifier", name)
        step(f"Publish {folder}:", "jobbergate", "applications", *how, "--trust", environment=environment)


def show_script(name: str) -> None:
    command = ("jobbergate", "job-scripts", "preview", name, "--fast", "--trust")
    quote(step("What its job script will be:", *command, environment=client_environment({})))


def make_script(name: str) -> None:
    command = ("jobbergate", "run", name, "--fast", "--trust", "--no-submit")
    step("Make the job script:", *command, environment=client_environment({}))


def run_script(name: str, slurm: Mapping[str, str]) -> None:
    JOBS.mkdir(exist_ok=True)
    command = ("jobbergate", "run", name, "--fast", "--wait", "--trust", "-d", str(JOBS.relative_to(ROOT)))
    sentence = "Make the job script, submit it to Slurm, wait for its end:"
    told = step(sentence, *command, "--output", "json", environment=client_environment(slurm))
    submission = json.loads(told)
    say(f"  Slurm job {submission['slurm_job_id']} is {submission['status']}. Its output:")
    quote(demo_slurm.output_of(submission["slurm_job_id"], slurm).read_text(errors="replace"))


# --- all of it -------------------------------------------------------------------------------------------------------


def up() -> None:
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    how_to_repeat()
    prepare_database()
    add_person()
    server = start_server()
    sign_in(server)
    publish_examples()
    show_script(FIRST)
    try:
        slurm = demo_slurm.find_or_start(say)
    except UnavailableError as reason:
        make_script(FIRST)
        say(f"  It is not run: {reason}.")
    else:
        run_script(FIRST, slurm)
    if os.environ.get("JOBBERGATE_DEMO_STOP") == "1":
        stop()
    else:
        where_next(server)


def how_to_repeat() -> None:
    own = {**OF_THE_SERVER, **OF_THE_CLIENT}
    say("Each step with its command. To give such commands yourself, first:\n  $ . .venv/bin/activate")
    say(f"  $ export {' '.join(f'{name}={shlex.quote(value)}' for name, value in own.items())}")


def where_next(server: str) -> None:
    say(f"""
Where to look next:
  {server}/admin/   everything as rows; sign in as {PERSON}, password in {PASSWORD.relative_to(ROOT)}
  {server}/docs/    the API, to read and to try
  $ jobbergate job-submissions list
  $ jobbergate --help

Still running: {", ".join(running())}.
Stop all of it with: make stop""")


def running() -> list[str]:
    server = [f"the server (pid {pid}, log {SERVER.log.relative_to(ROOT)})"] if (pid := SERVER.pid()) else []
    return server + demo_slurm.running()


def stop() -> None:
    names = running()
    SERVER.stop()
    demo_slurm.stop()
    say(f"\nStopped {', '.join(names)}." if names else "Nothing of the demo runs.")


def clean() -> None:
    stop()
    demo_slurm.remove()
    shutil.rmtree(STATE, ignore_errors=True)


def main(arguments: list[str]) -> int:
    actions = {"up": up, "stop": stop, "clean": clean}
    if len(arguments) != 1 or arguments[0] not in actions:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        actions[arguments[0]]()
    except (StepFailedError, DaemonError, UnavailableError, OSError, KeyboardInterrupt) as failure:
        left = f"Still running: {', '.join(names)}; `make stop` stops it." if (names := running()) else ""
        print(f"\n{str(failure) or 'Interrupted.'}\n{left}".rstrip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
