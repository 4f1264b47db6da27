"""Each example has a test of its own, which `jobbergate applications check` runs."""

import json

import pytest

from applications.models import Application
from tests.cli.conftest import Jobbergate, by_alice, config_directory, run_jobbergate, server
from tests.examples.conftest import EXAMPLES, NAMES

__all__ = ["by_alice", "config_directory", "run_jobbergate", "server"]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_as_its_own_tests_say(by_alice: Jobbergate, name: str) -> None:
    result = by_alice("applications", "check", EXAMPLES / name, "--trust", "--output", "json")

    assert result.exit_code == 0, result.stdout
    tests = json.loads(result.stdout)["tests"]
    assert [test["status"] for test in tests] == ["passed"] * len(tests)
    assert len(tests) > 1
    assert [test["warnings"] for test in tests] == [[]] * len(tests)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_published_with_its_tests(by_alice: Jobbergate, name: str) -> None:
    result = by_alice("applications", "create", EXAMPLES / name, "--trust", "--output", "json")

    assert result.exit_code == 0, result.stderr
    assert Application.objects.get().version().note == ""
