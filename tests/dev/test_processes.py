"""Daemons are started once, found again, never mistaken, and stopped however they resist."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.processes import ENVIRONMENT, Daemon, DaemonError, started_at
from dev.processes import run as run_in_foreground

ROOT = Path(__file__).parents[2]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon("sleeper", tmp_path)
    yield made
    made.stop(grace=0)


def start(daemon: Daemon, script: str) -> bool:
    return daemon.start(["sh", "-c", script], environment=ENVIRONMENT)


def test_a_daemon_is_started_once_and_found_by_its_pid_file(daemon: Daemon, tmp_path: Path):
    assert start(daemon, "exec sleep 60")
    assert not start(daemon, "exec sleep 60")
    pid = Daemon("sleeper", tmp_path).pid()
    assert pid
    assert os.getsid(pid) == pid


def test_a_stopped_daemon_leaves_no_pid_file(daemon: Daemon):
    start(daemon, "exec sleep 60")
    assert daemon.stop()
    assert not daemon.pid_file.exists()
    assert not daemon.stop()


def test_one_that_ignores_the_signal_is_killed_after_its_grace(daemon: Daemon):
    start(daemon, "trap '' TERM; echo up; while :; do sleep 0.05; done")
    daemon.wait_until(lambda: "up" in daemon.log.read_text(), 5)
    pid = daemon.pid()
    assert pid
    daemon.stop(grace=0.1)
    assert started_at(pid) is None


def test_a_paused_daemon_can_be_stopped(daemon: Daemon):
    start(daemon, "exec sleep 60")
    daemon.pause()
    begin = time.monotonic()
    daemon.stop(grace=10)
    assert time.monotonic() - begin < 5


def test_another_process_with_the_same_pid_is_not_the_daemon(daemon: Daemon):
    daemon.pid_file.write_text(f"{os.getpid()} 1\n")
    assert daemon.pid() is None
    assert not daemon.stop()


def test_a_daemon_that_dies_is_reported_with_the_end_of_its_log(daemon: Daemon):
    start(daemon, "echo no such port; exit 1")
    with pytest.raises(DaemonError, match=r"sleeper died\.(?s:.*)no such port"):
        daemon.wait_until(lambda: False, 5)


def test_a_daemon_that_is_never_ready_is_reported(daemon: Daemon):
    start(daemon, "exec sleep 60")
    with pytest.raises(DaemonError, match=r"not ready after 0\.1 s"):
        daemon.wait_until(lambda: False, 0.1)


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_a_command_in_the_foreground_gives_its_exit_code(command: str, code: int):
    assert run_in_foreground(["sh", "-c", command], ENVIRONMENT) == code


def test_a_terminate_signal_reaches_the_command_in_the_foreground(tmp_path: Path):
    marker = tmp_path / "told"
    script = f"trap 'touch {marker}; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    program = "import sys; from dev.processes import run; sys.exit(run(sys.argv[1:], {'PATH': '/usr/bin:/bin'}))"
    with subprocess.Popen(
        [sys.executable, "-c", program, "sh", "-c", script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=ROOT
    ) as runner:
        assert runner.stdout
        assert runner.stdout.readline() == b"ready\n"
        runner.send_signal(signal.SIGTERM)
        assert runner.wait(timeout=10) == 5
    assert marker.exists()


# --- several side by side -------------------------------------------------------------------------------------------


def together(*scripts: str) -> "subprocess.Popen[str]":
    program = """
import sys
from dev.processes import end_in_order, run_together
end_in_order()
print("ended with", run_together([(["sh", "-c", script], {"PATH": "/usr/bin:/bin"}) for script in sys.argv[1:]]))
"""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", program, *scripts],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )


def wait_for(path: Path) -> str:
    """A shell's trap waits for the command that runs, and each waits for the other's file: so in small steps."""
    return f"while ! [ -e {path} ]; do sleep 0.02; done"


def test_commands_run_side_by_side_and_are_told_one_after_another(tmp_path: Path):
    one, two = tmp_path / "one", tmp_path / "two"
    # Each waits for the other, so that they only end together.
    first = f"echo a1; touch {one}; {wait_for(two)}; sleep 0.2; echo a2; exit 3"
    second = f"echo b1; echo b2 >&2; {wait_for(one)}; touch {two}; sleep 0.5; echo b3"

    with together(first, second) as runner:
        said, _ = runner.communicate(timeout=20)

    assert said.splitlines() == ["a1", "a2", "b1", "b2", "b3", "ended with [3, 0]"]


def test_what_the_first_one_says_is_seen_as_it_comes(tmp_path: Path):
    with together(f"echo now; {wait_for(tmp_path / 'seen')}", "echo later") as runner:
        assert runner.stdout
        assert runner.stdout.readline() == "now\n"
        (tmp_path / "seen").touch()
        assert runner.stdout.readline() == "later\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_of_them_and_then_us(tmp_path: Path, number: signal.Signals):
    def waits(name: str) -> str:
        # A shell in the background ignores SIGINT, unless it says otherwise.
        ends = f"echo {name} ended; exit 5"
        return f"trap '{ends}' INT TERM HUP; touch {tmp_path}/{name}; while :; do sleep 0.05; done"

    with together(waits("one"), waits("two")) as runner:
        deadline = time.monotonic() + 10
        while len(list(tmp_path.iterdir())) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        runner.send_signal(number)
        said, _ = runner.communicate(timeout=20)

    assert said.splitlines() == ["one ended", "two ended"]
    assert runner.returncode in (128 + number, -number)
