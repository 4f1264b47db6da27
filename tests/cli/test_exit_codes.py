"""Every failure is one sentence on standard error and a code that a script can branch on."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Jobbergate


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBBERGATE_USERNAME", "alice")
    monkeypatch.setenv("JOBBERGATE_PASSWORD", "correct horse")


@pytest.mark.usefixtures("credentials")
def test_a_server_that_is_not_there_is_4(run_jobbergate: Jobbergate, closed_port: str) -> None:
    result = run_jobbergate("--server", closed_port, "applications", "list")

    assert result.exit_code == 4
    assert result.stdout == ""
    assert result.stderr == f"Error: {closed_port} cannot be reached: Connection refused.\n"


def test_nobody_signed_in_is_3(run_jobbergate: Jobbergate, closed_port: str) -> None:
    result = run_jobbergate("applications", "list", "--server", closed_port)

    assert result.exit_code == 3
    assert result.stderr == f"Error: You are not signed in to {closed_port}; run `jobbergate login`.\n"


def test_login_without_a_terminal_says_what_to_give(run_jobbergate: Jobbergate, closed_port: str) -> None:
    result = run_jobbergate("login", "--server", closed_port)

    assert result.exit_code == 3
    assert "JOBBERGATE_USERNAME, and JOBBERGATE_PASSWORD or JOBBERGATE_PASSWORD_FILE" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-noun"],
        ["applications", "no-such-verb"],
        ["applications", "list", "--no-such-option"],
        ["applications", "list", "--limit", "0"],
        ["applications", "list", "--output", "xml"],
        ["job-scripts", "get", "twelve"],
        ["job-scripts", "create"],
        ["job-scripts", "create", "an-application", "--upload", "/"],
        ["job-scripts", "create", "an-application", "--entrypoint", "job.sh"],
        ["applications", "create", "/no/such/folder"],
        ["--server", "example.org", "whoami"],
        ["run", "an-application", "--no-submit", "--wait"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_one_line(run_jobbergate: Jobbergate, words: list[str]) -> None:
    result = run_jobbergate(*words)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_an_id_that_would_leave_its_place_is_wrong_usage(run_jobbergate: Jobbergate) -> None:
    result = run_jobbergate("applications", "get", "..")

    assert (result.exit_code, result.stderr) == (2, "Error: '..' names nothing; give an id or an identifier.\n")


def test_a_file_that_cannot_be_read_is_1(run_jobbergate: Jobbergate, config_directory: Path) -> None:
    (config_directory / "config.toml").mkdir(parents=True)
    (config_directory / "tokens").write_text("a file where a directory should be")

    result = run_jobbergate("whoami")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "Not a directory" in result.stderr


def start(*words: str, server: str, **streams: int) -> "subprocess.Popen[str]":
    environment = {**os.environ, "JOBBERGATE_USERNAME": "alice", "JOBBERGATE_PASSWORD": "x"}
    command = [sys.executable, "-m", "cli.main", "--server", server, *words]
    return subprocess.Popen(command, env=environment, text=True, stderr=subprocess.PIPE, **streams)


def test_an_interrupt_is_130_and_one_word(silent_server: socket.socket) -> None:
    server = f"http://127.0.0.1:{silent_server.getsockname()[1]}"
    with start("whoami", server=server, stdout=subprocess.PIPE) as process:
        connection, _ = silent_server.accept()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=10)
        connection.close()

    assert (process.returncode, stdout, stderr.strip()) == (130, "", "Error: Stopped.")


def test_a_reader_that_has_seen_enough_is_no_error(closed_port: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with start("completion", "bash", server=closed_port, stdout=writer) as process:
        os.close(writer)
        _, stderr = process.communicate(timeout=10)

    assert (process.returncode, stderr) == (141, "")


def test_the_version_is_printed(run_jobbergate: Jobbergate) -> None:
    from importlib.metadata import version

    assert run_jobbergate("--version").stdout == f"jobbergate {version('jobbergate')}\n"
