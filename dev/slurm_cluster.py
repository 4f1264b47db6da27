"""`SlurmCluster`: munged, slurmctld, slurmd (and MariaDB, slurmdbd) in one directory, started and stopped by us."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from dev.machine import LOOPBACK, address, host_name, in_own_hosts, listening, own_address, own_hosts
from dev.processes import ENVIRONMENT, SYSTEM_PATH, Daemon, DaemonError, UnavailableError, as_user, end
from dev.slurm_conf import CGROUP_CONF, CLUSTER, Settings, gres_conf, slurm_conf, slurmdbd_conf

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
ACCOUNTING_PROGRAMS = ("slurmdbd", "mariadbd", "mariadb-install-db")
SOCKET_PATH_LIMIT = 80
JOBS_MAY_TAKE = 15


class SlurmCluster:
    """Users munge and slurm must be able to reach `directory`; a second cluster needs ports of its own beside it."""

    def __init__(
        self,
        directory: Path,
        port: int = 16917,
        *,
        nodes: int = 1,
        accounting: bool = False,
        min_job_age: int = 300,
        **declared: int,
    ) -> None:
        """`declared`: the CPUs, memory (MB) and GPUs of a node."""
        self.directory = directory
        self.settings = Settings(port, nodes, accounting, min_job_age, **declared)

    @classmethod
    def saved(cls, directory: Path) -> SlurmCluster | None:
        """The cluster that was last started in this directory."""
        try:
            return cls(directory, **json.loads((directory / "settings.json").read_text()))
        except FileNotFoundError:
            return None

    # --- up and down ---------------------------------------------------------------------------------------------

    def up(self) -> None:
        """Starts every daemon that does not run, and waits until the nodes among them take jobs.

        After an outage of slurmctld alone it answers at once, but needs 4 s more until it has heard of its nodes.
        """
        check(self.settings.accounting)
        with self._alone():
            if not self.running():
                self._configure()
            started = [name for name in self.daemons() if self._start(name)]
            for name in started:
                if name.startswith("slurmd-"):
                    self.daemons()[name].wait_until(partial(self._takes_jobs, name.removeprefix("slurmd-")), 60)

    def down(self, *names: str) -> None:
        """Cancels the jobs and stops everything; or stops the named daemons only, an outage until the next `up`."""
        with self._alone():
            daemons = self.daemons()
            if unknown := set(names) - daemons.keys():
                raise UnavailableError(f"No daemon {', '.join(sorted(unknown))}; there are {', '.join(daemons)}")
            for name in names:
                daemons[name].stop()
            if not names:
                self._end_jobs()
                for daemon in reversed(daemons.values()):
                    daemon.stop()
                end(self._strays(), grace=2)

    def purge(self) -> None:
        """Removes the directory of a cluster that is down."""
        if (self.directory / "settings.json").exists() and not self.running():
            shutil.rmtree(self.directory)

    def pause(self, name: str) -> None:
        """The daemon hangs: it takes connections and answers nobody, until `resume`."""
        self.daemons()[name].pause()

    def resume(self, name: str) -> None:
        self.daemons()[name].resume()

    def daemons(self) -> dict[str, Daemon]:
        """In the order of starting."""
        names = ["munged", *(["mariadbd", "slurmdbd"] if self.settings.accounting else []), "slurmctld"]
        names += [f"slurmd-{node}" for node in self.settings.node_names]
        return {name: Daemon(name, self.directory / "daemons") for name in names}

    def running(self) -> list[str]:
        return [name for name, daemon in self.daemons().items() if daemon.pid()]

    # --- using it ------------------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """What sbatch, squeue and the others need to find this cluster."""
        return {"SLURM_CONF": str(self.directory / "slurm.conf")}

    def client(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of Slurm's as root."""
        environment = {**ENVIRONMENT, **self.environment()}
        return subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def add_account(self, account: str, *users: str) -> None:
        """An account whose jobs these users may charge to it; with accounting only. Safe to repeat."""
        self.client("sacctmgr", "-i", "add", "account", account, f"cluster={CLUSTER}")
        self.client("sacctmgr", "-i", "add", "user", ",".join(users), f"account={account}")

    # --- the daemons ---------------------------------------------------------------------------------------------

    def _start(self, name: str) -> bool:
        daemon = self.daemons()[name]
        environment = {**ENVIRONMENT, **self.environment()}
        # The client library of slurmdbd has no other way to be told of another socket.
        environment["MYSQL_UNIX_PORT"] = str(self.directory / "mariadb/socket")
        # Slurm's own daemons leave root by themselves.
        user = {"munged": "munge", "mariadbd": "slurm"}.get(name, "")
        if not daemon.start(self._command(name), user=user, environment=environment):
            return False
        daemon.wait_until(lambda: self._ready(name), 60)
        if name == "slurmdbd":
            self.client("sacctmgr", "-i", "add", "cluster", CLUSTER)
        return True

    def _command(self, name: str) -> list[str]:
        if name == "munged":
            files = {"socket": "socket", "key-file": "key", "log-file": "log", "pid-file": "pid", "seed-file": "seed"}
            options = [f"--{option}={self.directory}/munge/{file}" for option, file in files.items()]
            return ["munged", "--foreground", "--num-threads=4", *options]
        if name == "mariadbd":
            place = self.directory / "mariadb"
            options = [f"--datadir={place}/data", f"--socket={place}/socket", f"--pid-file={place}/pid"]
            options += ["--skip-networking", "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0"]
            return ["mariadbd", "--no-defaults", *options, "--innodb-lock-wait-timeout=900"]
        program, _, node = name.partition("-")
        command = [program, "-D", *(["-N", node] if node else [])]
        # Daemons that listen at the address of the host's name, wherever that is.
        elsewhere = own_address() != address() == LOOPBACK
        return in_own_hosts(self.directory / "hosts", command) if elsewhere else command

    def _ready(self, name: str) -> bool:
        match name:
            case "munged":
                return self.client("munge", "-n", "-S", f"{self.directory}/munge/socket").returncode == 0
            case "mariadbd":
                return answers(self.directory / "mariadb/socket")
            case "slurmdbd":
                return (
                    listening(self.settings.accounting_port, address())
                    and self.client("sacctmgr", "-n", "show", "cluster").returncode == 0
                )
            case "slurmctld":
                return (
                    listening(self.settings.port, address())
                    and self.client("scontrol", "show", "config").returncode == 0
                )
        return True  # The nodes come up side by side: `up` waits for all of them at its end.

    def _takes_jobs(self, node: str) -> bool:
        state = self.client("sinfo", "-h", "-N", "-n", node, "-o", "%t").stdout.split()
        return bool(state) and state[0] in ("idle", "mix", "alloc", "comp", "drain", "drng", "maint", "resv")

    def _end_jobs(self) -> None:
        for daemon in self.daemons().values():
            with suppress(DaemonError):
                daemon.resume()
        deadline = time.monotonic() + JOBS_MAY_TAKE
        while self.daemons()["slurmctld"].pid() and time.monotonic() < deadline:
            jobs = set(self.client("squeue", "-h", "-o", "%A").stdout.split())
            if not jobs:
                return
            self.client("scancel", "--full", *jobs)
            time.sleep(0.1)

    def _strays(self) -> list[int]:
        """What jobs of this cluster started and left behind, and their step daemons."""
        ours = f"SLURM_CONF={self.directory}/slurm.conf".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                environment = (process / "environ").read_bytes().split(b"\0")
                if ours in environment and any(value.startswith(b"SLURM_JOB_ID=") for value in environment):
                    found.append(int(process.name))
        return [pid for pid in found if pid != os.getpid()]

    # --- its files -----------------------------------------------------------------------------------------------

    def _configure(self) -> None:
        taken = [port for port in self.settings.ports if listening(port, address())]
        if taken:
            raise UnavailableError(f"Port {taken[0]} is taken; set JOBBERGATE_SLURM_PORT")
        folders = {"daemons": ("root", 0o755), "munge": ("munge", 0o755), "state": ("slurm", 0o700)}
        folders |= {"spool": ("root", 0o755), "mariadb": ("slurm", 0o700)}
        for name, (user, mode) in folders.items():
            folder = self.directory / name
            folder.mkdir(exist_ok=True)
            give(folder, user, mode)
        for node in self.settings.node_names:
            (self.directory / "spool" / node).mkdir(exist_ok=True)
        self._write("slurm.conf", slurm_conf(self.settings, self.directory, host_name(), address()))
        self._write("cgroup.conf", CGROUP_CONF)
        self._write("gres.conf", gres_conf(self.settings, self.directory))
        for number in range(self.settings.gpus):
            self._write(f"gpu{number + 1}", "")
        self._write("hosts", own_hosts())
        if not (self.directory / "munge/key").exists():
            self._write("munge/key", secrets.token_hex(32), "munge", 0o600)
        if self.settings.accounting:
            self._write("slurmdbd.conf", slurmdbd_conf(self.settings, self.directory, address()), "slurm", 0o600)
            self._make_database()

    def _make_database(self) -> None:
        data = self.directory / "mariadb/data"
        if data.exists():
            return
        draft = data.with_name("draft")
        command = ["mariadb-install-db", "--no-defaults", f"--datadir={draft}", "--skip-test-db"]
        command += ["--auth-root-authentication-method=socket", "--auth-root-socket-user=slurm"]
        done = subprocess.run(
            command, **as_user("slurm"), env=ENVIRONMENT, cwd="/", capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DaemonError(f"mariadb-install-db failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        draft.rename(data)

    def _write(self, name: str, text: str, user: str = "root", mode: int = 0o644) -> None:
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(text)
        give(path, user, mode)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One `up` or `down` of a directory at a time."""
        settings = self.directory / "settings.json"
        self.directory.mkdir(parents=True, exist_ok=True)
        if not settings.exists() and any(self.directory.iterdir()):
            raise UnavailableError(f"{self.directory} is not empty and not a cluster's directory")
        if len(str(self.directory)) > SOCKET_PATH_LIMIT:
            raise UnavailableError(f"{self.directory} is too long a path for a socket in it")
        self.directory.chmod(0o755)
        with settings.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.running():
                settings.write_text(json.dumps(asdict(self.settings)))
            yield


def check(accounting: bool) -> None:
    if os.geteuid():
        raise UnavailableError("Only root can start a Slurm")
    wanted = PROGRAMS + (ACCOUNTING_PROGRAMS if accounting else ())
    if missing := [program for program in wanted if not shutil.which(program, path=SYSTEM_PATH)]:
        raise UnavailableError(f"Slurm is not installed: {', '.join(missing)} not found")
    address()


def answers(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        return True
    return False


def give(path: Path, user: str, mode: int) -> None:
    shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
    path.chmod(mode)
