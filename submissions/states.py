"""Slurm's words for the state of a job, and ours for the status of a submission. Pure.

Source: squeue(1) of Slurm 22.05, "JOB STATE CODES". A word that is not known here is kept as it is, in lower case: a
later Slurm may say something new, and turning it into success or failure would be a guess.
"""

import re
from collections import Counter
from collections.abc import Mapping

CREATED, SUBMITTING, REJECTED, UNKNOWN = "created", "submitting", "rejected", "unknown"
PENDING, RUNNING, SUSPENDED, COMPLETING = "pending", "running", "suspended", "completing"
COMPLETED, FAILED, CANCELLED = "completed", "failed", "cancelled"
PREEMPTED, NODE_FAIL = "preempted", "node_fail"

MAX_LENGTH = 32

BEFORE_SLURM = (CREATED, SUBMITTING, REJECTED)
WAITING = (CREATED, SUBMITTING)
# `preempted` is told of a job that is not queued again; one that is goes back to pending, as every requeued job does.
FINAL = (
    REJECTED, COMPLETED, FAILED, CANCELLED, "timeout", "out_of_memory", NODE_FAIL, "boot_fail", "deadline", "revoked",
    PREEMPTED,
)  # fmt: skip

# Slurm's words for how a job stands; all others are flags beside one of these.
BASE = frozenset({
    "PENDING", "RUNNING", "SUSPENDED", "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED",
    "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY",
})  # fmt: skip
# Flags that squeue shows in place of the base state that they go with.
BASE_STATE = {
    "COMPLETING": COMPLETING,
    "CONFIGURING": RUNNING,
    "SIGNALING": RUNNING,
    "RESIZING": RUNNING,
    "STAGE_OUT": COMPLETING,
    "STOPPED": SUSPENDED,
    "REQUEUED": PENDING,
    "REQUEUE_FED": PENDING,
    "REQUEUE_HOLD": PENDING,
    "RESV_DEL_HOLD": PENDING,
    "SPECIAL_EXIT": PENDING,
}
# An array whose tasks ended in different ways is called after the worst of them.
WORST_FIRST = (
    FAILED, "node_fail", "out_of_memory", "timeout", "boot_fail", "deadline", "revoked", "preempted",
    CANCELLED, COMPLETED,
)  # fmt: skip


def status_of(word: str) -> str:
    """Our status for Slurm's word (`RUNNING`, `CANCELLED by 1000`, `COMPLETED+`), or words (`RUNNING,POWER_UP_NODE`).

    Of several words the base state counts, unless that is an end and a flag says that it is not the last word.
    """
    words = [one.rstrip("+").upper() for one in re.split(r"[,|]", "".join(word.split()[:1]))]
    base = next((one for one in words if one in BASE), words[0])
    status = BASE_STATE.get(base, base.lower())
    if is_final(status):
        status = next((BASE_STATE[one] for one in words if one in BASE_STATE), status)
    return (status or UNKNOWN)[:MAX_LENGTH]


def is_final(status: str) -> bool:
    return status in FINAL


def merged_tasks(known: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """Task index → status. What ended and was forgotten by Slurm stays known; what Slurm says now wins."""
    return {**known, **{index: status_of(word) for index, word in seen.items()}}


def counts(tasks: Mapping[str, str]) -> dict[str, int]:
    return dict(sorted(Counter(tasks.values()).items()))


def status_of_array(tasks: Mapping[str, str]) -> str:
    """One word for all tasks: final only when every task is."""
    statuses = set(tasks.values())
    unfinished = statuses - set(FINAL)
    for status in (RUNNING, COMPLETING, SUSPENDED, PENDING):
        if status in unfinished:
            return status
    if unfinished:
        return min(unfinished)
    return next((status for status in WORST_FIRST if status in statuses), UNKNOWN)
