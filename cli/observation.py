"""One look at Slurm for many submissions: what crashed is gone on with, and what became of the jobs is reported.

However many submissions there are, this is one squeue, one sacct for what has left the queue or ended, and one report.
When Slurm does not answer, nothing is reported: an outage never changes a state.
"""

from __future__ import annotations

import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from cli.client import at
from cli.errors import CliError
from cli.facts import is_behind, lacks_exit_code, merged, report, wants_record, with_exit_codes
from cli.handover import Talk, hand_over, is_dead, release, silently, take_in
from cli.planning import Plan, plan
from cli.queue import CLOCKS_DIFFER, Queue, Submission, is_our_record, seconds
from cli.slurm import SlurmSilent

if TYPE_CHECKING:
    from cli.client import Client
    from cli.slurm import Slurm
    from cli.slurm_text import Row

FINAL = frozenset({
    "rejected", "completed", "failed", "cancelled", "timeout", "out_of_memory", "node_fail", "boot_fail", "deadline",
    "revoked", "preempted",
})  # fmt: skip
REPORTS_AT_ONCE = 500
# As many as the line of a request has room for.
IDS_AT_ONCE = 200
# Accounting is usually 0.1 s behind the controller, and seconds in a burst or after an outage of its own. What it has
# still to say of an end of just now is worth a moment here, and of a recent one worth asking again the next time.
RECENT = 30.0
PATIENCE = 2.0
PAUSE = 0.2
YEAR = 365 * 24 * 3600


def refresh(
    client: Client,
    slurm: Slurm,
    submissions: Sequence[Submission],
    *,
    user: str | None = None,
    talk: Talk = silently,
) -> list[Submission]:
    """The same submissions, in the same order, as they are now. Raises SlurmSilent when nothing can be known.

    Only one's own unfinished submissions to this machine's cluster, that no agent cares for, are looked at: staff see
    other people's, and must not submit them as themselves. `user` is whose jobs squeue lists, the caller by default.
    """
    if all(row["status"] in FINAL for row in submissions):
        return list(submissions)
    if parents := _parents_of_what_waits(client, submissions):
        refresh(client, slurm, parents, user=user, talk=talk)
    now = {row["id"]: row for row in submissions}
    queue = Queue(slurm.squeue(user))
    me, cluster = client.get(at("whoami"))["username"], slurm.cluster_name()
    here = [number for number, detail in now.items() if is_here(detail, me, cluster)]
    # A second time only after jobs were taken in: now that they are recorded, others with their tags can go.
    for _ in range(2):
        todo = plan([now[number] for number in here], queue, is_dead=is_dead, host=socket.gethostname(), at=time.time())
        if todo.is_empty:
            break
        now.update(_carry_out(client, slurm, todo, talk))
        queue = Queue(slurm.squeue(user))
        if not todo.adopt:
            break
    now.update(_observe(client, slurm, [now[number] for number in here], queue))
    return [now[row["id"]] for row in submissions]


def _parents_of_what_waits(client: Client, submissions: Sequence[Submission]) -> list[Submission]:
    """Slurm takes a job that it has forgotten for one that completed: what is handed over now has to know better."""
    waiting = [one for one in submissions if one["slurm_job_id"] is None and one["status"] not in FINAL]
    numbers = sorted({number for one in waiting for number in (*one["after_ok"], *one["after_any"])})
    some = (numbers[start : start + IDS_AT_ONCE] for start in range(0, len(numbers), IDS_AT_ONCE))
    return [row for ids in some for row in client.pages(at("job-submissions"), id=",".join(map(str, ids)))]


def is_here(submission: Submission, me: str, cluster: str) -> bool:
    if submission["status"] in FINAL or submission["via"] != "login_node" or submission["owner"] != me:
        return False
    return (submission["slurm_cluster"] or submission["cluster"] or cluster) == cluster


def _carry_out(client: Client, slurm: Slurm, todo: Plan, talk: Talk) -> dict[int, Submission]:
    """Submissions that changed, by id. What fails for one is told, and does not stop the others."""
    steps: list[Callable[[], Submission | None]] = [
        *(partial(take_in, client, slurm, submission, job, talk=talk) for submission, job in todo.adopt),
        *(partial(release, client, slurm, submission) for submission in todo.release),
        *(partial(slurm.scancel, job) for job in todo.cancel),
        *(partial(hand_over, client, slurm, one, instead_of=dead, talk=talk) for one, dead in todo.hand_over),
    ]
    changed = {}
    for step in steps:
        try:
            submission = step()
        except CliError as problem:
            talk(str(problem))
            continue
        if submission:
            changed[submission["id"]] = submission
    return changed


def _observe(client: Client, slurm: Slurm, here: Iterable[Submission], queue: Queue) -> dict[int, Submission]:
    """Reports what is known of each job; the submissions as the server knows them then."""
    watched = [one for one in here if one["slurm_job_id"] is not None and one["status"] not in FINAL]
    found = books(slurm, [one for one in watched if wants_record(one, queue.of(one))], queue)
    known = (known_of(slurm, one, queue.of(one), found) for one in watched)
    return _send(client, slurm, [one for one in known if one is not None])


def known_of(slurm: Slurm, submission: Submission, queued: Sequence[Row], found: Books) -> dict[str, Any] | None:
    """The report on one job; None where nothing can be said of it before accounting has spoken."""
    job = submission["slurm_job_id"]
    if job in found.late or (found.silent and not queued):
        return None
    ours = [row for row in found.rows.get(job, []) if is_our_record(row, submission)]
    parts = merged(queued, ours)
    if any(map(lacks_exit_code, parts.values())):
        parts = with_exit_codes(parts, slurm.exit_codes(job))
    return report(submission, parts)


@dataclass(frozen=True)
class Books:
    """What accounting has on each job, and the jobs that it has yet to hear the end of. Empty where there is none."""

    rows: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    late: frozenset[int] = frozenset()
    silent: bool = False


def books(
    slurm: Slurm,
    asked: Sequence[Submission],
    queue: Queue,
    *,
    user_of: Callable[[Submission], str | None] = lambda _: None,
    patience: float = PATIENCE,
) -> Books:
    if not asked:
        return Books()
    started = time.time()
    jobs = {one["slurm_job_id"]: queue.of(one, user_of(one)) for one in asked}
    while True:
        try:
            rows = slurm.sacct(jobs, seconds=_reach(asked, started))
        except SlurmSilent:
            return Books(silent=True)
        if rows is None:
            return Books()
        found: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            found[row.job].append(row)
        late = frozenset(
            job for job, queued in jobs.items() if is_behind(queued, found[job], at=time.time(), patience=RECENT)
        )
        if not late or time.time() - started >= patience:
            return Books(found, late)
        time.sleep(PAUSE)


def _reach(asked: Sequence[Submission], at: float) -> int:
    """How many seconds back accounting has to look. A job that a person named may be old."""
    if not all(one["tag"] for one in asked):
        return YEAR
    return int(at - min(seconds(one["created_at"]) or 0 for one in asked)) + CLOCKS_DIFFER


def _send(client: Client, slurm: Slurm, reports: Sequence[dict[str, Any]]) -> dict[int, Submission]:
    known = {}
    for start in range(0, len(reports), REPORTS_AT_ONCE):
        some = {"slurm_cluster": slurm.cluster_name(), "reports": reports[start : start + REPORTS_AT_ONCE]}
        answer = client.post(at("job-submissions", "report"), some)
        known.update({detail["id"]: detail for detail in answer["results"]})
    return known
