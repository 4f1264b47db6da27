"""The agent's loop. Everything that it knows is changed here, in one thread; others only bring news.

News come from the server (what there is to do), from Slurm (looks), and from workers (what came of what they were asked
for). Nothing waits for anything: while one of the three is silent, the others go on.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from cli.agent.acting import Granting, Hands, Steering, Submitting
from cli.agent.handing import CANCELLED, Handing
from cli.agent.identity import NOBODY, Accounts, NoAccount
from cli.agent.looking import Look, look
from cli.agent.pace import REST, BackOff, Pace, patiently
from cli.agent.telling import Outbox
from cli.agent.watching import Watch, is_held_by_us, twins
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

# What workers bring is told together: when half of what they were given is done, and at the latest after so long.
GATHER = 0.4
SLOWEST_LOOK = 15.0
LONGEST_PAUSE = 60.0
MOST_TAGS = 500
FACTS_AGAIN = 60.0
STRANGE_TAG_AGAIN = 300.0
STILL_THERE = 30.0
# By HTTP status: it does not understand something, or it is too much.
NOT_TAKEN = (400, 413)
# As ours are; anybody may write anything behind our word in a comment.
TAG = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Manner:
    """How the agent is to work; in seconds, the least between two looks at Slurm, and between two at the server."""

    cluster: str
    mine: bool = False
    floor: float = 2.0
    poll: float = 0.5


class Agent:
    def __init__(
        self,
        client: Client,
        slurm: Slurm,
        accounts: Accounts,
        manner: Manner,
        talk: Talk,
        environment: Mapping[str, str],
    ) -> None:
        self._client, self._slurm, self._accounts, self._manner, self._talk = client, slurm, accounts, manner, talk
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._workers = Workers(self._inbox, environment)
        self._hands = Hands(accounts, self._workers)
        self._holder = own_name()
        # What it knows: submissions on their way, jobs in Slurm, and what the server does not know yet.
        self._handing: dict[int, Handing] = {}
        self._watch = Watch()
        self._outbox = Outbox()
        self._dead: set[str] = set()
        # What the server is to give anew in its next answer.
        self._let_go: set[int] = set()
        self._strange: dict[str, float] = {}
        # Wishes that were granted, and when; they are answered when a look has seen what came of it.
        self._granted_at: dict[int, float] = {}
        # When Slurm and the server are asked next.
        self._pace = Pace(manner.floor, max(SLOWEST_LOOK, manner.floor))
        self._slurm_silent, self._server_silent = BackOff(manner.floor, LONGEST_PAUSE), BackOff(manner.poll, 30.0)
        self._asked: list[Submission] | None = None
        self._looks = 0
        self._look_at = self._may_look_at = self._speak_at = self._facts_at = 0.0

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self, *, once: bool = False) -> None:
        """For ever; `once`: until all that could be taken is in Slurm, and one look has been told."""
        try:
            patiently(self._begin, self._server_silent, self._talk)
            while not (once and self._is_done()):
                self._hear()
                self._start_look()
                self._speak()
                self._workers.tidy()
        finally:
            self._workers.close()

    def _is_done(self) -> bool:
        at_it = self._handing or self._outbox or self._hands.granting or self._asked is not None
        return self._looks > 0 and not at_it

    def _begin(self) -> None:
        """What was there before: jobs to be watched, and what somebody who is no more has left half-way."""
        of_whom = "me" if self._manner.mine else None
        rows = self._client.pages(
            "/api/job-submissions/", unfinished=True, cluster=self._manner.cluster, ordering="id", owner=of_whom
        )
        for row in rows:
            if row["slurm_job_id"] is not None:
                self._watch.add(row)
            elif row["status"] == "submitting" and is_dead(row["lease_holder"], row["tag"]):
                self._dead.add(row["lease_holder"])
        self._talk(f"Watching {len(self._watch.rows)} jobs of {self._manner.cluster}, as {self._holder}.")

    def _hear(self) -> None:
        """News, as they come; until it is time to speak, or to look."""
        until = self._speak_at if self._asked is not None else min(self._speak_at, self._look_at)
        try:
            news = self._inbox.get(timeout=max(until - time.monotonic(), 0.001))
            while True:
                self._take(news)
                news = self._inbox.get_nowait()
        except Empty:
            return

    def _take(self, news: Look | Done) -> None:
        if isinstance(news, Look):
            self._looked(news)
        elif isinstance(news.about, Submitting):
            self._submitted(news.about, news)
        elif isinstance(news.about, Steering):
            self._steered(news.about, news)
        else:
            self._granted(news.about, news)

    # --- Slurm ------------------------------------------------------------------------------------------------------

    def _start_look(self) -> None:
        if self._asked is None and time.monotonic() >= self._look_at:
            self._asked = self._watch.due()
            threading.Thread(target=self._look, args=(self._asked,), daemon=True, name="look").start()

    def _look(self, asked: list[Submission]) -> None:
        everybody = not self._manner.mine
        wanted = everybody and time.monotonic() >= self._facts_at
        self._inbox.put(look(self._slurm, asked, self._hands.user_of, everybody=everybody, with_facts=wanted))

    def _look_soon(self) -> None:
        """As soon as Slurm may be asked again."""
        self._look_at = min(self._look_at, self._may_look_at)

    def _looked(self, found: Look) -> None:
        asked, self._asked = self._asked or [], None
        self._may_look_at = time.monotonic() + max(self._manner.floor, found.seconds * REST)
        if found.queue is None:
            self._look_at = max(self._may_look_at, time.monotonic() + self._slurm_silent.failed())
            self._talk(f"Nothing is known of jobs for now: {found.text}")
            return
        if self._slurm_silent.attempts:
            self._talk("Slurm answers again.")
        self._slurm_silent.worked()
        self._looks += 1
        for handing in self._handing.values():
            handing.looked(found.queue.tagged(handing.row["tag"], handing.account.uid), found.began)
        reports = {one["id"]: one for one in self._watch.changes(self._slurm, found, asked, self._hands.user_of)}
        self._outbox.reports |= reports
        if found.facts:
            self._outbox.facts, self._facts_at = dict(found.facts), time.monotonic() + FACTS_AGAIN
        self._outbox.tags |= self._strangers(found.queue)
        self._put_right(found.queue, asked)
        for wish in [wish for wish, done_at in self._granted_at.items() if done_at < found.began]:
            del self._granted_at[wish]
            self._answer(wish, {"answer": {}})
        self._look_at = time.monotonic() + self._pace.after(found.seconds, changed=bool(reports or self._handing))

    def _put_right(self, queue: Queue, asked: list[Submission]) -> None:
        """Jobs that a crash left held, and those that are one too many."""
        held = []
        for row in (self._watch.rows[one["id"]] for one in asked if one["id"] in self._watch.rows):
            account = self._hands.account_of(row)
            if account is None or not row["tag"]:
                continue
            if extra := twins(row, queue, account.uid):
                self._hands.steer(account, "cancel", extra)
            if is_held_by_us(row, queue.of(row, account.uid)):
                held.append(row)
        self._hands.release(held)

    def _strangers(self, queue: Queue) -> set[str]:
        """Tags in the queue that nothing here is known of: of login nodes, of another agent, of before."""
        known = {row["tag"] for row in self._watch.rows.values()} | {one.row["tag"] for one in self._handing.values()}
        before = time.monotonic() - STRANGE_TAG_AGAIN
        self._strange = {tag: at for tag, at in self._strange.items() if at > before}
        live = (tag for tag, rows in queue.tags().items() if not all(row.is_over for row in rows))
        found = [tag for tag in live if TAG.fullmatch(tag) and not (tag in known or tag in self._strange)]
        return set(found[:MOST_TAGS])

    # --- workers ----------------------------------------------------------------------------------------------------

    def _submitted(self, about: Submitting, done: Done) -> None:
        handing = self._handing.get(about.number)
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

    def _steered(self, about: Steering, done: Done) -> None:
        """What failed shows at the next look, and is tried again after it."""
        if done.outcome != "done":
            self._talk(f"To {about.verb} {', '.join(map(str, about.jobs))}: {done.text}")
        elif about.verb == "release":
            # The next look tells the server; who is held after this one is held by somebody else.
            for number in about.submissions:
                self._watch.released(number)
        self._look_soon()

    def _granted(self, about: Granting, done: Done) -> None:
        failed = done.outcome != "done"
        if failed or done.answer:
            self._answer(about.wish, {"error": done.text} if failed else {"answer": done.answer})
            return
        # Whoever asked looks at the submission then, and has to see what it did.
        self._granted_at[about.wish] = time.monotonic()
        if about.row["id"] not in self._watch.rows:
            # It had ended, and may be queued again.
            self._watch.add(about.row)
        self._look_soon()

    def _answer(self, wish: int, answer: dict[str, Any]) -> None:
        self._hands.granting.discard(wish)
        self._outbox.answers[wish] = answer
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
        told = self._outbox.news(self._holder, self._handing.values(), self._dead)
        try:
            answer = self._client.post(at("clusters", self._manner.cluster, "sync"), told)
        except (Unreachable, ApiError) as problem:
            self._unheard(told, problem)
            return
        if self._server_silent.attempts:
            self._talk("The server answers again.")
        self._server_silent.worked()
        self._speak_at = time.monotonic() + self._manner.poll
        self._settle(told)
        self._obey(told, answer)

    def _unheard(self, told: dict[str, Any], problem: Unreachable | ApiError) -> None:
        self._talk(f"The server is asked again: {problem}")
        self._speak_at = time.monotonic() + self._server_silent.failed()
        if isinstance(problem, ApiError) and problem.status in NOT_TAKEN:
            self._speak_at = time.monotonic() + self._manner.poll
            dropped = self._outbox.refused(told)
            self._strange |= dict.fromkeys(dropped.get("tags", ()), time.monotonic())
            for report in dropped.get("reports", ()):
                # The next look tells it again.
                self._watch.forget_said(report["id"])

    def _settle(self, told: dict[str, Any]) -> None:
        self._outbox.settle(told)
        for report in told.get("reports", ()):
            self._watch.said(report)
        self._strange |= dict.fromkeys(told.get("tags", ()), time.monotonic())
        for one in told.get("rejected", ()):
            self._handing.pop(one["id"], None)

    def _obey(self, told: dict[str, Any], answer: dict[str, Any]) -> None:
        for number in answer["settled"]:
            self._watch.drop(number)
            self._hands.forget(number)
        self._recorded(told.get("recorded", ()), answer["recorded"])
        for row in answer["tagged"]:
            self._known_again(row)
        let_go, self._let_go = self._let_go, set()
        for row in answer["taken"]:
            self._taken(row, let_go)
        for row in answer["to_cancel"]:
            self._cancel(row)
        for wish in answer["wishes"]:
            self._grant(wish)
        for handing in list(self._handing.values()):
            self._go_on(handing)
        if not answer["taken"]:
            self._dead.clear()

    def _recorded(self, told: Iterable[dict[str, Any]], answered: list[Submission]) -> None:
        """Lets go what is recorded, and cancels what is one too many."""
        rows = {row["id"]: row for row in answered}
        for one in told:
            handing, row, job = self._handing.pop(one["id"]), rows.get(one["id"]), one["slurm_job_id"]
            if row is None or row["slurm_job_id"] != job:
                self._talk(f"Slurm job {job} was one too many for submission {one['id']}, and is cancelled.")
                self._hands.steer(handing.account, "cancel", [job])
        recorded = [row for row in answered if row["slurm_job_id"] is not None]
        for row in recorded:
            self._watch.add(row)
            self._look_soon()
        self._hands.release(row for row in recorded if not (row["released"] or row["cancel_requested"]))
        for row in recorded:
            if row["cancel_requested"]:
                self._cancel(row)

    def _taken(self, row: Submission, let_go: Collection[int] = ()) -> None:
        try:
            account = self._accounts.of(row["owner"])
        except NoAccount as reason:
            self._handing[row["id"]] = Handing(row, NOBODY, "rejected", text=str(reason))
            self._speak_soon()
        else:
            # What we have only just let go is where it was. To look once more may take until its words are old again.
            again = row["again"] and row["id"] not in let_go
            self._handing[row["id"]] = Handing(row, account, "look" if again else "submit")

    def _go_on(self, handing: Handing) -> None:
        if handing.is_due():
            handing.at("submit")
        if handing.is_stale():
            self._let_go.add(handing.id)
        if handing.step == "over" or handing.is_stale():
            del self._handing[handing.id]
        elif handing.wants_look():
            self._look_soon()
        elif handing.step == "submit" and handing.row["cancel_requested"]:
            handing.refused(CANCELLED)
            self._speak_soon()
        elif handing.step == "submit":
            self._hands.submit(handing)

    def _known_again(self, row: Submission) -> None:
        """What a tag in the queue belongs to."""
        account = self._hands.account_of(row)
        if account is None or row["id"] in self._handing:
            return
        is_left = (seconds(row["leased_until"]) or 0) < time.time() or is_dead(row["lease_holder"], row["tag"])
        if row["slurm_job_id"] is not None:
            self._watch.add(row)
        elif row["status"] in FINAL or is_left:
            # Nobody is at it any more; the next look finds its job, and the server says whether it is one too many.
            self._handing[row["id"]] = Handing(row, account, "look", is_stray=True)
        else:
            self._strange[row["tag"]] = time.monotonic() - STRANGE_TAG_AGAIN + STILL_THERE
        self._look_soon()

    def _cancel(self, row: Submission) -> None:
        if handing := self._handing.get(row["id"]):
            handing.row = {**handing.row, "cancel_requested": True}
        if row["slurm_job_id"] is not None:
            self._hands.cancel(row)

    def _grant(self, wish: dict[str, Any]) -> None:
        if wish["id"] in self._hands.granting or wish["id"] in self._outbox.answers:
            return
        if not self._hands.grant(wish):
            self._outbox.answers[wish["id"]] = {"error": "Its owner has no account on this cluster."}
