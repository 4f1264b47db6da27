"""What its user has trusted: remembered by content, private, and never lost to another command."""

import json
import os
import stat
import subprocess
import sys

import pytest

from cli.errors import CliError
from cli.trust import TrustStore

SHA = "a" * 64


@pytest.fixture
def store(tmp_path):
    return TrustStore(tmp_path / "config" / "jobbergate")


def remember(store, sha256=SHA, version=3):
    store.remember(sha256, application="demo", owner="alice", version=version)


def test_nothing_is_trusted_at_first_and_looking_makes_no_file(store):
    assert not store.is_trusted(SHA)
    assert not store.directory.exists()


def test_what_was_remembered_is_trusted_and_nothing_else(store):
    remember(store)

    assert store.is_trusted(SHA)
    assert TrustStore(store.directory).is_trusted(SHA)
    assert not store.is_trusted("b" * 64)


def test_what_is_remembered_says_of_whom_and_when(store):
    remember(store)
    remember(store, "b" * 64, version=None)

    entries = json.loads(store.path.read_text())["trusted"]

    assert {sha256: {**entry, "trusted_at": ...} for sha256, entry in entries.items()} == {
        SHA: {"application": "demo", "owner": "alice", "version": 3, "trusted_at": ...},
        "b" * 64: {"application": "demo", "owner": "alice", "version": None, "trusted_at": ...},
    }
    assert entries[SHA]["trusted_at"].endswith("+00:00")


def test_only_its_user_can_read_it_whatever_the_umask(store):
    before = os.umask(0)
    try:
        remember(store)
    finally:
        os.umask(before)

    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert sorted(path.name for path in store.directory.iterdir()) == ["trust.json", "trust.lock"]


def test_commands_at_the_same_time_all_remember(store):
    program = (
        "import sys; from pathlib import Path; from cli.trust import TrustStore\n"
        "for n in range(20):\n"
        "    TrustStore(Path(sys.argv[1])).remember(f'{sys.argv[2]}-{n}', application='a', owner='o', version=1)"
    )
    commands = [[sys.executable, "-c", program, str(store.directory), str(number)] for number in range(4)]

    running = [subprocess.Popen(command) for command in commands]

    assert [process.wait(timeout=60) for process in running] == [0] * 4
    assert len(store.read()) == 80


@pytest.mark.parametrize("content", ["", "{", "[]", '{"trusted": []}', "{}", "\ud800"])
def test_a_broken_file_is_told_and_not_overwritten(store, content):
    store.directory.mkdir(parents=True)
    store.path.write_bytes(content.encode("utf-8", "surrogatepass"))
    store.path.chmod(0o600)

    for act in (lambda: store.is_trusted(SHA), lambda: remember(store)):
        with pytest.raises(CliError, match=r"trust\.json is broken; delete it"):
            act()
    assert store.path.read_bytes() == content.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_believed(store, mode):
    remember(store)
    store.path.chmod(mode)

    with pytest.raises(CliError, match="can be written by others"):
        store.is_trusted(SHA)


def test_a_file_of_somebody_else_is_not_believed(store, monkeypatch):
    remember(store)
    monkeypatch.setattr(os, "geteuid", lambda: store.path.stat().st_uid + 1)

    with pytest.raises(CliError, match="is not yours"):
        store.is_trusted(SHA)
