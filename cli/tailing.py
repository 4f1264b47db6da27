"""A job's output on our own: read here where the files are, else by the cluster's agent; followed while it grows."""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.client import at
from cli.errors import ApiError, CliError, Unreachable
from cli.following import Submission, is_final, looked_at
from cli.logs import MOST, NOT_THERE, NoLog, NotYet, Piece, path_of, read_piece
from cli.submitting import slurm_here

if TYPE_CHECKING:
    from cli.session import Session
    from cli.slurm import Slurm

# Offset, size, and whether it is counted from the end.
Read = Callable[[int, int, bool], Piece]

POLL = 0.3
PATIENCE = 30.0
PAUSE, PAUSE_OF_AGENT = 0.5, 2.0
LOOK_SECONDS = 3.0
# Ended jobs' last words come late over a network's file system.
LAST_WORDS = 1.0


def log(
    session: Session, submission: Submission, stream: str, task: int | None, lines: int | None, *, follow: bool
) -> None:
    slurm = slurm_of(session, submission)
    read = here(slurm, submission, stream, task) if slurm else by_agent(session, submission, stream, task)
    printer, pause = Printer(session), PAUSE if slurm else PAUSE_OF_AGENT
    if follow:
        submission = wait_for_file(session, submission, read, pause)
    end = show_end(session, read, lines, printer) if slurm is None else drain(read, start_of(read, lines), printer)
    if follow:
        follow_on(session, submission, read, end, printer, pause)
    printer.end()


def show_end(session: Session, read: Read, lines: int | None, printer: Printer) -> int:
    """What an agent reads goes through the server: not all of a large file unasked."""
    piece = read(0, MOST, True)
    if piece.offset and lines is None:
        session.output.talk(f"These are the last {len(piece.content):,} of {piece.size:,} bytes of {piece.path}.")
    printer.show(piece.content if lines is None else last_lines(piece.content, lines))
    return piece.end


def start_of(read: Read, lines: int | None) -> int:
    """Where the last so many lines begin; looked for backwards, a piece at a time."""
    if lines is None:
        return 0
    piece = read(0, MOST, True)
    if lines == 0:
        return piece.size
    # The end of the last line is not that of one before it.
    ends = piece.content.count(b"\n") - piece.content.endswith(b"\n")
    while ends < lines and piece.offset > 0:
        size = min(MOST, piece.offset)
        piece = read(piece.offset - size, size, False)
        ends += piece.content.count(b"\n")
    start = 0
    for _ in range(ends - lines + 1):
        start = piece.content.find(b"\n", start) + 1
    return piece.offset + start


def last_lines(content: bytes, lines: int) -> bytes:
    at_ = len(content) - content.endswith(b"\n")
    for _ in range(lines):
        at_ = content.rfind(b"\n", 0, at_)
        if at_ < 0:
            return content
    return content[at_ + 1 :] if lines else b""


def drain(read: Read, offset: int, printer: Printer) -> int:
    """All that is there from `offset`; where it ends."""
    while True:
        piece = read(offset, MOST, False)
        printer.show(piece.content)
        offset = piece.end
        if not piece.content:
            return offset


def wait_for_file(session: Session, submission: Submission, read: Read, pause: float) -> Submission:
    """A job that has not begun has no output yet."""
    while True:
        try:
            read(0, 1, False)
        except NotYet:
            if is_final(submission):
                raise
            time.sleep(pause)
            submission = seen(session, submission)
        else:
            return submission


def follow_on(
    session: Session, submission: Submission, read: Read, offset: int, printer: Printer, pause: float
) -> None:
    """Until the job has ended, and all of it is read."""
    looked = 0.0
    while True:
        if time.monotonic() - looked >= LOOK_SECONDS:
            submission, looked = seen(session, submission), time.monotonic()
        ended = is_final(submission)
        if ended:
            time.sleep(LAST_WORDS)
        piece = read(offset, MOST, False)
        if piece.size < offset:
            session.output.talk(f"{piece.path} begins anew.")
            offset = 0
            continue
        printer.show(piece.content)
        offset = piece.end
        if offset >= piece.size and not piece.content:
            if ended:
                return
            time.sleep(pause)


