"""What its user has trusted: remembered by content, private, and never lost to another command."""

import json
import os
import stat
import subprocess
import sys

import pytest

from cli.errors import CliError
from cli.folder import sha256_of
from cli.snapshot import Snapshot
from cli.trust import Content, TrustStore

FILES = {"jobbergate.yaml": b"", "jobbergate.py": b"print(1)\n"}
OTHERS = {**FILES, "notes.md": b"more"}
SHA, OTHER = sha256_of(FILES), sha256_of(OTHERS)


@pytest.fixture
def store(tmp_path):
    return TrustStore(tmp_path / "config" / "jobbergate")


def remember(store, files=FILES, version=3, **where):
    store.remember(Content(files, "demo", "alice", version, **where))


def test_nothing_is_trusted_at_first_and_looking_makes_no_file(store):
    assert not store.is_trusted(SHA)
    assert not store.directory.exists()


def test_what_was_remembered_is_trusted_and_nothing_else(store):
    remember(store)

    assert store.is_trusted(SHA)
    assert TrustStore(store.directory).is_trusted(SHA)
    assert not store.is_trusted(OTHER)


def test_what_is_remembered_says_of_whom_and_when(store):
    remember(store)
    remember(store, OTHERS, version=None, server="https://j.example", application_id=7)

    entries = json.loads(store.path.read_text())["trusted"]

    assert {sha256: {**entry, "trusted_at": ...} for sha256, entry in entries.items()} == {
        SHA: {"application": "demo", "owner": "alice", "version": 3, "trusted_at": ...},
        OTHER: {
            "application": "demo",
            "owner": "alice",
            "version": None,
            "server": "https://j.example",
            "application_id": 7,
            "trusted_at": ...,
        },
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
    assert sorted(path.name for path in store.directory.iterdir()) == ["trust.json", "trust.lock", "trusted"]
    assert stat.S_IMODE(store.snapshots.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in store.snapshots.iterdir()] == [0o600]


def test_commands_at_the_same_time_all_remember(store):
    program = (
        "import sys; from pathlib import Path; from cli.trust import Content, TrustStore\n"
        "for n in range(20):\n"
        "    TrustStore(Path(sys.argv[1])).remember(Content({'x': f'{sys.argv[2]}-{n}'.encode()}, 'a', 'o'))"
    )
    commands = [[sys.executable, "-c", program, str(store.directory), str(number)] for number in range(4)]

    running = [subprocess.Popen(command) for command in commands]

    assert [process.wait(timeout=60) for process in running] == [0] * 4
    assert len(store.read()) == len(list(store.snapshots.iterdir())) == 80


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"trusted": []}', "{}", '{"trusted": {"a": 1}}', "[" * 100_000, "\ud800"]
)
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


def test_a_link_in_its_place_is_not_followed(store, tmp_path):
    remember(store)
    store.path.rename(tmp_path / "elsewhere.json")
    store.path.symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(CliError, match="cannot be read"):
        store.is_trusted(SHA)


# --- snapshots ------------------------------------------------------------------------------------------------------


def test_what_was_trusted_is_kept_and_goes_with_its_trust(store):
    remember(store)
    remember(store, OTHERS)

    assert store.snapshot(SHA) == Snapshot.of(FILES)
    store.forget([SHA])

    assert (store.snapshot(SHA), store.is_trusted(SHA)) == (None, False)
    assert [path.name for path in store.snapshots.iterdir()] == [f"{OTHER}.json"]
    assert store.is_trusted(OTHER)


def test_trust_without_a_snapshot_of_an_older_client_still_counts_and_can_be_revoked(store):
    store.directory.mkdir(parents=True)
    entry = {"application": "demo", "owner": "alice", "version": 1, "trusted_at": "2026-01-01T00:00:00+00:00"}
    store.path.write_text(json.dumps({"trusted": {SHA: entry}}))
    store.path.chmod(0o600)

    assert store.is_trusted(SHA)
    assert store.snapshot(SHA) is None
    assert store.earlier(Content(OTHERS, "demo", "alice", 2, server="s", application_id=1)) is None
    store.forget([SHA])
    assert store.read() == {}


@pytest.mark.parametrize("spoil", [lambda path: path.chmod(0o620), lambda path: path.write_text("{")])
def test_a_snapshot_that_others_can_write_or_that_is_broken_is_not_believed(store, spoil):
    remember(store)
    spoil(store.snapshot_path(SHA))

    with pytest.raises(CliError, match="delete it"):
        store.snapshot(SHA)


def test_snapshots_are_not_written_through_a_link(store, tmp_path):
    store.directory.mkdir(parents=True)
    store.snapshots.symlink_to(tmp_path)

    with pytest.raises(CliError, match="trusted is a symbolic link"):
        remember(store)
    assert not store.is_trusted(SHA)
    assert not list(tmp_path.glob("*.json"))


def test_a_name_that_is_no_hash_leads_to_no_file(store, tmp_path):
    remember(store)
    (tmp_path / "config" / "victim.json").write_text("{}")

    assert store.snapshot("../victim") is None
    store.forget(["../victim", "../../config/victim"])
    assert (tmp_path / "config" / "victim.json").exists()


@pytest.mark.parametrize(
    ("where", "same"),
    [
        ({"server": "https://a", "application_id": 1}, True),
        ({"server": "https://b", "application_id": 1}, False),
        ({"server": "https://a", "application_id": 2}, False),
        ({"folder": "/home/alice/demo"}, False),
        ({}, False),
    ],
)
def test_an_application_is_the_same_at_the_same_server_with_the_same_id(store, where, same):
    remember(store, server="https://a", application_id=1)

    assert (store.earlier(Content(OTHERS, "other name", "bob", 2, **where)) is not None) == same


def test_a_folder_is_the_same_by_its_real_path_and_the_newest_counts(store, tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    for files in (FILES, OTHERS):
        store.remember(Content.of_folder(folder, files))
    entries = json.loads(store.path.read_text())
    entries["trusted"][OTHER]["trusted_at"] = "2999-01-01T00:00:00+00:00"
    store.path.write_text(json.dumps(entries))

    found = store.earlier(Content.of_folder(tmp_path / "link", {}))

    assert found is not None
    assert found[0] == OTHER
