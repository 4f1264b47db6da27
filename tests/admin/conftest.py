"""Carol at the admin: staff, and no superuser."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_application, make_cluster, make_script, make_submission, make_sweep, make_user


@pytest.fixture
def clerk(db: None) -> User:
    return make_user("clerk", is_staff=True)


@pytest.fixture
def as_clerk(clerk: User) -> Client:
    client = Client()
    client.force_login(clerk)
    return client


@pytest.fixture
def as_superuser(carol: User) -> Client:
    client = Client()
    client.force_login(carol)
    return client


@pytest.fixture
def rows(alice: User) -> dict[str, Any]:
    """One row of everything."""
    application = make_application(alice, {"data.bin": b"\xff\xfe", "large.txt": b"x" * 40_000}, identifier="hello")
    script = make_script(alice, application)
    submission = make_submission(alice, script)
    submission.record(7, "hilbert")
    return {
        "applications_application": application,
        "applications_applicationversion": application.version(),
        "jobscripts_jobscript": script,
        "jobscripts_sweep": make_sweep(alice, application),
        "submissions_jobsubmission": submission,
        "submissions_cluster": make_cluster("hilbert"),
    }
