"""What a job asks for, as sbatch and slurmctld work it out from the options that take effect. Pure.

The rules are those of Slurm 22.05, held against a real one in tests/slurm/test_corpus.py. A value that sbatch would
refuse counts here as not given; saying so is not this module's business.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import prod
from typing import Any

Options = Mapping[str, str | None]

MIB = 2**20
UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
# Eighteen digits: more are refused or overflow, and Python itself refuses to read some thousands.
MEMORY = re.compile(r"\s*\+?(\d{1,18})([kmgt]?)b?\Z", re.IGNORECASE | re.ASCII)
COUNT = re.compile(r"\s*\+?(\d{1,18})\Z", re.ASCII)
NODES = re.compile(r"\s*\+?(\d{0,18})([km]?)\s*(?:-\s*\+?(\d{1,18})([km]?))?\s*\Z", re.IGNORECASE | re.ASCII)
TIME = re.compile(r"(?:(\d{1,18})-)?(?:(\d{1,18})(?::(\d{1,18}))?(?::(\d{1,18}))?)?\Z", re.ASCII)
GRES = re.compile(r"(?:gres:)?gpu(?::([^:=]*?))??(?::(\d{1,18})([kmgt]?))?\Z", re.IGNORECASE | re.ASCII)
RANGE = re.compile(r"\s*\+?(\d{1,9})(?:-\s*\+?(\d{1,9})(?::\s*\+?(\d{1,9}))?)?\Z", re.ASCII)
UNLIMITED = ("unlimited", "infinite", "-1")
# More than any site has; without a bound a few characters would ask for all of our memory.
MOST_ARRAY_TASKS = 10_000_000
MOST_NODES = 65_536


@dataclass(frozen=True)
class Resources:
    """What a job asks for; of an array, what each of its tasks asks for.

    Memory is in bytes, time in seconds, `core_hours` in hours of one CPU, for all tasks of the array. None: not asked
    for, so that the site decides (`time`, `memory…`, `nodes_max`), no array, or not known (`memory`, `core_hours`).
    `memory_per_node` is 0 for all that a node has. `time_unlimited` goes with a `time` of None.
    """

    nodes_min: int = 1
    nodes_max: int | None = None
    tasks: int = 1
    cpus_per_task: int = 1
    cpus: int = 1
    exclusive: bool = False
    memory_per_node: int | None = None
    memory_per_cpu: int | None = None
    memory_per_gpu: int | None = None
    memory: int | None = None
    gpus: int = 0
    time: int | None = None
    time_unlimited: bool = False
    array_tasks: int | None = None
    array_limit: int | None = None
    core_hours: float | None = None

    def as_json(self) -> dict[str, Any]:
        # Not `asdict`, which copies in depth what is flat here.
        return vars(self).copy()


@dataclass(frozen=True)
class Shape:
    """Nodes and tasks on the way to `Resources`; None is not given yet."""

    fewest: int
    most: int | None
    tasks: int | None


@dataclass(frozen=True)
class Gpus:
    """As they are asked for, each kind apart; None where it is not."""

    in_all: int | None
    per_node: int | None
    per_task: int | None
    per_socket: int | None


def of(options: Options) -> Resources:
    """What a job asks for with these options: long name → its last value, None for a flag."""
    gpus = gpus_asked_for(options)
    shape = with_gpus(shape_of(options), gpus, options)
    per_task = cpus_per_task_of(gpus, options)
    tasks = shape.fewest if shape.tasks is None else shape.tasks
    gpus_in_all = all_gpus(gpus, shape.fewest, tasks, options)
    cpus = cpus_of(shape.fewest, tasks, per_task, gpus_in_all, options)
    time, unlimited = time_of(options)
    array_tasks, array_limit = array_of(options)
    per_node, per_cpu, per_gpu = (memory_of(options, name) for name in ("mem", "mem-per-cpu", "mem-per-gpu"))
    if per_cpu == 0:
        # Slurm takes it for --mem=0.
        per_node, per_cpu = 0, None
    exclusive = "exclusive" in options and not options["exclusive"]
    return Resources(
        nodes_min=shape.fewest,
        nodes_max=shape.most,
        tasks=tasks,
        cpus_per_task=per_task,
        cpus=cpus,
        exclusive=exclusive,
        memory_per_node=per_node,
        memory_per_cpu=per_cpu,
        memory_per_gpu=per_gpu,
        memory=memory_in_all((per_node, shape.fewest), (per_cpu, cpus), (per_gpu, gpus_in_all)),
        gpus=gpus_in_all,
        time=time,
        time_unlimited=unlimited,
        array_tasks=array_tasks,
        array_limit=array_limit,
        # The CPUs of a whole node are the site's to tell.
        core_hours=None if time is None or exclusive else cpus * time * (array_tasks or 1) / 3600,
    )


# --- nodes, tasks, CPUs ---------------------------------------------------------------------------------------------


def shape_of(options: Options) -> Shape:
    """Nodes and tasks as sbatch sends them; GPUs may change them yet."""
    nodes = nodes_of(options)
    tasks, tasks_per_node = number(options, "ntasks") or None, number_per_node(options)
    fewest, most = nodes or (1, None)
    if tasks is None and tasks_per_node:
        return Shape(fewest, most, fewest * tasks_per_node)
    if tasks is None:
        parts = parts_of_a_node(options)
        by_parts = parts and most in (None, fewest) and (nodes or "extra-node-info" in options)
        return Shape(fewest, most, max(fewest, 1) * prod(parts) if by_parts else None)
    if nodes and tasks < fewest:
        return Shape(tasks, tasks, tasks)
    if most is not None:
        # Never more nodes than tasks.
        return Shape(fewest, min(most, tasks), tasks)
    return Shape(max(fewest, -(-tasks // (tasks_per_node or tasks))), most, tasks)


def nodes_of(options: Options) -> tuple[int, int | None] | None:
    """The fewest and the most; None where neither a number nor a list of nodes is given."""
    names = node_names(options.get("nodelist") or "")
    found = NODES.match(options.get("nodes") or "-")
    if found and (found[1] or found[3]):
        fewest = int(found[1] or 1) * UNITS[found[2].lower()]
        most = int(found[3]) * UNITS[found[4].lower()] if found[3] else fewest
        return max(fewest, names), most or None
    return (names, None) if names else None


def node_names(text: str) -> int:
    """How many nodes a list like n[1-4,7],login1 names; 0 for a file of names, which is not here."""
    if "/" in text:
        return 0
    listed = re.findall(r"(?:\[[^\][]*\]|[^,\[])+", text)
    # The bound is for all of them: a list of a few hundred characters can name millions.
    names = islice(chain.from_iterable(expanded(name.strip()) for name in listed), MOST_NODES)
    return len(set(names) - {""})


def expanded(name: str) -> Iterator[str]:
    before, bracket, rest = name.partition("[")
    numbers, _, after = rest.partition("]")
    # Slurm knows five dimensions of nodes.
    if not bracket or name.count("[") > 5:
        yield name
        return
    for part in numbers.split(","):
        if found := RANGE.match(part):
            last = found[2] or found[1]
            for index in range(int(found[1]), int(last) + 1):
                yield from expanded(f"{before}{index:0{len(found[1])}}{after}")


def parts_of_a_node(options: Options) -> list[int]:
    """Sockets, cores and threads, those of them that are asked for."""
    names = ("sockets-per-node", "cores-per-socket", "threads-per-core")
    of_a_node = (least.partition("-")[0] for least in (options.get("extra-node-info") or "").split(":"))
    parts = dict(zip(names, of_a_node, strict=False))
    given = {**parts, **{name: options[name] for name in names if name in options}}
    return [size for size in (number(given, name) for name in names) if size is not None]


def with_gpus(shape: Shape, gpus: Gpus, options: Options) -> Shape:
    """GPUs in all and by node give the number of nodes; in all and by task, the number of tasks."""
    fewest, most, tasks = shape.fewest, shape.most, shape.tasks
    if gpus.in_all and gpus.per_node:
        fewest = most = gpus.in_all // gpus.per_node
    elif gpus.in_all and most is not None:
        most = max(fewest, min(most, gpus.in_all))
    if gpus.in_all and gpus.per_task and tasks is None:
        tasks = gpus.in_all // gpus.per_task
    if (by_gpu := tasks_by_gpu(options)) and (tasks is None or gpus.in_all or gpus.per_node):
        tasks = by_gpu * (gpus.in_all or (gpus.per_node or 1) * fewest)
    return Shape(fewest, most, tasks)


def cpus_per_task_of(gpus: Gpus, options: Options) -> int:
    return number(options, "cpus-per-task") or (gpus.per_task or 0) * (number(options, "cpus-per-gpu") or 0) or 1


def cpus_of(nodes: int, tasks: int, per_task: int, gpus: int, options: Options) -> int:
    """At least one a node, and what each node or GPU has to bring."""
    least = max(nodes * (number(options, "mincpus") or 1), gpus * (number(options, "cpus-per-gpu") or 0))
    if "overcommit" in options:
        return least
    return max(least, per_task * max(tasks, number(options, "ntasks") or 0))


# --- GPUs -----------------------------------------------------------------------------------------------------------


def gpus_asked_for(options: Options) -> Gpus:
    return Gpus(
        in_all=count_gpus(listed(options, "gpus")),
        per_node=count_gpus([*listed(options, "gpus-per-node"), *listed(options, "gres")]),
        per_task=count_gpus(listed(options, "gpus-per-task")),
        per_socket=count_gpus(listed(options, "gpus-per-socket")),
    )


GPU_OPTIONS = ("gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "gres")


def listed(options: Options, name: str) -> list[str]:
    before = "" if name == "gres" else "gpu:"
    return [f"{before}{item}" for item in (options.get(name) or "").split(",") if item]


def count_gpus(items: list[str]) -> int | None:
    return sum(by_type(items).values()) or None


def by_type(items: list[str]) -> dict[str, int]:
    """Of gpu, gpu:2, gpu:a100 and gpu:a100:2: of two demands for one type, Slurm meets the larger one."""
    counts: dict[str, int] = {}
    for found in filter(None, map(GRES.match, items)):
        count = int(found[2]) * UNITS[found[3].lower()] if found[2] else 1
        counts[found[1] or ""] = max(count, counts.get(found[1] or "", 0))
    return counts


def types(options: Options) -> set[str]:
    """The types of GPU that are asked for, "" for any."""
    return set(by_type([item for name in GPU_OPTIONS for item in listed(options, name)]))


def tasks_by_gpu(options: Options) -> int | None:
    return number(options, "ntasks-per-gpu") or number(options, "ntasks-per-tres")


def all_gpus(gpus: Gpus, nodes: int, tasks: int, options: Options) -> int:
    if gpus.in_all:
        return gpus.in_all
    sockets = nodes * (number(options, "sockets-per-node") or 1)
    implied = tasks // by_gpu if (by_gpu := tasks_by_gpu(options)) else 0
    asked = [(gpus.per_node or 0) * nodes, (gpus.per_task or 0) * tasks, (gpus.per_socket or 0) * sockets]
    return max(asked) or implied


# --- memory, time, array --------------------------------------------------------------------------------------------


def memory_of(options: Options, name: str) -> int | None:
    """In bytes; Slurm counts whole MiB, rounded up, and takes a bare number for MiB."""
    found = MEMORY.match(options.get(name) or "")
    if not found:
        return None
    size = int(found[1]) * UNITS[found[2].lower() or "m"]
    return -(-size // MIB) * MIB


def memory_in_all(*demands: tuple[int | None, int]) -> int | None:
    return next((size * times for size, times in demands if size), None)


def time_of(options: Options) -> tuple[int | None, bool]:
    """Seconds, and whether there is no limit. M, M:S, H:M:S, D-H, D-H:M or D-H:M:S, rounded up to whole minutes."""
    text = (options.get("time") or "").lower()
    found = TIME.match(text)
    if text in UNLIMITED or not found or not text:
        return None, text in UNLIMITED
    days, first, second, third = (int(part or 0) for part in found.groups())
    if found[1] is None and found[4] is None:
        first, second, third = 0, first, second
    seconds = days * 86400 + first * 3600 + second * 60 + third
    return -(-seconds // 60) * 60 or None, not seconds


def array_of(options: Options) -> tuple[int | None, int | None]:
    """How many tasks the array has, and how many of them may run at once."""
    text = options.get("array") or ""
    ranges = [RANGE.match(part) for part in re.sub(r"%[^,\]]*|[\[\]]", "", text).split(",") if part]
    if not ranges and "%" in text:
        # A limit alone is an array of task 0.
        ranges = [RANGE.match("0")]
    steps = [indices(found) for found in ranges if found]
    if not steps or None in ranges or max(step.stop for step in steps) > MOST_ARRAY_TASKS:
        return None, None
    if sum(map(len, steps)) > MOST_ARRAY_TASKS:
        return None, None
    limit = re.search(r"%(\d+)", text)
    tasks = len(steps[0]) if len(steps) == 1 else distinct(steps)
    return tasks or None, int(limit[1]) or None if limit else None


def distinct(steps: Sequence[range]) -> int:
    """How many indexes there are in all, each counted once; a byte for each of them, however many ranges have it."""
    there = bytearray(max(step.stop for step in steps))
    for step in steps:
        there[step.start : step.stop : step.step] = b"\1" * len(step)
    return there.count(1)


def indices(found: re.Match[str]) -> range:
    first, last, step = int(found[1]), int(found[2] or found[1]), int(found[3] or 1)
    return range(first, last + 1, step) if step else range(0)


# --- numbers --------------------------------------------------------------------------------------------------------


def number(options: Options, name: str) -> int | None:
    found = COUNT.match(options.get(name) or "")
    return int(found[1]) if found else None


def number_per_node(options: Options) -> int | None:
    return number(options, "ntasks-per-node") or number(options, "tasks-per-node")
