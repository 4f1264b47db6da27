"""The configuration of our one-machine Slurm, as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CLUSTER = "jobbergate"
GPU = "a100"


@dataclass(frozen=True)
class Settings:
    """What a cluster is started with; kept beside it, so that `down` and `status` need no settings."""

    port: int = 16917
    nodes: int = 1
    accounting: bool = False
    min_job_age: int = 300
    # Declared, not found out: CPUs, memory (MB) and GPUs are only counted, so that examples for many cores run here.
    cpus: int = 8
    memory: int = 8000
    gpus: int = 0

    @property
    def accounting_port(self) -> int:
        return self.port + 1

    @property
    def node_names(self) -> list[str]:
        return [f"n{number}" for number in range(1, self.nodes + 1)]

    def node_port(self, name: str) -> int:
        return self.port + 1 + int(name[1:])

    @property
    def ports(self) -> range:
        return range(self.port, self.port + 2 + self.nodes)


def slurm_conf(settings: Settings, directory: Path, host: str, address: str) -> str:
    last = settings.nodes
    return f"""\
ClusterName={CLUSTER}
SlurmctldHost={host}({address})
SlurmctldPort={settings.port}
SlurmUser=slurm
AuthType=auth/munge
AuthInfo=socket={directory}/munge/socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={directory}/state
SlurmctldPidFile={directory}/state/slurmctld.pid
SlurmdSpoolDir={directory}/spool/%n
SlurmdPidFile={directory}/spool/%n.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SlurmdTimeout=30
KillWait=3
MinJobAge={settings.min_job_age}
MaxJobCount=30000
SchedulerType=sched/backfill
# Look at the queue as soon as a job comes or is released.
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# A job in `urgent` takes the place of others, which wait again, or end where they may not be requeued.
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
DefMemPerCPU=100
GresTypes=gpu
{accounting_lines(settings, directory, address)}
NodeName=n[1-{last}] NodeHostname={host} NodeAddr={address} \
Port=[{settings.node_port("n1")}-{settings.node_port(f"n{last}")}] CPUs={settings.cpus} RealMemory={settings.memory} \
{gpus_of_a_node(settings)}State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES DefaultTime=00:10:00 MaxTime=01:00:00 State=UP
PartitionName=long Nodes=ALL DefaultTime=01:00:00 MaxTime=7-00:00:00 State=UP
PartitionName=urgent Nodes=ALL DefaultTime=00:10:00 MaxTime=01:00:00 PriorityTier=10 State=UP
PartitionName=private Nodes=ALL Hidden=YES DefaultTime=00:10:00 MaxTime=01:00:00 State=UP
"""


def gpus_of_a_node(settings: Settings) -> str:
    return f"Gres=gpu:{GPU}:{settings.gpus} " if settings.gpus else ""


def gres_conf(settings: Settings, directory: Path) -> str:
    """GPUs that are empty files: without any file slurmd finds no GPU, and its node is drained."""
    return f"Name=gpu Type={GPU} File={directory}/gpu[1-{settings.gpus}]\n" if settings.gpus else ""


def accounting_lines(settings: Settings, directory: Path, address: str) -> str:
    if not settings.accounting:
        return "AccountingStorageType=accounting_storage/none\nJobAcctGatherType=jobacct_gather/none"
    return f"""\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost={address}
AccountingStoragePort={settings.accounting_port}
AccountingStoragePass={directory}/munge/socket
AccountingStorageTRES=gres/gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1"""


def slurmdbd_conf(settings: Settings, directory: Path, address: str) -> str:
    # No password: MariaDB knows the user slurm by the socket.
    return f"""\
AuthType=auth/munge
AuthInfo=socket={directory}/munge/socket
CommunicationParameters=NoInAddrAny
DbdHost=localhost
DbdAddr={address}
DbdPort={settings.accounting_port}
SlurmUser=slurm
PidFile={directory}/state/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_accounting
"""


# slurmd loads a cgroup plugin that nothing here uses; the old one asks nothing of the machine when it starts.
CGROUP_CONF = "CgroupPlugin=cgroup/v1\n"
