"""Signing in, staying signed in, and signing out, at the real server."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from cli.config import TokenFile, Tokens
from tests.cli.conftest import Jobbergate, sign_in
from tests.cli.terminal import at_a_terminal

PASSWORD = "alice's password"


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBBERGATE_USERNAME", "alice")
    monkeypatch.setenv("JOBBERGATE_PASSWORD", PASSWORD)


@pytest.mark.usefixtures("alice", "password")
def test_login_stays_and_whoami_says_who_and_where(
    run_jobbergate: Jobbergate, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = run_jobbergate("login")
    for name in ("USERNAME", "PASSWORD", "SERVER"):
        monkeypatch.delenv(f"JOBBERGATE_{name}")
    whoami = run_jobbergate("whoami", "--output", "json")

    assert (login.exit_code, login.stdout) == (0, "")
    assert login.stderr == f"Signed in to {server} as alice.\n"
    assert json.loads(whoami.stdout)["username"] == "alice"
    assert json.loads(whoami.stdout)["server"] == server


@pytest.mark.usefixtures("alice")
def test_a_wrong_password_is_3(run_jobbergate: Jobbergate, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBBERGATE_PASSWORD", "battery staple")

    result = run_jobbergate("login", "--username", "alice")

    assert result.exit_code == 3
    assert result.stderr == f"Error: {server} does not accept this username and password.\n"


@pytest.mark.usefixtures("alice")
def test_at_a_terminal_the_missing_is_asked_for_and_the_password_is_not_shown(server: str) -> None:
    shown, code = at_a_terminal(["login"], [("Username: ", "alice\n"), ("Password: ", f"{PASSWORD}\n")])

    assert code == 0
    assert f"Signed in to {server} as alice." in shown
    assert PASSWORD not in shown


@pytest.mark.usefixtures("alice", "password", "server")
def test_commands_sign_in_by_themselves_once(run_jobbergate: Jobbergate) -> None:
    first = run_jobbergate("whoami", "--output", "id")
    second = run_jobbergate("whoami", "--output", "id")

    assert (first.exit_code, first.stdout) == (0, second.stdout)
    assert OutstandingToken.objects.count() == 1


def test_an_old_access_token_is_renewed_without_a_word(
    run_jobbergate: Jobbergate, server: str, alice: User, config_directory: Path
) -> None:
    sign_in(alice, server, config_directory)
    file = TokenFile(config_directory / "tokens", server)
    tokens = file.read()
    assert tokens is not None
    file.write(Tokens("alice", "worn out", tokens.refresh))

    result = run_jobbergate("whoami", "--output", "id")

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{alice.pk}\n", "")
    renewed = file.read()
    assert renewed is not None
    assert renewed.access != "worn out"
    assert renewed.refresh == tokens.refresh
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_commands_at_the_same_moment_do_each_other_no_harm(server: str, alice: User, config_directory: Path) -> None:
    sign_in(alice, server, config_directory)
    file = TokenFile(config_directory / "tokens", server)
    tokens = file.read()
    assert tokens is not None
    file.write(Tokens("alice", "worn out", tokens.refresh))
    command = [sys.executable, "-m", "cli.main", "whoami", "-o", "id"]

    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(4)]
    said = [process.communicate(timeout=60)[0] for process in processes]

    assert said == [f"{alice.pk}\n".encode()] * 4
    renewed = file.read()
    assert renewed is not None
    assert (renewed.refresh, renewed.access != "worn out") == (tokens.refresh, True)
    assert list(file.path.parent.iterdir()) == [file.path]


def test_logout_revokes_at_the_server_and_deletes_here(
    by_alice: Jobbergate, server: str, config_directory: Path
) -> None:
    result = by_alice("logout")

    assert (result.exit_code, result.stderr) == (0, f"Signed out of {server}.\n")
    assert BlacklistedToken.objects.count() == 1
    assert not TokenFile(config_directory / "tokens", server).path.exists()
    assert by_alice("whoami").exit_code == 3


@pytest.mark.usefixtures("server")
def test_logout_of_nobody_is_done_already(run_jobbergate: Jobbergate) -> None:
    result = run_jobbergate("logout")

    assert result.exit_code == 0
    assert result.stderr.startswith("You were not signed in")


def test_logout_deletes_even_when_the_server_is_gone(run_jobbergate: Jobbergate, config_directory: Path) -> None:
    gone = "http://127.0.0.1:9"
    file = TokenFile(config_directory / "tokens", gone)
    file.write(Tokens("alice", "access", "refresh"))

    result = run_jobbergate("--server", gone, "logout")

    assert result.exit_code == 0
    assert "Warning: The sign-in was not revoked at the server: http://127.0.0.1:9 cannot be reached" in result.stderr
    assert not file.path.exists()


@pytest.mark.usefixtures("password")
def test_an_unencrypted_server_elsewhere_is_warned_of(run_jobbergate: Jobbergate) -> None:
    result = run_jobbergate("login", "--server", "http://jobbergate.invalid")

    assert result.exit_code == 4
    assert result.stderr.startswith("Warning: http://jobbergate.invalid is not encrypted")


def test_an_account_that_was_closed_is_told_so(
    run_jobbergate: Jobbergate, server: str, alice: User, config_directory: Path
) -> None:
    sign_in(alice, server, config_directory)
    alice.is_active = False
    alice.save()

    result = run_jobbergate("whoami")

    assert result.exit_code == 3
    assert "run `jobbergate login`" in result.stderr
