"""The example folders as the client reads them, and as somebody publishes them."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from applications.models import Application
from cli.folder import read_folder
from cli.workflow import capture_form

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/jobbergate.yaml"))
PROGRAMMED = sorted(path.parent.name for path in EXAMPLES.glob("*/jobbergate.py"))


@pytest.fixture(autouse=True)
def no_recipes_of_other_tests() -> None:
    """SQLite gives the ids of rows that a test took back to the next one's."""


def publish(name: str, owner: User) -> Application:
    folder = EXAMPLES / name
    form = capture_form(folder) if name in PROGRAMMED else None
    return Application.create(read_folder(folder), owner, form, name=name, identifier=name)


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest, alice: User) -> Application:
    return publish(request.param, alice)
