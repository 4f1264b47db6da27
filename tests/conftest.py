"""The cast: Alice owns, Bob is a colleague, Carol is staff."""

import shutil
import signal

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from tests.clusters import bare_cluster, cluster
from tests.factories import make_user
from tests.halves import HALVES, half_of

__all__ = ["bare_cluster", "cluster"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="only tests that use a database")
    parser.addoption("--half", type=int, choices=HALVES, help="only the files of this half (tests/halves.py)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium (make test installs it)")
    if not hasattr(config, "workerinput"):
        # Whoever ends us, as Ctrl-C does: what fixtures have started (a Slurm) is stopped.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
    # How long an example takes depends on who else is busy on this machine.
    hypothesis.settings.register_profile("jobbergate", deadline=None)
    hypothesis.settings.load_profile("jobbergate")
    # The real hash is slow on purpose, and most tests sign somebody in.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("database_only"):
        leave_out(config, items, [item for item in items if not uses_database(item)])
    if half := config.getoption("half"):
        leave_out(config, items, [item for item in items if half_of(item.nodeid.partition("::")[0]) != half])
    pages = [item for item in items if item.get_closest_marker("browser")]
    if pages and not shutil.which("chromium"):
        leave_out(config, items, pages)
        config.get_terminal_writer().line("chromium is not installed: the tests in a browser are left out.")


def leave_out(config: pytest.Config, items: list[pytest.Item], left: list[pytest.Item]) -> None:
    gone = set(left)
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=left)


def uses_database(item: pytest.Item) -> bool:
    """What knows no database says the same beside every one, so one run of it is enough."""
    asked_for = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(asked_for) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in earnest: one in memory has neither a log nor writers that wait for each other.

    Tests that run side by side have a database each: the suffix sees to that.
    """
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(user).access_token}")
    return client


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice", email="alice@example.org")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob", email="bob@example.org")


@pytest.fixture
def carol(db: None) -> User:
    return make_user("carol", is_staff=True, is_superuser=True)


@pytest.fixture
def as_alice(alice: User) -> APIClient:
    return signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> APIClient:
    return signed_in(bob)


@pytest.fixture
def as_carol(carol: User) -> APIClient:
    return signed_in(carol)


@pytest.fixture
def anonymous(db: None) -> APIClient:
    return APIClient()
