"""The configuration holds together: ports, directories and what is declared of the nodes."""

from pathlib import Path

import pytest

from dev.slurm_cluster import SlurmCluster
from dev.slurm_conf import Settings, slurm_conf


def values(settings: Settings) -> dict[str, str]:
    lines = slurm_conf(settings, Path("/srv/slurm"), "host", "127.0.0.1").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_every_node_has_a_port_of_its_own_beside_those_of_the_daemons():
    settings = Settings(port=20000, nodes=3)
    ports = [settings.node_port(name) for name in settings.node_names]
    assert [settings.port, settings.accounting_port, *ports] == list(settings.ports) == list(range(20000, 20005))
    assert "Port=[20002-20004] CPUs=8" in values(settings)["NodeName"]


def test_everything_lives_in_the_directory():
    config = values(Settings(accounting=True))
    assert {config[name] for name in ("StateSaveLocation", "SlurmdSpoolDir", "AuthInfo")} == {
        "/srv/slurm/state",
        "/srv/slurm/spool/%n",
        "socket=/srv/slurm/munge/socket",
    }


@pytest.mark.parametrize(("accounting", "kind"), [(False, "none"), (True, "slurmdbd")])
def test_accounting_is_asked_for(accounting: bool, kind: str):
    config = values(Settings(accounting=accounting))
    assert config["AccountingStorageType"] == f"accounting_storage/{kind}"


def test_a_directory_without_a_cluster_has_none_saved(tmp_path: Path):
    assert SlurmCluster.saved(tmp_path) is None
