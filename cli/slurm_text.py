"""What squeue, sacct and scontrol print, as rows. Text in, rows out; no process is started here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SEPARATOR = "\x1f"
# The comment comes last: it is the only field in which a person may write separators and line ends.
QUEUE_FORMAT = SEPARATOR.join(["%i", "%T", "%r", "%u", "%V", "%S", "%e", "%l", "%P", "%a", "%N", "%C", "%k"])
RECORD_FIELDS = (
    "JobID,State,ExitCode,Submit,Start,End,ReqCPUS,NNodes,ReqMem,Timelimit,TotalCPU,MaxRSS,NodeList,Partition,Account"
)
# A preempted job that is queued again shows as pending; one that still says PREEMPTED is not coming back.
OVER = frozenset({
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",
    "TIMEOUT",
})  # fmt: skip
TAG_PREFIX = "jobbergate:"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}

_ID = re.compile(r"(?P<job>\d+)(?:_(?P<task>\d+|\[[^]]*\]))?(?:\+(?P<component>\d+))?(?:\.(?P<step>.+))?")
_INDEXES = re.compile(r"(\d+)(?:-(\d+))?(?::(\d+))?")
_DURATION = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([KMGTP]?)([cn]?)")
_EXIT_CODE = re.compile(r"^\s+Requeue=.*\bExitCode=(\d+:\d+)", re.MULTILINE)
_PATHS = re.compile(r"^ +(StdOut|StdErr)=(.*?) *$", re.MULTILINE)
_PART = re.compile(
    r"(?P<job>\d+)(?: ArrayJobId=\d+ ArrayTaskId=(?P<task>\S+))?(?: HetJobId=\d+ HetJobOffset=(?P<het>\d+))?"
)


@dataclass(frozen=True)
class Row:
    """One line of squeue, or one allocation of sacct with what its steps used. Times are seconds since 1970."""

    job: int
    # Indexes of the array's tasks that this line stands for, or the component of a heterogeneous job, or just 0.
    parts: tuple[int, ...]
    array: bool
    state: str
    reason: str = ""
    # Whose it is. Of records: not told.
    user: str = ""
    comment: str = ""
    exit_code: str | None = None
    submitted_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    partition: str = ""
    account: str = ""
    nodes: str = ""
    cpus: int | None = None
    memory: int | None = None
    time_limit: int | None = None
    cpu_time: float | None = None
    peak_memory: int | None = None

    @property
    def tag(self) -> str | None:
        """The tag of the submission that this job was made for, if it was made by Jobbergate."""
        if not self.comment.startswith(TAG_PREFIX):
            return None
        return next(iter(self.comment.removeprefix(TAG_PREFIX).split()), None)

    @property
    def is_over(self) -> bool:
        return self.state in OVER or self.ended_at is not None

    @property
    def is_whole(self) -> bool:
        """Of a record: accounting has both the beginning of the job, which may come late, and its end."""
        return self.is_over and self.ended_at is not None and bool(self.partition)

    @property
    def is_held(self) -> bool:
        """Held as `sbatch --hold` holds, so that its owner may release it. JobHeldAdmin is another matter."""
        return self.state == "PENDING" and self.reason == "JobHeldUser"


def queue_rows(text: str, marker: str) -> list[Row]:
    """Rows of `squeue -h -o MARKER + QUEUE_FORMAT`.

    The marker is random: a comment may hold any text, line ends too, and must not be able to pass for a row.
    """
    return [row for piece in text.split(marker)[1:] if (row := _queue_row(piece.removesuffix("\n")))]


def _queue_row(line: str) -> Row | None:
    fields = line.split(SEPARATOR, QUEUE_FORMAT.count(SEPARATOR))
    name = _ID.fullmatch(fields[0])
    if name is None or len(fields) <= QUEUE_FORMAT.count(SEPARATOR):
        return None
    _, state, reason, user, submit, start, end, limit, partition, account, nodes, cpus, comment = fields
    row = Row(
        job=int(name["job"]),
        parts=_parts(name),
        array=name["task"] is not None,
        state=state,
        reason="" if reason == "None" else reason,
        user=user,
        comment="" if comment == "(null)" else comment,
        submitted_at=_time(submit),
        # Before the start squeue shows when it may come, and until the end when the time limit strikes.
        started_at=None if state == "PENDING" else _time(start),
        ended_at=_time(end) if state in OVER else None,
        partition=partition,
        account="" if account == "(null)" else account,
        nodes=nodes,
        cpus=int(cpus) if cpus.isdigit() else None,
        time_limit=_whole(duration(limit)),
    )
    return _unless_never_started(row)


def record_rows(text: str) -> list[Row]:
    """Rows of `sacct -n -P -o RECORD_FIELDS`: one an allocation, with the peak memory of its steps."""
    rows: dict[str, Row] = {}
    for line in text.splitlines():
        fields = line.split(SEPARATOR)
        name = _ID.fullmatch(fields[0])
        if name is None or len(fields) != RECORD_FIELDS.count(",") + 1:
            continue
        allocation = fields[0].removesuffix(f".{name['step']}")
        if name["step"] is None:
            rows[allocation] = _record_row(name, fields)
        elif allocation in rows:
            rows[allocation] = _with_step(rows[allocation], memory(fields[11]))
    return list(rows.values())


def _record_row(name: re.Match[str], fields: list[str]) -> Row:
    _, state, code, submit, start, end, cpus, nodes_asked, asked, limit, used, peak, nodes, partition, account = fields
    row = Row(
        job=int(name["job"]),
        parts=_parts(name),
        array=name["task"] is not None,
        # `CANCELLED by 1000`
        state=state.partition(" ")[0],
        # After an outage of slurmdbd a job is FAILED with code 0:0 and no end, until its end is told.
        exit_code=(code or None) if _time(end) else None,
        submitted_at=_time(submit),
        started_at=_time(start),
        ended_at=_time(end),
        partition=partition,
        account=account,
        nodes="" if nodes == "None assigned" else nodes,
        cpus=(int(cpus) or None) if cpus.isdigit() else None,
        memory=memory(asked, cpus=cpus, nodes=nodes_asked),
        time_limit=_whole(duration(limit)),
        cpu_time=duration(used),
        peak_memory=memory(peak),
    )
    return _unless_never_started(row)


def _unless_never_started(row: Row) -> Row:
    """A job that was cancelled while it waited has a "start" and an exit code in Slurm's books all the same."""
    if row.state != "CANCELLED" or row.nodes:
        return row
    return replace(row, started_at=None, exit_code=None)


