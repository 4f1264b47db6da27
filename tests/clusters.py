"""Real Slurm clusters on this machine, for whichever test asks for one: started at the first, stopped at the end."""

from collections.abc import Iterator
from typing import Any

import pytest

from dev.machine import ensure_user, free_ports, temporary_directory
from dev.slurm_cluster import SlurmCluster

# Nobody's account: root's jobs would hide what an ordinary user may not do.
LOGIN = "jg-alice"


@pytest.fixture(scope="session")
def cluster() -> Iterator[SlurmCluster]:
    """With accounting. It is shared: who stops a daemon starts it again."""
    yield from running(accounting=True)


@pytest.fixture(scope="session")
def bare_cluster() -> Iterator[SlurmCluster]:
    """Without accounting, and it forgets ended jobs after some seconds."""
    yield from running(accounting=False, min_job_age=2)


def running(**settings: Any) -> Iterator[SlurmCluster]:
    ensure_user(LOGIN)
    with temporary_directory("jg-slurm") as place:
        made = SlurmCluster(place, free_ports(4), nodes=2, **settings)
        try:
            made.up()
            if made.settings.accounting:
                made.add_account("physics", LOGIN)
            yield made
        finally:
            made.down()
