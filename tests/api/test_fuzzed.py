"""Generated requests of every operation: what comes back is what the OpenAPI document says, and never a 500."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from rest_framework_simplejwt.tokens import AccessToken
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jobbergate.wsgi import application
from tests.factories import make_application, make_cluster, make_submission, make_sweep

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


DOCUMENT = schemathesis.openapi.from_wsgi("/openapi.json", application)


@pytest.fixture(autouse=True)
def within_the_test_s_transaction() -> Iterator[None]:
    """The end of a request does not close the connection, as it does not for Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(alice: User) -> str:
    """Alice's, who has one of everything."""
    make_sweep(alice, make_application(alice, identifier="hello"))
    make_submission(alice, cluster=make_cluster("hilbert"))
    return str(AccessToken.for_user(alice))


@DOCUMENT.parametrize()
@settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_an_operation_answers_as_it_is_documented(case: Any, token: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {token}", "Host": "localhost"}, checks=CHECKS)
