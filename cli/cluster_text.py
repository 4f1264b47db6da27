"""What sinfo and `scontrol show config` print of a cluster, as facts that the server takes. Text in, facts out."""

from __future__ import annotations

import re
from typing import Any

from cli.slurm_text import SEPARATOR, duration

Facts = dict[str, Any]

# As many as the server takes.
MOST_PARTITIONS = 500
LONGEST_NAME = 255
# With a star at the default one, and as it is; then nodes and CPUs by state, memory of a node, longest and usual time.
PARTITION_FORMAT = SEPARATOR.join(["%P", "%R", "%a", "%F", "%C", "%m", "%l", "%L"])
# Of all partitions together, each node once.
LOAD_FORMAT = SEPARATOR.join(["%F", "%C"])

_SETTING = re.compile(r"^(\w+) *= (.*)$", re.MULTILINE)
_NUMBER = re.compile(r"\d+")


def partitions(text: str) -> list[Facts]:
    """From `sinfo -h --noconvert -o PARTITION_FORMAT`; what cannot be read is left out."""
    found = (_partition(line.split(SEPARATOR)) for line in text.splitlines())
    return [one for one in found if one is not None][:MOST_PARTITIONS]


def _partition(fields: list[str]) -> Facts | None:
    if len(fields) != PARTITION_FORMAT.count(SEPARATOR) + 1:
        return None
    starred, name, state, nodes, cpus, memory, longest, usual = fields
    counted = by_state(nodes), by_state(cpus)
    if None in counted or not 0 < len(name) <= LONGEST_NAME:
        return None
    return {
        "name": name,
        "is_default": starred != name,
        "state": state,
        "nodes": counted[0],
        "cpus": counted[1],
        "max_time": _seconds(longest),
        "default_time": _seconds(usual),
        # In MB; `8000+` where nodes differ, and 0 where there are none.
        "memory_per_node": (first_number(memory) or 0) << 20 or None,
    }


def load(text: str) -> Facts | None:
    """From `sinfo -h --noconvert -o LOAD_FORMAT`."""
    nodes, _, cpus = text.strip().partition(SEPARATOR)
    found = {"nodes": by_state(nodes), "cpus": by_state(cpus)}
    return None if None in found.values() else found


def by_state(text: str) -> dict[str, int] | None:
    """Of `allocated/idle/other/total`."""
    numbers = text.split("/")
    if len(numbers) != 4 or not all(number.isdecimal() for number in numbers):
        return None
    return dict(zip(("allocated", "idle", "other", "total"), map(int, numbers), strict=True))


def settings(text: str) -> dict[str, str]:
    """Name → value, as `scontrol show config` prints them."""
    return {name: value.strip() for name, value in _SETTING.findall(text)}


def limits(config: dict[str, str]) -> Facts:
    """What this Slurm does not say is left out."""
    found = {
        "max_array_size": first_number(config.get("MaxArraySize", "")),
        "max_job_count": first_number(config.get("MaxJobCount", "")),
        "min_job_age": first_number(config.get("MinJobAge", "")),
        "enforce_part_limits": config.get("EnforcePartLimits"),
        "accounting": keeps_accounts(config.get("AccountingStorageType")),
    }
    return {name: value for name, value in found.items() if value is not None}


def keeps_accounts(storage: str | None) -> bool | None:
    """Newer Slurms say `(null)` where there is no accounting, older ones `accounting_storage/none`."""
    return None if storage is None else storage.rpartition("/")[2] not in ("none", "(null)", "")


def first_number(text: str) -> int | None:
    """Of `300 sec` or `8000+`."""
    found = _NUMBER.match(text)
    return int(found[0]) if found else None


def _seconds(text: str) -> int | None:
    """`infinite` and `n/a` are None."""
    found = duration(text)
    return None if found is None else int(found)
