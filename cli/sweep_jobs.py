"""The points of a sweep to Slurm, looked at, cancelled, and submitted again where they failed.

The server makes the submissions, as many as there is room for; here each is handed over as any other is. So whoever is
killed on the way leaves nothing that the next call does not go on with.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.client import at
from cli.errors import CliError, Unreachable
from cli.handover import hand_over, slug
from cli.observation import FINAL, is_here, refresh
from cli.slurm import SlurmSilent
from cli.submitting import (
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    Destination,
    directory_of,
    name_of,
    slurm_for,
    slurm_here,
    tell_of_silence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.session import Session
    from cli.slurm import Slurm

Sweep = dict[str, Any]
# When sbatch has refused so many and taken none, it will not take the others.
TRIES = 3


@dataclass(frozen=True)
class Manner:
    """How a sweep is to be submitted."""

    max_queued: int | None = None
    array_limit: int | None = None
    single: bool = False


def submit(session: Session, number: int, destination: Destination, manner: Manner) -> Sweep:
    """The sweep when all of it is in the queue, or waits for the cluster's agent."""
    slurm = slurm_for(destination.cluster)
    sweep = session.client.get(at("sweeps", number))
    body = wanted(sweep, destination, manner, slurm)
    return brought(session, sweep, slurm, "submit", body)


def wanted(sweep: Sweep, destination: Destination, manner: Manner, slurm: Slurm | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "via": "login_node" if slurm else "agent",
        "sbatch_arguments": [*destination.sbatch_arguments],
    }
    if destination.cluster:
        body["cluster"] = destination.cluster
    if destination.execution_directory:
        body["execution_directory"] = directory_of(destination.execution_directory, here=slurm is not None)
    elif slurm is not None:
        body["execution_directory"] = str(Path(f"{slug(sweep['name'])}-sweep-{sweep['id']}").absolute())
    if slurm is not None:
        body |= {"slurm_cluster": name_of(slurm) or "", **largest_array(slurm)}
    if manner.max_queued is not None:
        body["max_queued"] = manner.max_queued
    if manner.array_limit is not None:
        body["array_limit"] = manner.array_limit
    return {**body, "single": True} if manner.single else body


def largest_array(slurm: Slurm) -> dict[str, Any]:
    most = slurm.max_array_size()
    if most == 0:
        return {"single": True}
    return {"max_array_size": most} if most else {}


def resubmit(session: Session, number: int) -> Sweep:
    sweep = session.client.get(at("sweeps", number))
    slurm = slurm_of(session, sweep)
    return brought(session, sweep, slurm, "resubmit", {"failed": True})


def slurm_of(session: Session, sweep: Sweep) -> Slurm | None:
    """That of its last submission; None where it was an agent's."""
    last = next(session.client.pages("/api/job-submissions/", limit=1, sweep=sweep["id"]), None)
    if last is None:
        raise CliError(f"Sweep {sweep['id']} was never submitted; `jobbergate sweeps submit {sweep['id']}` does that.")
    if last["via"] != "login_node":
        return None
    where = last["slurm_cluster"] or last["cluster"]
    slurm = slurm_for(where or None)
    if slurm is None:
        raise CliError(
            f"Sweep {sweep['id']} went through a login node{f' of {where}' if where else ''}; resubmit it there."
        )
    return slurm


def brought(session: Session, sweep: Sweep, slurm: Slurm | None, verb: str, body: dict[str, Any]) -> Sweep:
    """Asks for submissions and hands them over, until none of the points waits for room in the queue."""
    number = sweep["id"]
    try:
        with session.output.bar("Submitting") as move:
            while True:
                made = session.client.create(at("sweeps", number, verb), body)
                body = {**body, "before": made["before"]} if verb == "resubmit" else body
                if slurm is None:
                    return to_agent(session, made)
                hand_over_all(session, slurm, made, move)
                if not made["left"]:
                    break
                wait_for_room(session, slurm, made, move)
    except KeyboardInterrupt:
        session.output.talk(f"What is in the queue stays there; `jobbergate sweeps {verb} {number}` goes on.")
        raise
    found: Sweep = session.client.get(at("sweeps", number))
    return found


