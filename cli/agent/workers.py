"""The agent's end of its workers' pipes. What comes out of them is a stranger's word: bounded, checked by its shape.

A worker is its owner's, who may stop it or end it. So nothing here waits for one: each has threads of its own, and what
it does not answer for long is answered for it, as not known.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cli.agent.identity import Account, start_as

OUTCOMES = frozenset({"accepted", "doubtful", "refused", "silent", "delayed", "done"})
LONGEST_LINE = 1024 * 1024
# The server takes twice as much, and some of it is ours.
LONGEST_TEXT = 10_000
LONGEST_PATH = 4096
MAX_JOB_ID = 2**32 - 1
# A worker that has nothing to do is let go; a new one is there in a twentieth of a second.
IDLE_SECONDS = 60.0
# An sbatch may take 180 s, and others may stand in its way.
LONGEST_SILENCE = 600.0

Inbox = SimpleQueue[Any]


@dataclass(frozen=True)
class Done:
    """What came of one thing that a worker was asked for; `about` is the asker's own note of it."""

    about: Any
    outcome: str
    text: str = ""
    job: int | None = None
    directory: str = ""
    answer: dict[str, Any] = field(default_factory=dict)


# What the answer to a wish may hold: a piece of a log.
PIECE = {"path": str, "offset": int, "size": int, "content": str}


def understood(about: Any, line: Mapping[str, Any]) -> Done:
    """What the server would not take is left out here, for it refuses the whole round because of it."""
    outcome, job = words(line.get("outcome")), line.get("job")
    if outcome == "accepted" and not (isinstance(job, int) and 0 < job <= MAX_JOB_ID):
        outcome = "silent"
    return Done(
        about,
        outcome if outcome in OUTCOMES else "silent",
        words(line.get("text"))[:LONGEST_TEXT].strip(),
        job if outcome == "accepted" else None,
        place(line.get("directory")),
        piece_in(line.get("answer")),
    )


def words(said: Any) -> str:
    """Lines that can be printed; no NUL, and no half of a character, which a name on a disk may hold."""
    text = said if isinstance(said, str) else ""
    return "".join(one for one in text if one.isprintable() or one in "\n\t")


def place(said: Any) -> str:
    """A directory as the server takes it, or empty."""
    text = said if isinstance(said, str) else ""
    return text if text.startswith("/") and text.isprintable() and len(text) <= LONGEST_PATH else ""


def piece_in(said: Any) -> dict[str, Any]:
    given = said if isinstance(said, dict) else {}
    known = {name: given[name] for name, kind in PIECE.items() if isinstance(given.get(name), kind)}
    return {name: words(value) if isinstance(value, str) else value for name, value in known.items()}


class Worker:
    """One process. Everything that it was asked for is answered: with what it says, or with its death."""

    def __init__(self, account: Account, environment: Mapping[str, str], inbox: Inbox) -> None:
        self.account = account
        self.heard_at = time.monotonic()
        self._inbox = inbox
        self._asked: dict[int, Any] = {}
        self._number = 0
        self._lock = threading.Lock()
        self._complaint = b""
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        # Where this program is, for it need not be installed for everybody.
        ours = str(Path(__file__).resolve().parents[2])
        command = [sys.executable, "-s", "-P", "-m", "cli.agent.worker", str(account.uid)]
        self._process = start_as(account, command, {**environment, "PYTHONPATH": ours, "PYTHONDONTWRITEBYTECODE": "1"})
        for part in (self._say, self._hear, self._hear_complaints):
            threading.Thread(target=part, daemon=True, name=f"{part.__name__} {account.name}").start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_idle(self) -> bool:
        return not self._asked

    def ask(self, about: Any, asked: Mapping[str, Any]) -> None:
        with self._lock:
            self._number += 1
            if not self._asked:
                self.heard_at = time.monotonic()
            self._asked[self._number] = about
            self._outbox.put(json.dumps({"number": self._number, **asked}).encode() + b"\n")
        if not self.is_alive:
            self.give_up()

    def close(self) -> None:
        """It ends what it has begun, by itself."""
        self._outbox.put(None)

    def kill(self) -> None:
        self._process.kill()

    def _say(self) -> None:
        pipe: Any = self._process.stdin
        try:
            while line := self._outbox.get():
                pipe.write(line)
                pipe.flush()
            pipe.close()
        except OSError:
            # It has ended, which `_hear` sees too.
            return

    def _hear(self) -> None:
        pipe: Any = self._process.stdout
        try:
            with pipe:
                while line := pipe.readline(LONGEST_LINE):
                    said = json.loads(line)
                    self._take(int(said["number"]), said)
        except Exception:
            # Whatever is wrong with what it says (nested a thousand deep, numbered Infinity), it is not heard any more.
            self.kill()
        self._process.wait()
        self._outbox.put(None)
        self.give_up()

    def _take(self, number: int, said: Mapping[str, Any]) -> None:
        with self._lock:
            about = self._asked.pop(number, None)
            self.heard_at = time.monotonic()
        if about is not None:
            self._inbox.put(understood(about, said))
        elif number:
            raise ValueError(f"{number} was not asked for, or is answered.")

    def _hear_complaints(self) -> None:
        pipe: Any = self._process.stderr
        with pipe:
            while piece := pipe.read1(4096):
                self._complaint = (self._complaint + piece)[-2000:]

    def give_up(self) -> None:
        """Nothing is known of what it was at: its sbatch may have come through, or may still."""
        with self._lock:
            left, self._asked = list(self._asked.values()), {}
        why = self._complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it ended"]
        for about in left:
            self._inbox.put(Done(about, "silent", f"The process of {self.account.name} gave no answer: {why[0]}."))


class Workers:
    """One for each account that there is something to do for."""

    def __init__(self, inbox: Inbox, environment: Mapping[str, str] | None = None) -> None:
        self._inbox = inbox
        self._environment = os.environ if environment is None else environment
        self._workers: dict[int, Worker] = {}

    def ask(self, account: Account, about: Any, **asked: Any) -> None:
        worker = self._workers.get(account.uid)
        if worker is None or not worker.is_alive:
            try:
                worker = Worker(account, account.environment(self._environment), self._inbox)
            except OSError as error:
                text = f"Nothing can be started as {account.name}: {error.strerror}."
                self._inbox.put(Done(about, "silent", text))
                return
            self._workers[account.uid] = worker
        worker.ask(about, asked)

    def tidy(self) -> None:
        """Lets go what is idle, and ends what has been silent for too long."""
        at = time.monotonic()
        for uid, worker in list(self._workers.items()):
            silent = at - worker.heard_at
            if not worker.is_alive:
                # Somebody of the same uid may still hold its pipe open.
                worker.give_up()
                del self._workers[uid]
            elif worker.is_idle and silent > IDLE_SECONDS:
                worker.close()
                del self._workers[uid]
            elif not worker.is_idle and silent > LONGEST_SILENCE:
                worker.kill()

    def close(self) -> None:
        for worker in self._workers.values():
            worker.close()
