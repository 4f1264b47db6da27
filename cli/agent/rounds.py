"""The agent's loop. Everything that it knows is changed here, in one thread; others only bring news.

News come from the server (what there is to do), from Slurm (looks), and from workers (what came of what they were asked
for). What the agent has to tell stays in its outbox until the server has answered, and may safely be told twice.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from cli.agent.handing import CANCELLED, Handing
from cli.agent.identity import Account, Accounts, NoAccount
from cli.agent.looking import Look, look
from cli.agent.pace import BackOff, Pace
from cli.agent.watching import Report, Watch, is_held_by_us, twins
from cli.agent.workers import Done, Workers
from cli.client import at
from cli.errors import ApiError, Unreachable
from cli.handover import is_dead, own_name
from cli.observation import FINAL
from cli.queue import Queue, Submission, seconds

if TYPE_CHECKING:
    from cli.client import Client
    from cli.handover import Talk
    from cli.slurm import Slurm

# On their way into Slurm at once; what takes long (a full disk, a silent Slurm) does not keep others waiting.
MOST_HANDING = 100
MOST_TAGS = 500
REPORTS_AT_ONCE = 2000
# What workers bring is told together: when half of what they were given is done, and at the latest after so long.
GATHER = 0.4
SLOWEST_LOOK = 15.0
CANCEL_AGAIN = 30.0
STRANGE_TAG_AGAIN = 300.0
STILL_THERE = 30.0


@dataclass(frozen=True)
class Submitting:
    number: int


@dataclass(frozen=True)
class Steering:
    verb: str
    # Submission → job.
    jobs: dict[int, int]


@dataclass(frozen=True)
class Granting:
    wish: int
    row: Submission


@dataclass
class Outbox:
    """What the server has not been told yet, by submission or wish."""

    reports: dict[int, Report] = field(default_factory=dict)
    delayed: dict[int, str] = field(default_factory=dict)
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    facts: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        return bool(self.reports or self.delayed or self.answers or self.tags or self.facts)


@dataclass(frozen=True)
class Manner:
    """How the agent is to work; in seconds, the least between two looks at Slurm, and between two at the server."""

    cluster: str
    mine: bool = False
    floor: float = 2.0
    poll: float = 0.5


class Agent:
    def __init__(
        self, client: Client, slurm: Slurm, accounts: Accounts, manner: Manner, talk: Talk, environment: dict[str, str]
    ) -> None:
        self._client, self._slurm, self._accounts, self._manner, self._talk = client, slurm, accounts, manner, talk
        self._holder = own_name()
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._workers = Workers(self._inbox, environment)
        self._watch = Watch()
        self._handing: dict[int, Handing] = {}
        self._outbox = Outbox()
        self._dead: set[str] = set()
        self._granting: set[int] = set()
        self._cancelled_at: dict[int, float] = {}
        self._strange: dict[str, float] = {}
        self._looking = False
        self._asked: list[Submission] = []
        self._looks = 0
        self._look_at = 0.0
        self._pace = Pace(manner.floor, max(SLOWEST_LOOK, manner.floor))
        self._slurm_silent, self._server_silent = BackOff(manner.floor, 60.0), BackOff(manner.poll, 30.0)
        self._speak_at = self._gather_until = 0.0

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self, *, once: bool = False) -> None:
        """For ever; `once`: until all that could be taken is in Slurm, and one look has been told."""
        try:
            self._begin()
            while not (once and self._is_done()):
                self._hear()
                self._start_look()
                self._speak()
                self._workers.tidy()
        finally:
            self._workers.close()

    def _is_done(self) -> bool:
        return self._looks > 0 and not (self._handing or self._outbox or self._granting or self._looking)

    def _begin(self) -> None:
        """What was there before: jobs to be watched, and what somebody who is no more has left half-way."""
        host = socket.gethostname()
        mine = {"owner": "me"} if self._manner.mine else {}
        for row in self._unfinished(**mine):
            if row["slurm_job_id"] is not None:
                self._watch.add(row)
            elif row["status"] == "submitting" and is_dead(row["lease_holder"], row["tag"]):
                self._dead.add(row["lease_holder"])
        self._talk(f"{len(self._watch.rows)} jobs of {self._manner.cluster} are watched from {host}.")

    def _unfinished(self, **more: Any) -> Iterator[Submission]:
        path = "/api/job-submissions/"
        return self._client.pages(path, unfinished=True, cluster=self._manner.cluster, ordering="id", **more)

    def _hear(self) -> None:
        """News, as they come; until it is time to speak, or to look."""
        until = min(self._speak_at, self._look_at if not self._looking else self._speak_at)
        try:
            news = self._inbox.get(timeout=max(until - time.monotonic(), 0.001))
            while True:
                self._take(news)
                news = self._inbox.get_nowait()
        except Empty:
            return

    def _take(self, news: Any) -> None:
        if isinstance(news, Look):
            self._looked(news)
        elif isinstance(news.about, Submitting):
            self._submitted(news)
        elif isinstance(news.about, Steering):
            self._steered(news)
        else:
            self._granted(news)

    # --- Slurm ------------------------------------------------------------------------------------------------------

    def _start_look(self) -> None:
        if self._looking or time.monotonic() < self._look_at:
            return
        self._looking, self._asked = True, self._watch.due()
        threading.Thread(target=self._look, args=(self._asked,), daemon=True, name="look").start()

    def _look(self, asked: list[Submission]) -> None:
        self._inbox.put(look(self._slurm, asked, self._user_of, everybody=not self._manner.mine))

    def _look_soon(self) -> None:
        """As soon as Slurm may be asked again."""
        self._look_at = min(self._look_at, self._last_look + self._least_pause)

    _last_look = 0.0
    _least_pause = 0.0

    def _looked(self, found: Look) -> None:
        self._looking, self._last_look = False, time.monotonic()
        self._least_pause = max(self._manner.floor, found.seconds * 5)
        if found.queue is None:
            self._look_at = time.monotonic() + max(self._slurm_silent.failed(), self._least_pause)
            self._talk(f"Nothing is known of jobs for now: {found.text}")
            return
        if self._slurm_silent.attempts:
            self._talk("Slurm answers again.")
        self._slurm_silent.worked()
        self._looks += 1
        before = len(self._outbox.reports)
        for handing in self._handing.values():
            user = handing.account.name
            handing.looked(found.queue.tagged(handing.row["tag"], user), found.began)
        self._look_after(found.queue)
        for report in self._watch.changes(self._slurm, found, self._asked, self._user_of):
            self._outbox.reports[report["id"]] = report
        self._outbox.tags |= self._strangers(found.queue)
        changed = bool(self._handing) or len(self._outbox.reports) > before
        self._look_at = time.monotonic() + self._pace.after(found.seconds, changed=changed)

    def _look_after(self, queue: Queue) -> None:
        """Jobs that a crash left held, and those that are one too many."""
        release: dict[Account, dict[int, int]] = defaultdict(dict)
        for row in self._asked:
            account = self._account_of(row)
            if account is None or row["id"] not in self._watch.rows:
                continue
            current = self._watch.rows[row["id"]]
            if current["tag"] and (extra := twins(current, queue, account.name)):
                self._steer(account, "cancel", dict(enumerate(extra, start=-len(extra))))
            if not current["cancel_requested"] and is_held_by_us(current, queue.of(current, account.name)):
                release[account][row["id"]] = row["slurm_job_id"]
        for account, jobs in release.items():
            self._steer(account, "release", jobs)

    def _strangers(self, queue: Queue) -> set[str]:
        """Tags in the queue that nothing here is known of: of login nodes, of another agent, of before."""
        known = {row["tag"] for row in self._watch.rows.values()} | {one.row["tag"] for one in self._handing.values()}
        at = time.monotonic()
        found = set()
        for tag, rows in queue.tags().items():
            live = not all(row.is_over for row in rows)
            if live and tag not in known and at - self._strange.get(tag, -STRANGE_TAG_AGAIN) >= STRANGE_TAG_AGAIN:
                found.add(tag)
                if len(found) == MOST_TAGS:
                    break
        return found

    # --- workers ----------------------------------------------------------------------------------------------------

    def _account_of(self, row: Submission) -> Account | None:
        try:
            return self._accounts.of(row["owner"])
        except NoAccount:
            return None

    def _user_of(self, row: Submission) -> str:
        """Nobody's name where there is no account: no job can be the submission's then."""
        account = self._account_of(row)
        return account.name if account else ""

    def _submit(self, handing: Handing) -> None:
        handing.at("submitting")
        asked = {name: handing.row[name] for name in ("entrypoint", "files")}
        row = {name: handing.row[name] for name in ROW_OF_A_JOB}
        self._workers.ask(handing.account, Submitting(handing.id), do="submit", submission=row, **asked)

    def _submitted(self, done: Done) -> None:
        handing = self._handing.get(done.about.number)
        if handing is None:
            return
        if done.outcome == "accepted" and done.job:
            handing.made(done.job, done.directory)
        elif done.outcome == "refused":
            handing.refused(done.text)
        elif done.outcome == "delayed":
            handing.put_off(done.text)
            self._outbox.delayed[handing.id] = f"Tried again soon: {done.text}"
        else:
            handing.at("doubt" if done.outcome == "doubtful" else "silent", done.text)
            self._talk(f"Submission {handing.id}: {done.text}")
            self._look_soon()
        self._speak_soon()

    def _steer(self, account: Account, verb: str, jobs: dict[int, int]) -> None:
        """By submission; a job that is nobody's has a number below zero."""
        if jobs:
            self._workers.ask(account, Steering(verb, jobs), do="steer", verb=verb, jobs=sorted(jobs.values()))

    def _steered(self, done: Done) -> None:
        """What failed shows at the next look, and is tried again after it."""
        if done.outcome != "done":
            self._talk(f"{done.about.verb} of {', '.join(map(str, done.about.jobs.values()))}: {done.text}")
        elif done.about.verb == "release":
            # The next look tells the server; who is held after this one is held by somebody else.
            for number in done.about.jobs:
                self._watch.released(number)
        self._look_soon()

    def _grant(self, wish: dict[str, Any]) -> None:
        row = wish["submission"]
        account = self._account_of(row)
        if account is None:
            self._outbox.answers[wish["id"]] = {"error": "Its owner has no account on this cluster."}
            return
        self._granting.add(wish["id"])
        about = Granting(wish["id"], row)
        if wish["action"] == "log":
            named = {name: row[name] for name in ROW_OF_A_LOG}
            self._workers.ask(account, about, do="log", submission=named, **wish["arguments"])
        else:
            self._workers.ask(account, about, do="steer", verb=wish["action"], jobs=[row["slurm_job_id"]])

    def _granted(self, done: Done) -> None:
        wish, row = done.about.wish, done.about.row
        self._granting.discard(wish)
        failed = done.outcome != "done"
        self._outbox.answers[wish] = {"error": done.text} if failed else {"answer": done.answer}
        if not failed and row["id"] not in self._watch.rows:
            # It had ended, and may be queued again.
            self._watch.add(row)
        self._look_soon()
        self._speak_soon()

    # --- the server -------------------------------------------------------------------------------------------------

    def _speak_soon(self) -> None:
        """At once where workers have nothing more to bring, or would soon have nothing more to do."""
        at_it = sum(one.step == "submitting" for one in self._handing.values())
        pause = 0.0 if at_it <= len(self._handing) / 2 else GATHER
        self._speak_at = min(self._speak_at, time.monotonic() + pause)

    def _speak(self) -> None:
        if time.monotonic() < self._speak_at:
            return
        told = self._news()
        try:
            answer = self._client.post(at("clusters", self._manner.cluster, "sync"), told)
        except (Unreachable, ApiError) as problem:
            self._talk(f"The server is asked again: {problem}")
            self._speak_at = time.monotonic() + self._server_silent.failed()
            if isinstance(problem, ApiError) and problem.status == 400:
                # What it does not understand must not keep it from hearing of the rest.
                self._outbox = Outbox()
                self._watch.forget_said()
            return
        if self._server_silent.attempts:
            self._talk("The server answers again.")
        self._server_silent.worked()
        self._speak_at = time.monotonic() + self._manner.poll
        self._settle(told)
        self._obey(told, answer)

    def _news(self) -> dict[str, Any]:
        ready = [one for one in self._handing.values() if one.step in ("made", "rejected")]
        busy = sum(one.step != "later" for one in self._handing.values())
        told: dict[str, Any] = {
            "holder": self._holder,
            "take": max(MOST_HANDING - busy, 0),
            "holding": sorted(self._handing),
            "dead": sorted(self._dead)[:100],
            "recorded": [one.told() for one in ready if one.step == "made"],
            "rejected": [{"id": one.id, "reason": one.text} for one in ready if one.step == "rejected"],
            "reports": list(self._outbox.reports.values())[:REPORTS_AT_ONCE],
            "delayed": [{"id": number, "reason": text} for number, text in self._outbox.delayed.items()],
            "answers": [{"wish": wish, **answer} for wish, answer in list(self._outbox.answers.items())[:100]],
            "tags": sorted(self._outbox.tags),
            "facts": self._outbox.facts,
        }
        return {name: value for name, value in told.items() if value}

    def _settle(self, told: dict[str, Any]) -> None:
        """The server has all of this."""
        for report in told.get("reports", ()):
            number = report["id"]
            self._watch.said(report)
            # A newer one may have come meanwhile.
            if self._outbox.reports.get(number) == report:
                del self._outbox.reports[number]
        for one in told.get("delayed", ()):
            self._outbox.delayed.pop(one["id"], None)
        for one in told.get("answers", ()):
            self._outbox.answers.pop(one["wish"], None)
        for tag in told.get("tags", ()):
            self._outbox.tags.discard(tag)
            self._strange[tag] = time.monotonic()
        if told.get("facts") is self._outbox.facts:
            self._outbox.facts = None
        for one in told.get("rejected", ()):
            self._handing.pop(one["id"], None)

    def _obey(self, told: dict[str, Any], answer: dict[str, Any]) -> None:
        for number in answer["settled"]:
            self._watch.drop(number)
        self._recorded(told.get("recorded", ()), answer["recorded"])
        for row in answer["tagged"]:
            self._known_again(row)
        for row in answer["taken"]:
            self._taken(row)
        for row in answer["to_cancel"]:
            self._cancel(row)
        for wish in answer["wishes"]:
            if wish["id"] not in self._granting and wish["id"] not in self._outbox.answers:
                self._grant(wish)
        for handing in list(self._handing.values()):
            self._go_on(handing)

    def _recorded(self, told: Iterable[dict[str, Any]], answered: list[Submission]) -> None:
        """Lets go what is recorded, and cancels what is one too many."""
        rows = {row["id"]: row for row in answered}
        release: dict[Account, dict[int, int]] = defaultdict(dict)
        for one in told:
            handing = self._handing.pop(one["id"])
            row, job = rows.get(one["id"]), one["slurm_job_id"]
            if row is None or row["slurm_job_id"] != job:
                self._talk(f"Slurm job {job} was one too many for submission {one['id']}, and is cancelled.")
                self._steer(handing.account, "cancel", {-1: job})
            if row is None or row["slurm_job_id"] is None:
                continue
            self._watch.add(row)
            if row["cancel_requested"]:
                self._cancel(row)
            elif not row["released"]:
                release[handing.account][row["id"]] = job if row["slurm_job_id"] == job else row["slurm_job_id"]
        for account, jobs in release.items():
            self._steer(account, "release", jobs)
        if answered:
            self._look_soon()

    def _taken(self, row: Submission) -> None:
        try:
            account = self._accounts.of(row["owner"])
        except NoAccount as reason:
            handing = Handing(row, NOBODY, "look")
            handing.refused(str(reason))
        else:
            handing = Handing(row, account, "look" if row["again"] else "submit")
        self._handing[row["id"]] = handing
        self._look_soon_for(handing)

    def _look_soon_for(self, handing: Handing) -> None:
        if handing.wants_look():
            self._look_soon()
        if handing.step == "rejected":
            self._speak_soon()

    def _go_on(self, handing: Handing) -> None:
        if handing.is_due():
            handing.at("submit")
        if handing.step == "submit":
            if handing.row["cancel_requested"]:
                handing.refused(CANCELLED)
                self._speak_soon()
            else:
                self._submit(handing)
        elif handing.wants_look():
            self._look_soon()

    def _known_again(self, row: Submission) -> None:
        """What a tag in the queue belongs to."""
        account = self._account_of(row)
        if account is None or row["id"] in self._handing:
            return
        if row["slurm_job_id"] is not None:
            self._watch.add(row)
        elif row["status"] in FINAL or (seconds(row["leased_until"]) or 0) < time.time():
            # Nobody is at it any more; the next look finds its job.
            self._handing[row["id"]] = Handing({**row, "again": True}, account, "look")
        else:
            self._strange[row["tag"]] = time.monotonic() - STRANGE_TAG_AGAIN + STILL_THERE
        self._look_soon()

    def _cancel(self, row: Submission) -> None:
        number, at_ = row["id"], time.monotonic()
        handing = self._handing.get(number)
        if handing is not None:
            handing.row = {**handing.row, "cancel_requested": True}
        if number in self._watch.rows:
            self._watch.rows[number] = {**self._watch.rows[number], "cancel_requested": True}
        account = self._account_of(row)
        if row["slurm_job_id"] is None or account is None:
            return
        if at_ - self._cancelled_at.get(number, -CANCEL_AGAIN) >= CANCEL_AGAIN:
            self._cancelled_at[number] = at_
            self._steer(account, "cancel", {number: row["slurm_job_id"]})


NOBODY = Account("nobody", 65534, 65534, (), "/", "/bin/false")
ROW_OF_A_JOB = ("id", "name", "execution_directory", "sbatch_arguments", "comment")
ROW_OF_A_LOG = ("slurm_job_id", "tag", "execution_directory", "stdout", "stderr", "tasks", "nodes")
