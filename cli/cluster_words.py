"""Clusters in words: what a table shows of one, and what is said of an agent that is silent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

Cluster = Mapping[str, Any]

# A database keeps them in an order of its own.
LIMITS = ("max_array_size", "max_job_count", "min_job_age", "enforce_part_limits", "accounting")


def silence(cluster: Cluster, at: datetime) -> str | None:
    """What whoever submits has to know of an agent that may take a while; None where it is there."""
    agent = f"The agent of {cluster['name']}"
    if cluster["contact"] == "never":
        return f"{agent} was never heard of; the submission waits for it."
    if cluster["contact"] == "stale":
        return f"{agent} was last heard of {ago(cluster, at)}; the submission waits for it."
    return None


def last_heard(cluster: Cluster, at: datetime) -> str:
    if cluster["contact"] == "never":
        return "never"
    return f"silent: {ago(cluster, at)}" if cluster["contact"] == "stale" else ago(cluster, at)


def ago(cluster: Cluster, at: datetime) -> str:
    """Server and reader have a clock each, so a moment ago may be in the future."""
    seconds = max(int((at - datetime.fromisoformat(cluster["last_contact_at"])).total_seconds()), 0)
    if seconds < 90:
        return f"{seconds} s ago"
    if seconds < 90 * 60:
        return f"{seconds // 60} min ago"
    if seconds < 36 * 3600:
        return f"{seconds // 3600} h ago"
    return f"{seconds // 86400} days ago"


def list_row(cluster: Cluster, at: datetime) -> dict[str, Any]:
    """A line of a table of clusters."""
    return {
        "name": cluster["name"],
        "last_heard": last_heard(cluster, at),
        "slurm_version": cluster["slurm_version"],
        **load(cluster),
        "description": cluster["description"],
    }


def properties(cluster: Cluster, at: datetime) -> dict[str, Any]:
    """One cluster but for its partitions, which are a table of their own."""
    limits = cluster["limits"]
    return {
        "id": cluster["id"],
        **list_row(cluster, at),
        "limits": {name: limits[name] for name in LIMITS if name in limits},
        "created_at": cluster["created_at"],
    }


def load(cluster: Cluster) -> dict[str, Any]:
    """Blank where nobody has told it."""
    told = cluster["load"]
    nodes, cpus = ("", "") if not told else (idle(told["nodes"]), idle(told["cpus"]))
    jobs = told.get("jobs", {})
    return {
        "nodes_idle": nodes,
        "cpus_idle": cpus,
        "running": jobs.get("running", ""),
        "pending": jobs.get("pending", ""),
    }


def partition_row(partition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "partition": f"{partition['name']}{' (default)' if partition['is_default'] else ''}",
        "state": partition["state"],
        "nodes_idle": idle(partition["nodes"]),
        "cpus_idle": idle(partition["cpus"]),
        "longest_job": "no limit" if partition["max_time"] is None else time(partition["max_time"]),
        "default_time": "" if partition["default_time"] is None else time(partition["default_time"]),
        "memory_of_a_node": memory(partition["memory_per_node"]),
    }


def idle(counts: Mapping[str, int]) -> str:
    return f"{counts['idle']} of {counts['total']}"


def time(seconds: int) -> str:
    """As Slurm writes it: `7-00:00:00`."""
    span = timedelta(seconds=seconds)
    hours, minutes = divmod(span.seconds // 60, 60)
    return f"{f'{span.days}-' if span.days else ''}{hours:02}:{minutes:02}:{span.seconds % 60:02}"


def memory(size: int | None) -> str:
    if size is None:
        return ""
    return f"{size / 2**30:.0f} GiB" if size >= 10 * 2**30 else f"{size / 2**20:.0f} MiB"
