"""What has to be there before an agent can begin, and what it says of itself."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from cli.agent.identity import Accounts, OnlyMe, read_map
from cli.agent.pace import BackOff, Pace, patiently
from cli.agent.rounds import Agent, Manner
from cli.errors import CliError, UsageProblem
from cli.output import printable
from cli.submitting import slurm_here

if TYPE_CHECKING:
    from cli.session import Session

# An answer to thousands of reports takes its time.
ANSWER_SECONDS = 60.0


def start(
    session: Session, *, mine: bool, map_file: Path | None, min_uid: int, floor: float, poll: float, once: bool
) -> None:
    accounts = OnlyMe() if mine else accounts_for_all(map_file, min_uid)
    refuse_wrong_user(mine=mine, map_file=map_file)
    slurm = slurm_here()
    if slurm is None:
        raise CliError("There is no sbatch on this machine; an agent runs on a login node of its cluster.")
    cluster = patiently(slurm.cluster_name, BackOff(floor, 60.0), say)
    manner = Manner(cluster, mine=mine, floor=floor, poll=poll)
    client = session.new_client(timeout=ANSWER_SECONDS)
    say(budget(manner))
    signal.signal(signal.SIGTERM, stop)
    Agent(client, slurm, accounts, manner, say, dict(os.environ)).run(once=once)


def accounts_for_all(map_file: Path | None, min_uid: int) -> Accounts:
    return Accounts(read_map(map_file) if map_file else None, min_uid)


def refuse_wrong_user(*, mine: bool, map_file: Path | None) -> None:
    if mine and os.getuid() == 0:
        raise UsageProblem("No job is submitted as root; leave out --mine to submit for others as themselves.")
    if not mine and os.geteuid() != 0:
        raise UsageProblem("To submit for others takes root; with --mine it submits for you alone.")
    if mine and map_file:
        raise UsageProblem("With --mine there is nobody to map; leave out --map.")


def budget(manner: Manner) -> str:
    most = f"{Pace(manner.floor, manner.floor).most_a_minute:g}"
    return (
        f"Slurm is asked at most {most} times a minute (squeue, and sacct where jobs have ended), and less while it is "
        "slow or nothing happens; sinfo twice and scontrol once a minute; sbatch and scontrol for each submission."
    )


def stop(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def say(sentence: str) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    click.echo(f"{at} {printable(sentence)}", file=sys.stderr)
