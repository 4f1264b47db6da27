"""What an agent tells of its cluster: version, partitions, limits, and what goes on there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli import cluster_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cli.slurm import Slurm
    from cli.slurm_text import Row

RUNNING = frozenset(
    {"RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STAGE_OUT", "SIGNALING", "RESIZING", "STOPPED"}
)


def facts(slurm: Slurm, jobs: Mapping[str, int] | None = None) -> dict[str, Any]:
    """As `POST /api/clusters/{name}/sync/` takes them; raises SlurmSilent. `jobs` as `counts` has them."""
    config = cluster_text.settings(slurm.config())
    load = cluster_text.load(slurm.sinfo(cluster_text.LOAD_FORMAT))
    if load is not None and jobs is not None:
        load["jobs"] = dict(jobs)
    found = {
        "slurm_version": config.get("SLURM_VERSION"),
        "partitions": cluster_text.partitions(slurm.sinfo(cluster_text.PARTITION_FORMAT)),
        "limits": cluster_text.limits(config),
        "load": load,
    }
    return {name: value for name, value in found.items() if value is not None}


def counts(queue: Iterable[Row]) -> dict[str, int]:
    """How many jobs of a whole queue run, and how many wait; each task of an array is one."""
    found = {"running": 0, "pending": 0}
    for row in queue:
        if row.state == "PENDING":
            found["pending"] += len(row.parts)
        elif row.state in RUNNING:
            found["running"] += len(row.parts)
    return found
