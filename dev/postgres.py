"""A throw-away PostgreSQL on the loopback address, for tests and benchmarks.

python3 -m dev.postgres run -- COMMAND...     with JOBBERGATE_DATABASE_URL set; exits as the command does
python3 -m dev.postgres check                 can it run here? says why not
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dev.machine import free_port, temporary_directory
from dev.processes import ENVIRONMENT, Daemon, DaemonError, UnavailableError, as_user, end_in_order, run

VERSIONS = Path("/usr/lib/postgresql")
NAME = "jobbergate"
# Nothing here outlives a power cut, and nothing has to.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def newest(versions: Path) -> Path | None:
    """Debian has a directory for each version, and keeps initdb out of PATH."""
    found = versions.glob("*/bin/initdb")
    return max(found, key=lambda initdb: float(initdb.parts[-3]), default=None)


def binaries() -> Path:
    """The directory of PostgreSQL's programs."""
    initdb = newest(VERSIONS) or shutil.which("initdb")
    if not initdb:
        raise UnavailableError("PostgreSQL is not installed")
    if os.geteuid() == 0 and not any(user.pw_name == "postgres" for user in pwd.getpwall()):
        raise UnavailableError("PostgreSQL does not run as root, and there is no user postgres")
    return Path(initdb).parent


@dataclass
class PostgresServer:
    """A server in a directory of its own; as root, the user postgres must be able to reach that directory."""

    directory: Path
    port: int = 0
    durable: bool = False
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def daemon(self) -> Daemon:
        return Daemon("postgres", self.directory)

    def up(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        user = "postgres" if os.geteuid() == 0 else ""
        if user:
            shutil.chown(self.directory, user, pwd.getpwnam(user).pw_gid)
        if not (self.directory / "data").exists():
            self._initialise(user)
        self.port = self.port or free_port()
        self.daemon.start(self._command(), user=user, environment=ENVIRONMENT)
        self.daemon.wait_until(lambda: self._accepts("postgres", "SELECT 1"), 30)
        if not self._accepts(NAME, "SELECT 1"):
            self._accepts("postgres", f"CREATE DATABASE {NAME}")

    def down(self) -> None:
        # The terminate signal would wait for clients to leave; this one sends them away.
        self.daemon.stop(grace=20, first=signal.SIGINT)

    def url(self, database: str = NAME) -> str:
        return f"postgresql://{NAME}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _initialise(self, user: str) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.directory) as file:
            file.write(self.password)
            file.flush()
            if user:
                shutil.chown(file.name, user)
            command = [f"{binaries()}/initdb", f"--pgdata={self.directory}/data", "--no-sync"]
            command += [f"--username={NAME}", f"--pwfile={file.name}", "--auth=scram-sha-256"]
            command += ["--encoding=UTF8", "--locale=C.UTF-8"]
            done = subprocess.run(command, **as_user(user), capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise DaemonError(f"initdb failed: {done.stderr}")

    def _command(self) -> list[str]:
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC"]
        settings += ["shared_buffers=64MB", "max_connections=60", *(() if self.durable else CARELESS)]
        return [f"{binaries()}/postgres", "-D", f"{self.directory}/data", *(f"--{setting}" for setting in settings)]

    def _accepts(self, database: str, statement: str) -> bool:
        environment = {**ENVIRONMENT, "PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"}
        command = [f"{binaries()}/psql", "--no-psqlrc", "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        command += [f"--username={NAME}", f"--dbname={database}", f"--command={statement}"]
        return not subprocess.run(command, env=environment, capture_output=True, check=False).returncode


@contextmanager
def throw_away() -> Iterator[PostgresServer]:
    with temporary_directory("jobbergate-postgres") as directory:
        server = PostgresServer(directory)
        try:
            server.up()
            yield server
        finally:
            server.down()


def run_with(command: list[str]) -> int:
    end_in_order()
    with throw_away() as server:
        return run(command, {**os.environ, "JOBBERGATE_DATABASE_URL": server.url()})


def main(arguments: list[str]) -> int:
    try:
        binaries()
        match arguments:
            case ["check"]:
                return 0
            case ["run", "--", _, *_]:
                return run_with(arguments[2:])
    except (UnavailableError, DaemonError) as problem:
        print(f"{problem}.", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
