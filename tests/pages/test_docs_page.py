"""The pages in a real browser, with no other host to reach: their scripts run and show what there is."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or "chromium"
# No network but the server's: whatever a page wanted from elsewhere would be missing.
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1", "--virtual-time-budget=15000",
    "--window-size=1280,1600",
)  # fmt: skip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def shown(url: str, home: Path) -> str:
    """The page's document after its scripts have run."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={home}", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_the_swagger_page_shows_every_operation(live_server: Any, tmp_path: Path) -> None:
    document = shown(f"{live_server.url}/docs/", tmp_path)

    assert "Failed to load" not in document
    for summary in (
        "Sign in",
        "Create an application from an archive",
        "Render without saving",
        "Record the held Slurm job",
    ):
        assert summary in document
    assert document.count('class="opblock ') >= 35


def test_the_redoc_page_shows_every_operation(live_server: Any, tmp_path: Path) -> None:
    document = shown(f"{live_server.url}/redoc/", tmp_path)

    assert "Something went wrong" not in document
    for summary in (
        "Sign in",
        "Create an application from an archive",
        "Render without saving",
        "Record the held Slurm job",
    ):
        assert summary in document


def test_the_admin_asks_who_one_is(live_server: Any, tmp_path: Path) -> None:
    document = shown(f"{live_server.url}/admin/", tmp_path)

    assert 'name="username"' in document
    assert 'name="password"' in document
