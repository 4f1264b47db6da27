"""For load balancers: is the process alive, and can it serve?"""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

ROOT = Path(__file__).parents[2]
ASK = """
from django.test import Client
for path in ("/healthz", "/readyz"):
    answer = Client(HTTP_HOST="localhost").get(path)
    print(answer.status_code, answer.content.decode())
"""


def asked(**variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOBBERGATE_")}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", ASK]
    done = subprocess.run(command, cwd=ROOT, env={**kept, **variables}, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/readyz/"])
def test_a_server_that_can_serve_says_so(path):
    answer = Client().get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_before_the_migrations_it_is_alive_and_not_ready(tmp_path):
    assert asked(JOBBERGATE_DATA_DIR=str(tmp_path)) == (
        '200 {"status": "ok"}\n503 {"status": "unavailable", "reason": "Run `manage.py migrate`."}\n'
    )


def test_without_its_database_it_is_alive_and_not_ready(tmp_path):
    assert asked(JOBBERGATE_DATA_DIR=str(tmp_path), JOBBERGATE_DATABASE_URL="postgres://u:p@127.0.0.1:1/none") == (
        '200 {"status": "ok"}\n503 {"status": "unavailable", "reason": "The database does not answer."}\n'
    )


def test_a_file_that_is_no_database_is_a_database_that_does_not_answer(tmp_path):
    (tmp_path / "jobbergate.sqlite3").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(tmp_path / "jobbergate.sqlite3").execute("SELECT * FROM sqlite_master")

    assert '503 {"status": "unavailable"' in asked(JOBBERGATE_DATA_DIR=str(tmp_path))


@pytest.mark.django_db
def test_health_behind_a_proxy_needs_no_tls(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$"]

    assert Client().get("/healthz").status_code == 200
    assert Client().get("/api/whoami/").status_code == 301
    assert connection.vendor in ("sqlite", "postgresql")
