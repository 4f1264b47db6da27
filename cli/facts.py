"""What the queue and accounting together say of one submission's job, as the report that the server takes. Pure.

The queue knows what is going on; accounting knows how it ended, a little later. Where both speak of an end, accounting
is believed; where accounting has not heard of it for long, the queue is. What only accounting knows, and not as ended,
is not known: the job has left the queue, and nobody has said how.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from cli.queue import Submission, seconds
from cli.slurm_text import Row

# Part of a job (index of an array's task, component of a heterogeneous job, or 0) → what is known of it.
Parts = dict[int, Row]

LONGEST_NODES = 20_000
# Of a partition or an account: there may be many of the one, and any text in the other.
LONGEST_WORD = 255
# A job is called after the liveliest of its parts.
LIVELIEST_FIRST = ("RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "PENDING")


def iso(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()


def merged(queued: Iterable[Row], recorded: Sequence[Row]) -> Parts:
    """`recorded`: of each part the record of its last run, as `cli.records.own_records` finds them."""
    in_queue = {part: row for row in queued for part in row.parts}
    if not in_queue and _is_of_components(recorded) and not all(row.is_over for row in recorded):
        # A heterogeneous job has not ended before all of it has.
        return {}
    is_array = any(row.array for row in in_queue.values())
    # In a burst the books show of an array its last task alone, for seconds, and under the array's own id; and of any
    # job an end without a beginning, or a last state without an end, which say nothing that the queue does not confirm.
    ended = {
        part: row
        for row in recorded
        if row.is_over and row.array >= is_array
        for part in row.parts
        if row.is_whole or part in in_queue
    }
    parts = {}
    for part in sorted(in_queue.keys() | ended.keys()):
        row, record = in_queue.get(part), ended.get(part)
        if told := _believed(row, record) if row and record else row or record:
            parts[part] = told
    return parts


def _is_of_components(recorded: Iterable[Row]) -> bool:
    return any(max(row.parts, default=0) > 0 for row in recorded if not row.array)


def _believed(row: Row, record: Row) -> Row:
    """Of what the queue shows, and an end in the books."""
    if not row.is_over or _queued(record) < _queued(row):
        # Not over in the queue, over in the books: it was requeued, and those are the books of the run before.
        return row
    return record if _queued(record) > _queued(row) else _completed(record, row)


def _queued(row: Row) -> int:
    return row.submitted_at or 0


def _completed(record: Row, row: Row) -> Row:
    """Accounting may get the end of a job before its beginning, and then lacks what the queue knows."""
    values = {field.name: getattr(record, field.name) for field in fields(Row)}
    return replace(row, **{name: value for name, value in values.items() if value not in ("", None)})


def wants_record(submission: Submission, queued: Sequence[Row]) -> bool:
    """Whether accounting has to be asked: for how it ended, or for tasks that the queue has forgotten already."""
    if not queued or any(row.is_over for row in queued):
        return True
    known: int = sum(submission["tasks"].values())
    return known > sum(len(row.parts) for row in queued)


def is_behind(queued: Iterable[Row], recorded: Iterable[Row], *, at: float, patience: float) -> bool:
    """Whether accounting has yet to hear of an end that is only so many seconds old."""
    ended = {part: _queued(row) for row in recorded if row.is_whole for part in row.parts}
    return any(
        row.is_over
        and not all(ended.get(part, -1) >= _queued(row) for part in row.parts)
        and at - (row.ended_at or 0) < patience
        for row in queued
    )


def is_requeued(submission: Submission, queued: Iterable[Row]) -> bool:
    """Whether Slurm, or a person, has queued an ended submission's job once more; it may have ended again by now."""
    known = seconds(submission["queued_at"])
    return known is not None and any(_queued(row) > known for row in queued)


def lacks_exit_code(row: Row) -> bool:
    """A job that ended without ever having started has none."""
    return row.is_over and row.exit_code is None and row.started_at is not None


def with_exit_codes(parts: Parts, codes: Mapping[int, str]) -> Parts:
    """For where there is no accounting: the codes that the controller remembers."""
    return {
        part: replace(row, exit_code=codes.get(part)) if lacks_exit_code(row) else row for part, row in parts.items()
    }


def report(submission: Submission, parts: Parts) -> dict[str, Any]:
    """What the server is told. `state` null says that Slurm answered, and does not know the job."""
    named = {"id": submission["id"], "slurm_job_id": submission["slurm_job_id"]}
    if not parts:
        return {**named, "state": None}
    rows = list(dict.fromkeys(parts.values()))
    first = parts[min(parts)]
    facts = _of_array(parts, rows) if first.array else _of_job(rows)
    if not any(row.is_held for row in rows):
        facts["released"] = True
    return named | {name: value for name, value in facts.items() if value is not None}


def _of_job(rows: Sequence[Row]) -> dict[str, Any]:
    """A job of several components goes on as long as one of them does, and then is what its first one is.

    That one runs the script; but where another one failed, it has not completed.
    """
    first = next((row for row in rows if not row.is_over), None)
    over = first is None
    if first is None:
        failed = (row for row in rows if row.state != "COMPLETED")
        first = rows[0] if rows[0].state != "COMPLETED" else next(failed, rows[0])
    return {
        "state": first.state if over else _liveliest(rows),
        "reason": first.reason,
        "exit_code": first.exit_code if over else None,
        "started_at": iso(_least(row.started_at for row in rows)),
        "ended_at": iso(_most(row.ended_at for row in rows)) if over else None,
        **_common(rows),
    }


def _liveliest(rows: Sequence[Row]) -> str:
    words = {row.state for row in rows if not row.is_over} or {row.state for row in rows}
    return next((word for word in LIVELIEST_FIRST if word in words), max(words))


def _of_array(parts: Parts, rows: Sequence[Row]) -> dict[str, Any]:
    over = all(row.is_over for row in rows)
    codes = [row.exit_code for row in rows if row.exit_code]
    return {
        "state": _liveliest(rows),
        "reason": next((row.reason for row in rows if row.state == "PENDING"), ""),
        # As for Slurm's own dependencies: the highest of the tasks' codes.
        "exit_code": max(codes, key=_code) if over and codes else None,
        "started_at": iso(_least(row.started_at for row in rows)),
        "ended_at": iso(_most(row.ended_at for row in rows)) if over else None,
        "tasks": {str(part): row.state for part, row in parts.items()},
        "task_exit_codes": {str(part): row.exit_code for part, row in parts.items() if row.exit_code and row.is_over},
        **_common(rows),
    }


def _common(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "partition": rows[0].partition[:LONGEST_WORD],
        "account": "".join(one for one in rows[0].account if one.isprintable())[:LONGEST_WORD],
        "nodes": ",".join(sorted({row.nodes for row in rows if row.nodes}))[:LONGEST_NODES],
        "submitted_at": iso(_least(row.submitted_at for row in rows)),
        "queued_at": iso(_most(row.submitted_at for row in rows)),
        "requested_cpus": _most(row.cpus for row in rows),
        "requested_memory": _most(row.memory for row in rows),
        "time_limit": _most(row.time_limit for row in rows),
        "cpu_time": _sum(row.cpu_time for row in rows),
        "peak_memory": _most(row.peak_memory for row in rows),
    }


def _code(text: str) -> tuple[int, int]:
    code, _, signal = text.partition(":")
    return int(code), int(signal)


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
