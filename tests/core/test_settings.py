"""Settings come from the environment; a wrong one is a system check with a hint, and never a traceback."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from jobbergate.core.environment import Environment

ROOT = Path(__file__).parents[2]


def manage(*words: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JOBBERGATE_", "DJANGO_"))}
    environment = {**kept, "JOBBERGATE_DATA_DIR": str(directory), **variables}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


WRONG = {
    "JOBBERGATE_DEBUG": ("maybe", "JOBBERGATE_DEBUG: 'maybe' is neither true nor false.", "Give one of 1, true, yes, on, 0"),
    "JOBBERGATE_HTTPS": ("2", "JOBBERGATE_HTTPS: '2' is neither true nor false.", "Give one of 1, true, yes, on, 0"),
    "JOBBERGATE_LEASE_SECONDS": ("0", "JOBBERGATE_LEASE_SECONDS: '0' is not accepted.", "Give an integer from 1 to"),
    "JOBBERGATE_ACCESS_TOKEN_MINUTES": ("1.5", "JOBBERGATE_ACCESS_TOKEN_MINUTES: '1.5' is not accepted.", "Give an integer from 1"),
    "JOBBERGATE_REFRESH_TOKEN_DAYS": ("9" * 5000, "JOBBERGATE_REFRESH_TOKEN_DAYS: ", "Give an integer from 1 to"),
    "JOBBERGATE_LOG_LEVEL": ("loud", "JOBBERGATE_LOG_LEVEL: 'loud' is not accepted.", "Give one of DEBUG, INFO, WARNING, ERROR."),
    "JOBBERGATE_DATABASE_URL": (
        "mysql://secret:word@h/db", "JOBBERGATE_DATABASE_URL: it is not the URL of a PostgreSQL.", "Give postgres://USER:PASSWORD@HOST"),
    "JOBBERGATE_SECRET_KEY_FILE": (
        "/nowhere/secret", "JOBBERGATE_SECRET_KEY_FILE: /nowhere/secret: No such file or directory.", "Give a file that"),
    "JOBBERGATE_DATA_DIR": ("/dev/null/x", "JOBBERGATE_DATA_DIR: /dev/null/x cannot be made: Not a directory.", "Give a directory that"),
}  # fmt: skip


@pytest.mark.parametrize(("variable", "wrong"), WRONG.items())
def test_a_wrong_value_is_told_with_a_hint(tmp_path, variable, wrong):
    value, words, hint = wrong

    done = manage("check", **{"directory": tmp_path, variable: value})

    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert "jobbergate.E001" in done.stderr
    assert words in done.stderr
    assert hint in done.stderr
    assert "word@" not in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:p@h/db",
        "hello",
        "postgres://u:p@h:port/db",
        "postgres://[::1/db",
        "oracle://x",
        "sqlite:///x.sqlite3",
        "://",
        "{}",
    ],
)
def test_no_other_database_is_taken(tmp_path, url):
    done = manage("check", directory=tmp_path, JOBBERGATE_DATABASE_URL=url)

    assert ("Traceback" in done.stderr, done.returncode, "jobbergate.E001" in done.stderr) == (False, 1, True)


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe\x00", b"short"])
def test_a_secret_key_file_without_a_key_is_told(tmp_path, content):
    (tmp_path / "key").write_bytes(content)

    done = manage("check", directory=tmp_path, JOBBERGATE_SECRET_KEY_FILE=str(tmp_path / "key"))

    assert ("Traceback" in done.stderr, done.returncode) == (False, 1)
    assert "jobbergate.E00" in done.stderr


def test_a_short_secret_key_is_told(tmp_path):
    done = manage("check", directory=tmp_path, JOBBERGATE_SECRET_KEY="x" * 31)

    assert ("jobbergate.E002" in done.stderr, done.returncode) == (True, 1)


def test_the_server_does_not_start_with_wrong_settings(tmp_path):
    done = manage("serve", directory=tmp_path, JOBBERGATE_LEASE_SECONDS="x")

    assert ("Traceback" in done.stderr, done.returncode) == (False, 1)


def test_everything_runs_with_nothing_set(tmp_path):
    done = manage("check", directory=tmp_path / "new" / "folder")

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")
    assert oct((tmp_path / "new" / "folder").stat().st_mode)[-3:] == "700"


def test_production_settings_pass_the_checks_for_deployment(tmp_path):
    production = {"JOBBERGATE_HTTPS": "1", "JOBBERGATE_ALLOWED_HOSTS": "jobbergate.example.org"}

    done = manage("check", "--deploy", "--fail-level", "WARNING", directory=tmp_path, **production)

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


def test_any_host_is_a_warning_for_deployment(tmp_path):
    done = manage("check", "--deploy", directory=tmp_path, JOBBERGATE_HTTPS="1", JOBBERGATE_ALLOWED_HOSTS="*")

    assert "jobbergate.W001" in done.stderr


def test_processes_that_start_at_once_agree_on_one_secret(tmp_path):
    command = "from django.conf import settings; print(settings.SECRET_KEY)"

    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(manage, "shell", "--no-imports", "-c", command, directory=tmp_path) for _ in range(4)]
        keys = {one.result().stdout for one in started}

    [key] = keys
    assert (tmp_path / "secret_key").read_text() == key.strip()
    assert len(key.strip()) >= 64
    assert oct((tmp_path / "secret_key").stat().st_mode)[-3:] == "600"
    assert [path.name for path in tmp_path.glob(".secret*")] == []


@pytest.mark.parametrize("variable", ["JOBBERGATE_DEBUG", "JOBBERGATE_HTTPS"])
@pytest.mark.parametrize(
    ("text", "value"), [("1", True), (" TRUE ", True), ("on", True), ("0", False), ("", False), ("No", False)]
)
def test_words_for_true_and_false(variable, text, value):
    environment = Environment({variable: text})

    assert (environment.boolean(variable, default=not value), environment.problems) == (value, [])


def test_sqlite_writes_ahead_and_waits_its_turn(db):
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        wait = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        keys = cursor.execute("PRAGMA foreign_keys").fetchone()[0]

    assert (mode, wait, keys) == ("wal", 20_000, 1)
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
