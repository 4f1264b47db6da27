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
from cli.facts import is_behind, is_requeued, lacks_exit_code, merged, report, wants_record, with_exit_codes
from cli.handover import Talk, hand_over, is_dead, release, silently, take_in
from cli.planning import Plan, plan
from cli.queue import Queue, Submission, seconds
from cli.records import CLOCKS_DIFFER, own_records
from cli.slurm import SlurmSilent

if TYPE_CHECKING:
    from cli.client import Client
    from cli.facts import Parts
    from cli.slurm import Slurm
    from cli.slurm_text import Row, User

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

    Only one's own submissions to this machine's cluster, that no agent cares for, are looked at: staff see other
    people's, and must not submit them as themselves. An ended one is when Slurm has queued its job once more. `user` is
    whose jobs squeue lists, the caller by default.
    """
    if not any(row["status"] not in FINAL or may_come_back(row) for row in submissions):
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
    again = [one for one in submissions if is_mine(one, me, cluster) and is_requeued(one, queue.of(one))]
    now.update(_observe(client, slurm, [*(now[number] for number in here), *again], queue))
    return [now[row["id"]] for row in submissions]


def _parents_of_what_waits(client: Client, submissions: Sequence[Submission]) -> list[Submission]:
    """Slurm takes a job that it has forgotten for one that completed: what is handed over now has to know better."""
    waiting = [one for one in submissions if one["slurm_job_id"] is None and one["status"] not in FINAL]
    numbers = sorted({number for one in waiting for number in (*one["after_ok"], *one["after_any"])})
    some = (numbers[start : start + IDS_AT_ONCE] for start in range(0, len(numbers), IDS_AT_ONCE))
    return [row for ids in some for row in client.pages(at("job-submissions"), id=",".join(map(str, ids)))]


def is_here(submission: Submission, me: str, cluster: str) -> bool:
    return submission["status"] not in FINAL and is_mine(submission, me, cluster)


def is_mine(submission: Submission, me: str, cluster: str) -> bool:
    if submission["via"] != "login_node" or submission["owner"] != me:
        return False
    return (submission["slurm_cluster"] or submission["cluster"] or cluster) == cluster


def may_come_back(ended: Submission) -> bool:
    """Whether its job may have been queued once more."""
    return ended["via"] == "login_node" and ended["queued_at"] is not None


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
    watched = [one for one in here if one["slurm_job_id"] is not None and not is_over_for_good(one, queue)]
    told = books(slurm, [one for one in watched if wants_record(one, queue.of(one))], queue)
    known = [(one, parts_of(one, queue.of(one), told)) for one in watched]
    return _send(client, slurm, reports(slurm, known))


def parts_of(submission: Submission, queued: Sequence[Row], told: Books, user: User = None) -> Parts | None:
    """What is known of its job; None where nothing can be said before accounting has spoken."""
    job = submission["slurm_job_id"]
    if job in told.late or (told.silent and not queued):
        return None
    return merged(queued, own_records(told.rows.get(job, ()), submission, user))


def reports(slurm: Slurm, known: Iterable[tuple[Submission, Parts | None]]) -> list[dict[str, Any]]:
    """On each of which something is known. The codes that accounting has not are asked for together."""
    found = [(one, parts) for one, parts in known if parts is not None]
    codes = slurm.exit_codes_of(
        one["slurm_job_id"] for one, parts in found if any(map(lacks_exit_code, parts.values()))
    )
    return [report(one, with_exit_codes(parts, codes.get(one["slurm_job_id"], {}))) for one, parts in found]


def is_over_for_good(submission: Submission, queue: Queue) -> bool:
    return submission["status"] in FINAL and not is_requeued(submission, queue.of(submission))


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
    user_of: Callable[[Submission], User] = lambda _: None,
    patience: float = PATIENCE,
) -> Books:
    if not asked:
        return Books()
    started = time.time()
    jobs = {one["slurm_job_id"] for one in asked}
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
        late = frozenset(one["slurm_job_id"] for one in asked if _is_late(one, queue, found, user_of(one)))
        if not late or time.time() - started >= patience:
            return Books(found, late)
        time.sleep(PAUSE)


def _is_late(submission: Submission, queue: Queue, found: Mapping[int, Sequence[Row]], user: User) -> bool:
    recorded = own_records(found.get(submission["slurm_job_id"], ()), submission, user)
    return is_behind(queue.of(submission, user), recorded, at=time.time(), patience=RECENT)


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
