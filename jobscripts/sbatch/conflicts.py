"""Options that sbatch takes one by one and refuses together, wherever they are said. Pure; tried on Slurm 22.05."""

from collections.abc import Iterator

from jobscripts.sbatch.resources import (
    GPU_OPTIONS,
    Gpus,
    Options,
    gpus_asked_for,
    node_names,
    nodes_of,
    number,
    shape_of,
    tasks_by_gpu,
    time_of,
    types,
)

BY_GPU = ("gpus-per-task", "gpus-per-socket", "ntasks-per-node")


def found(options: Options) -> Iterator[tuple[tuple[str, ...], str]]:
    """The options of each conflict, and what is wrong with them, as the end of a sentence."""
    gpus = gpus_asked_for(options)
    yield from of_nodes(options)
    yield from of_time(options)
    yield from of_kinds(options, gpus)
    yield from of_numbers(options, gpus)
    yield from of_tasks_by_gpu(options, gpus)


def of_nodes(options: Options) -> Iterator[tuple[tuple[str, ...], str]]:
    _, most = nodes_of(options) or (1, None)
    if most is not None and node_names(options.get("nodelist") or "") > most:
        yield ("nodelist", "nodes"), "it names more nodes than are asked for"


def of_time(options: Options) -> Iterator[tuple[tuple[str, ...], str]]:
    longest, _ = time_of(options)
    shortest, unlimited = time_of({"time": options.get("time-min")})
    if longest is not None and (unlimited or (shortest or 0) > longest):
        yield ("time-min", "time"), "the shortest time is longer than the limit"


def of_kinds(options: Options, gpus: Gpus) -> Iterator[tuple[tuple[str, ...], str]]:
    """Options that need another one, or exclude it, whatever their values."""
    if "cpus-per-gpu" in options and "cpus-per-task" in options:
        yield ("cpus-per-gpu", "cpus-per-task"), "they exclude each other"
    asked_for = gpus.in_all or gpus.per_node or gpus.per_task or gpus.per_socket or tasks_by_gpu(options)
    if "mem-per-gpu" in options and not asked_for:
        yield ("mem-per-gpu",), "no GPU is asked for"
    distribution = (options.get("distribution") or "").lower()
    if distribution.startswith("arbitrary") and not {"nodelist", "nodefile"} & options.keys():
        yield ("distribution",), "arbitrary needs --nodelist"
    if gpus.per_socket and "sockets-per-node" not in options:
        yield ("gpus-per-socket",), "it needs --sockets-per-node"
    kinds = types(options)
    if "" in kinds and len(kinds) > 1:
        yield GPU_OPTIONS, "GPUs are asked for with and without a type"


def of_numbers(options: Options, gpus: Gpus) -> Iterator[tuple[tuple[str, ...], str]]:
    fewest, most = nodes_of(options) or (1, None)
    # With CPUs for each task, sbatch does not reckon with one task a node.
    tasks = shape_of(options).tasks if "cpus-per-task" in options else known_tasks(options)
    if gpus.per_task and not gpus.in_all and tasks is None:
        yield ("gpus-per-task",), "it needs --ntasks or --gpus"
    if gpus.per_task and gpus.per_node and gpus.per_node < gpus.per_task:
        yield ("gpus-per-node", "gres", "gpus-per-task"), "a node has fewer GPUs than a task"
    by_node = number(options, "ntasks-per-node")
    if gpus.per_task and gpus.per_node and by_node not in (None, gpus.per_node // gpus.per_task):
        yield ("gpus-per-node", "gres", "gpus-per-task", "ntasks-per-node"), "these are not the tasks of a node"
    if not gpus.in_all:
        return
    if gpus.per_task and (gpus.in_all % gpus.per_task or tasks not in (None, gpus.in_all // gpus.per_task)):
        yield ("gpus", "gpus-per-task"), "these are not the GPUs of that many tasks"
    if gpus.per_node and gpus.in_all % gpus.per_node:
        yield ("gpus", "gpus-per-node"), "the one is no multiple of the other"
    elif gpus.per_node and not fewest <= gpus.in_all // gpus.per_node <= (most or gpus.in_all):
        yield ("gpus", "gpus-per-node", "nodes"), "these are not the GPUs of that many nodes"
    elif gpus.in_all < fewest:
        yield ("gpus", "nodes"), "there are fewer GPUs than nodes"


def of_tasks_by_gpu(options: Options, gpus: Gpus) -> Iterator[tuple[tuple[str, ...], str]]:
    by_gpu, tasks = tasks_by_gpu(options), known_tasks(options)
    if not by_gpu:
        return
    for name in BY_GPU:
        if name in options:
            yield ("ntasks-per-gpu", name), "they exclude each other"
    if gpus.in_all or gpus.per_node:
        return
    if tasks is None:
        yield ("ntasks-per-gpu",), "it needs GPUs, nodes or tasks"
    elif number(options, "ntasks") and tasks % by_gpu:
        yield ("ntasks-per-gpu", "ntasks"), "the tasks are no multiple of it"


def known_tasks(options: Options) -> int | None:
    """As many as are asked for, or as one number of nodes comes to; names of nodes come to none."""
    nodes, shape = nodes_of(options), shape_of(options)
    exact = nodes is None or nodes[1] in (None, nodes[0])
    if shape.tasks is not None:
        return shape.tasks if exact or "ntasks" in options else None
    return nodes[0] if nodes and exact and "nodes" in options else None
