"""What the real sbatch makes of a case: a refusal or a job, and what that asks for, in the terms of `Resources`."""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.processes import SYSTEM_PATH, as_user
from dev.slurm_cluster import SlurmCluster
from jobscripts.sbatch.resources import Resources
from tests.clusters import LOGIN
from tests.slurm.corpus import Case

# A name may hold spaces; every other field that is looked at is one word.
FIELD = re.compile(r"(?:^|\s)([A-Za-z:/]+)=(.*?)(?=\s+[A-Za-z:/]+=|\s*$)", re.DOTALL)


UNITS = {unit: 2 ** (10 * power) for power, unit in enumerate("BKMGTP")}
# What the test clusters give to those who do not ask: seconds by partition, and bytes for a CPU.
DEFAULT_TIME = {"debug": 600, "long": 3600}
DEFAULT_MEMORY = 100 * UNITS["M"]


@dataclass(frozen=True)
class Answer:
    """`job`: the fields of `scontrol show job`; None where sbatch refused, and why it did."""

    job: dict[str, str] | None
    words: str = ""
    id: str = field(default="", compare=False)


def ask(cluster: SlurmCluster, cases: Sequence[Case], place: Path) -> list[Answer]:
    """sbatch is started once a case, scontrol once in all."""
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda case: submit(cluster, case, place), cases))
    jobs = jobs_shown(cluster)
    return [Answer(jobs[answer.id], answer.words) if answer.id else answer for answer in answers]


def submit(cluster: SlurmCluster, case: Case, place: Path) -> Answer:
    with tempfile.NamedTemporaryFile(dir=place, prefix="job") as script:
        script.write(case.script.encode())
        script.flush()
        Path(script.name).chmod(0o644)
        environment = {"PATH": SYSTEM_PATH, "HOME": "/tmp", "LANG": "C.UTF-8", **cluster.environment()}
        done = subprocess.run(
            ["sbatch", "--parsable", "--hold", *case.arguments, script.name],
            **as_user(LOGIN),
            env={**environment, **case.environment},
            cwd=place,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
    said = done.stdout.decode(errors="replace").strip()
    words = done.stderr.decode(errors="replace").strip()
    accepted = done.returncode == os.EX_OK and said.isdecimal()
    return Answer(None, words, said if accepted else "")


def jobs_shown(cluster: SlurmCluster) -> dict[str, dict[str, str]]:
    """Job id → its fields."""
    text = cluster.client("scontrol", "show", "job").stdout
    jobs = [dict(FIELD.findall(part)) for part in re.split(r"\n\n(?=JobId=)", text) if part.strip()]
    return {job["JobId"]: job for job in jobs}


def said(resources: Resources, fields: dict[str, str]) -> dict[str, Any]:
    """What we said that a job asks for, as far as scontrol tells it, with the site's defaults where it asks for nothing."""
    told = resources.as_json()
    for name in ("exclusive", "memory", "core_hours"):
        del told[name]
    if resources.time is None and not resources.time_unlimited:
        told["time"] = DEFAULT_TIME[fields["Partition"]]
    if resources.memory_per_node is None and resources.memory_per_cpu is None:
        told["memory_per_cpu"] = DEFAULT_MEMORY
    return told


def shown(case: Case, fields: dict[str, str]) -> dict[str, Any]:
    """The same from the fields of `scontrol show job`, while the job is held."""
    tres = dict(part.split("=") for part in fields["TRES"].split(",") if "=" in part)
    nodes_min, nodes_max = nodes(fields, int(tres.get("node", 0)))
    gpus = int(tres.get("gres/gpu", 0))
    if "TresPerNode" in fields and "TresPerJob" not in fields:
        gpus = gpus // int(tres["node"]) * nodes_min
    time, unlimited = time_limit(fields["TimeLimit"])
    array_tasks, array_limit = array(fields)
    return {
        "nodes_min": nodes_min,
        "nodes_max": nodes_max,
        "tasks": int(fields["NumTasks"]),
        "cpus_per_task": int(fields["CPUs/Task"]),
        "cpus": cpus(case, fields, nodes_min, gpus),
        "memory_per_node": size(fields.get("MinMemoryNode")),
        "memory_per_cpu": size(fields.get("MinMemoryCPU")),
        "memory_per_gpu": size_by_gpu(fields.get("MemPerTres")),
        "gpus": gpus,
        "time": time,
        "time_unlimited": unlimited,
        "array_tasks": array_tasks,
        "array_limit": array_limit,
    }


def nodes(fields: dict[str, str], counted: int) -> tuple[int, int | None]:
    """NumNodes is a guess where the job asks for no number of nodes; so many tasks by node are more than a guess."""
    least, has_most, most = fields["NumNodes"].partition("-")
    if has_most:
        return int(least), int(most)
    by_node = int(fields["NtasksPerN:B:S:C"].partition(":")[0])
    return max(counted, -(-int(fields["NumTasks"]) // by_node) if by_node else 0), None


def cpus(case: Case, fields: dict[str, str], nodes_min: int, gpus: int) -> int:
    """NumCPUs leaves out what each node, task and GPU has to bring, until the job runs."""
    given = " ".join([case.script, *case.arguments, *case.environment])
    counts = [int(fields["NumCPUs"]), nodes_min, gpus * int(fields.get("CpusPerTres", "0").rpartition(":")[2])]
    if "--mi" in given:
        counts.append(nodes_min * int(fields["MinCPUsNode"]))
    if not re.search(r"overc|OVERCOMMIT|-\w*O", given):
        counts.append(int(fields["NumTasks"]) * int(fields["CPUs/Task"]))
    return max(counts)


def size(text: str | None) -> int | None:
    return int(float(text.rstrip("BKMGTP")) * UNITS[text[-1] if text[-1] in UNITS else "M"]) if text else None


def size_by_gpu(text: str | None) -> int | None:
    return int(text.rpartition(":")[2]) * UNITS["M"] if text else None


def time_limit(text: str) -> tuple[int | None, bool]:
    if text == "UNLIMITED":
        return None, True
    days, _, clock = text.rpartition("-")
    hours, minutes, seconds = map(int, clock.split(":"))
    return int(days or 0) * 86400 + hours * 3600 + minutes * 60 + seconds, False


def array(fields: dict[str, str]) -> tuple[int | None, int | None]:
    if not (text := fields.get("ArrayTaskId")):
        return None, None
    limit = fields.get("ArrayTaskThrottle")
    indices = [re.findall(r"\d+", part) for part in text.partition("%")[0].split(",")]
    tasks = sum(
        len(range(int(part[0]), int(part[1]) + 1, int(part[2] if part[2:] else 1))) if part[1:] else 1
        for part in indices
    )
    return tasks, int(limit) if limit else None