def to_agent(session: Session, made: Sweep) -> Sweep:
    told = f"{len(made['submissions'])} submissions of sweep {made['id']} wait for the cluster's agent"
    more = f"; {made['left']} points follow as there is room in the queue" if made["left"] else ""
    session.output.talk(f"{told}{more}.")
    if made["submissions"]:
        tell_of_silence(session, session.client.get(at("job-submissions", made["submissions"][0]))["cluster"])
    return {name: value for name, value in made.items() if name not in ("submissions", "left", "before")}


def hand_over_all(session: Session, slurm: Slurm, sweep: Sweep, move: Callable[[int, int, str], None]) -> None:
    """What others began is gone on with; then each that nobody has taken, unless Slurm wants none of them."""
    rows = list(unfinished(session, sweep["id"]))
    me = session.client.get("/api/whoami/")["username"]
    here = [row for row in rows if is_here(row, me, slurm.cluster_name())]
    begun = [row for row in here if row["status"] == "submitting" or (row["slurm_job_id"] and not row["released"])]
    refresh(session.client, slurm, begun, talk=session.output.talk)
    created = [row for row in here if row["status"] == "created"]
    refused = 0
    for done, row in enumerate(created, start=1):
        after = hand_over(session.client, slurm, row, talk=session.output.talk)
        move(done, len(created), "")
        refused += after["status"] == "rejected"
        others = len(created) - done + sweep["left"]
        if refused == done and others and (done == TRIES or done == len(created)):
            raise CliError(f"Slurm refuses the points of sweep {sweep['id']}; {others} of them are left as they are.")


def wait_for_room(session: Session, slurm: Slurm, sweep: Sweep, move: Callable[[int, int, str], None]) -> None:
    pause = SHORTEST_PAUSE
    while len(list(unfinished(session, sweep["id"]))) >= sweep["max_queued"]:
        show(sweep, move)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
        sweep = look(session, slurm, sweep["id"]) or sweep


def wait_for_end(session: Session, sweep: Sweep) -> Sweep:
    """Looks again and again, ever more seldom; an outage of Slurm or of the server is waited out."""
    slurm, pause = slurm_here(), SHORTEST_PAUSE
    with session.output.bar("Waiting") as move:
        while ended(sweep) < sweep["points"]:
            show(sweep, move)
            time.sleep(pause)
            before = sweep["states"]
            sweep = look(session, slurm, sweep["id"]) or sweep
            pause = min(pause * 1.5, LONGEST_PAUSE) if sweep["states"] == before else SHORTEST_PAUSE
    return sweep


def look(session: Session, slurm: Slurm | None, number: int) -> Sweep | None:
    """The sweep after a look at this machine's Slurm; None when nothing could be known."""
    try:
        if slurm is not None:
            refresh(session.client, slurm, list(unfinished(session, number)), talk=session.output.talk)
        found: Sweep = session.client.get(at("sweeps", number))
    except (SlurmSilent, Unreachable):
        return None
    return found


def refreshed(session: Session, number: int) -> None:
    """One look at Slurm for all of the sweep's points."""
    slurm = slurm_here()
    if slurm is None:
        raise CliError("There is no sbatch on this machine, so there is no Slurm to ask; leave out --refresh.")
    with session.output.progress("Asking Slurm"):
        refresh(session.client, slurm, list(unfinished(session, number)), talk=session.output.talk)


def cancel(session: Session, number: int) -> Sweep:
    """On a login node its Slurm is told at once."""
    session.client.post(at("sweeps", number, "cancel"))
    if slurm_here() is not None:
        refreshed(session, number)
    found: Sweep = session.client.get(at("sweeps", number))
    return found


def unfinished(session: Session, number: int) -> Any:
    return session.client.pages("/api/job-submissions/", sweep=number, unfinished=True, ordering="id")


def ended(sweep: Sweep) -> int:
    return sum(count for state, count in sweep["states"].items() if state in FINAL)


def show(sweep: Sweep | None, move: Callable[[int, int, str], None]) -> None:
    if sweep is not None:
        move(ended(sweep), sweep["points"], described(sweep))


def described(sweep: Sweep) -> str:
    """`3 completed, 1 failed, 2 running`."""
    return ", ".join(f"{count} {state}" for state, count in sweep["states"].items())


def completed(sweep: Sweep) -> bool:
    return set(sweep["states"]) == {"completed"}