def seen(session: Session, submission: Submission) -> Submission:
    try:
        return looked_at(session, [submission])[0]
    except Unreachable:
        return submission


# --- who reads ------------------------------------------------------------------------------------------------------


def slurm_of(session: Session, submission: Submission) -> Slurm | None:
    """This machine's Slurm, where the job is its, and one's own: files are read with the rights of who asks."""
    if submission["via"] != "login_node":
        # Its owner may have another account there.
        return None
    slurm = slurm_here()
    where = submission["slurm_cluster"] or submission["cluster"]
    if slurm is None or (where and slurm.cluster_name() != where):
        return None
    return slurm if session.client.get(at("whoami"))["username"] == submission["owner"] else None


def here(slurm: Slurm, submission: Submission, stream: str, task: int | None) -> Read:
    found: list[str] = []

    def read(offset: int, size: int, from_end: bool) -> Piece:
        # Once it has been read, its name is known.
        path = found[0] if found else path_of(slurm, submission, stream, task)
        piece = read_piece(path, offset, size, from_end=from_end)
        found[:] = [path]
        return piece

    return read


def by_agent(session: Session, submission: Submission, stream: str, task: int | None) -> Read:
    def read(offset: int, size: int, from_end: bool) -> Piece:
        wanted: dict[str, Any] = {"stream": stream, "offset": offset, "size": size, "from_end": from_end}
        if task is not None:
            wanted["task"] = task
        wish = granted(session, submission, ask(session, submission, "log", wanted), PATIENCE)
        if wish["answered_at"] is None:
            raise CliError(f"{silent_agent(session, submission)} Try again when it is there.")
        if wish["error"]:
            raise (NotYet if wish["error"].endswith(NOT_THERE) else NoLog)(wish["error"])
        return Piece.heard(wish["answer"])

    return read


# --- wishes ---------------------------------------------------------------------------------------------------------


def ask(session: Session, submission: Submission, action: str, wanted: Any = None) -> dict[str, Any]:
    try:
        wish: dict[str, Any] = session.client.post(at("job-submissions", submission["id"], action), wanted)
    except ApiError as refusal:
        kind = NotYet if refusal.code == "no_job" else CliError
        raise kind(f"Submission {submission['id']}: {refusal}") from refusal
    return wish


def granted(session: Session, submission: Submission, wish: dict[str, Any], patience: float) -> dict[str, Any]:
    """The wish when it is answered, or as it is when patience ends."""
    until = time.monotonic() + patience
    while wish["answered_at"] is None and not wish["error"] and time.monotonic() < until:
        time.sleep(POLL)
        wish = session.client.get(at("job-submissions", submission["id"], "wishes", wish["id"]))
    return wish


def silent_agent(session: Session, submission: Submission) -> str:
    """`The agent of hilbert does not answer; it was last heard of at 2026-03-01 12:00:05.`"""
    cluster = session.client.get(at("clusters", submission["cluster"]))
    last = cluster["last_contact_at"]
    if last is None:
        return f"The agent of {cluster['name']} does not answer; it was never heard of."
    ago = datetime.now(UTC) - datetime.fromisoformat(last)
    return f"The agent of {cluster['name']} does not answer; it was last heard of {int(ago.total_seconds())} s ago."


class Printer:
    """Bytes of a log as they come: as they are for a program, without what steers it for a terminal."""

    def __init__(self, session: Session) -> None:
        self._output = session.output
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._last = "\n"

    def show(self, content: bytes) -> None:
        if not self._output.stdout.isatty():
            return self._output.raw(content)
        # A progress bar returns to the beginning of its line.
        self._write(self._decoder.decode(content).replace("\r\n", "\n").replace("\r", "\n"))

    def end(self) -> None:
        if self._output.stdout.isatty():
            self._write(self._decoder.decode(b"", True))
            if self._last != "\n":
                self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._last = text[-1]
            self._output.text(text)
