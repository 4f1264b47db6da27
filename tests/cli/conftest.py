"""The program itself, in a config directory of its own and with nothing of the tester's environment."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.contrib.auth.models import User

from cli.client import Client
from cli.config import TokenFile, Tokens
from cli.main import jobbergate

Jobbergate = Callable[..., Result]
OLD = Tokens("alice", "old", "refresh")


@pytest.fixture(autouse=True)
def config_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SERVER", "USERNAME", "PASSWORD", "PASSWORD_FILE"):
        monkeypatch.delenv(f"JOBBERGATE_{name}", raising=False)
    directory = tmp_path / "config"
    monkeypatch.setenv("JOBBERGATE_CONFIG_DIR", str(directory))
    return directory


@pytest.fixture
def run_jobbergate() -> Jobbergate:
    """`run_jobbergate("applications", "list")` has exit_code, stdout and stderr; stdin is no terminal."""

    def run(*words: Any, stdin: str = "") -> Result:
        return CliRunner().invoke(jobbergate, [str(word) for word in words], input=stdin, prog_name="jobbergate")

    return run


@pytest.fixture
def client_of(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    clients = []

    def make(url: str, *, tokens: Tokens | None = OLD, **more: Any) -> Client:
        file = TokenFile(tmp_path / "tokens", url)
        if tokens:
            file.write(tokens)
        clients.append(Client(url, file, **more))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def server(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("JOBBERGATE_SERVER", live_server.url)
    return str(live_server.url)


@pytest.fixture
def no_slurm_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without sbatch, such as a laptop."""
    monkeypatch.setenv("PATH", str(tmp_path))


def sign_in(user: User, server: str, directory: Path) -> None:
    """What `jobbergate login` leaves behind, without the time that a password takes."""
    from rest_framework_simplejwt.tokens import RefreshToken

    tokens = RefreshToken.for_user(user)
    file = TokenFile(directory / "tokens", server)
    file.write(Tokens(user.get_username(), str(tokens.access_token), str(tokens)))


@pytest.fixture
def by_alice(server: str, alice: User, config_directory: Path, run_jobbergate: Jobbergate) -> Jobbergate:
    """Alice's own `jobbergate`, signed in to the real server."""
    sign_in(alice, server, config_directory)
    return run_jobbergate