def _with_step(row: Row, peak: int | None) -> Row:
    if peak is None:
        return row
    return replace(row, peak_memory=max(peak, row.peak_memory or 0))


def named_jobs(text: str, marker: str) -> list[tuple[str, str]]:
    """Id and name from `squeue -h -o MARKER + "%i" + SEPARATOR + "%j"`."""
    pairs = (piece.removesuffix("\n").partition(SEPARATOR) for piece in text.split(marker)[1:])
    return [(job, name) for job, _, name in pairs]


def exit_codes(text: str) -> dict[int, str]:
    """Part → `rc:signal`, from `scontrol show job`, which shows all the tasks that it still knows of an array."""
    codes = {}
    for block in re.split(r"^JobId=", text, flags=re.MULTILINE)[1:]:
        part, code = _PART.match(block), _EXIT_CODE.search(block)
        if part and code:
            codes.update(dict.fromkeys(indexes(part["task"] or part["het"] or "0"), code[1]))
    return codes


@dataclass(frozen=True)
class Paths:
    """Where a part of a job writes to, the comment that it carries, and its own id."""

    job: int
    stdout: str
    stderr: str
    comment: str


def output_paths(text: str) -> dict[int, Paths]:
    """Part → paths, from `scontrol show job`; tasks that have not begun are left out, for they have none yet."""
    found = {}
    for block in re.split(r"^JobId=", text, flags=re.MULTILINE)[1:]:
        part = _PART.match(block)
        if part is None or not (part["task"] or "0").isdigit():
            continue
        # The last one: a comment, which may hold line ends, stands before.
        said = dict(_PATHS.findall(block))
        if said.get("StdOut"):
            comment = re.search(r"^\s+Comment=(.*?)\s*$", block, re.MULTILINE)
            paths = Paths(int(part["job"]), said["StdOut"], said.get("StdErr", ""), comment[1] if comment else "")
            found[int(part["task"] or part["het"] or 0)] = paths
    return found


def cluster_name(text: str) -> str | None:
    """From `scontrol show config`."""
    found = re.search(r"^ClusterName\s*=\s*(\S+)", text, re.MULTILINE)
    return found[1] if found else None


def max_array_size(text: str) -> int | None:
    """From `scontrol show config`."""
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


def _parts(name: re.Match[str]) -> tuple[int, ...]:
    if name["task"] is not None:
        return tuple(indexes(name["task"]))
    return (int(name["component"] or 0),)


def indexes(expression: str) -> Iterator[int]:
    """`[1-7:2,9%4]` is 1, 3, 5, 7, 9. What cannot be read (the `...` of a list that was cut) is passed over."""
    for piece in expression.strip("[]").partition("%")[0].split(","):
        found = _INDEXES.fullmatch(piece)
        if found:
            first = int(found[1])
            yield from range(first, int(found[2] or first) + 1, int(found[3] or 1))


def _time(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def duration(text: str) -> float | None:
    """Seconds of `1-02:03:04`, `02:03:04`, `03:04` or `03:04.567`; None for UNLIMITED and the like."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes = (int(number or 0) for number in found.groups()[:3])
    return ((days * 24 + hours) * 60 + minutes) * 60 + float(found[4])


def memory(text: str, *, cpus: str = "1", nodes: str = "1") -> int | None:
    """Bytes of `4688K` or `1.50G`. Slurm before 21.08 wrote `4Gc` and `4Gn` for memory per CPU and per node."""
    found = _MEMORY.fullmatch(text)
    if found is None:
        return None
    times = {"c": cpus, "n": nodes}.get(found[3], "1")
    return int(float(found[1]) * UNITS[found[2]]) * (int(times) if times.isdigit() else 1)
