"""Which submissions wait for which: ours by their ids, told to Slurm by its own."""

from jobbergate.core.errors import DomainError


class BadDependency(DomainError):
    """It cannot wait for that one: not there, on another cluster, or ended in a way that it never can begin."""

    code = "bad_dependency"
