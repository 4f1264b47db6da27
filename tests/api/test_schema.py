"""The OpenAPI document: complete, without a warning, with real examples and every error an operation can give."""

import re
from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, one) for path, methods in schema["paths"].items() for method, one in methods.items()]


def without_example(contents: dict[str, Any]) -> bool:
    json = contents.get("application/json")
    return json is not None and not json.get("examples") and "example" not in json


def test_it_is_made_without_a_warning(schema: dict[str, Any]) -> None:
    assert operations(schema)
    assert not GENERATOR_STATS


def test_every_operation_says_what_it_is_for(schema: dict[str, Any]) -> None:
    assert [path for _, path, one in operations(schema) if not one.get("summary") or not one.get("tags")] == []
    names = [one["operationId"] for _, _, one in operations(schema)]
    assert len(names) == len(set(names))


def test_every_body_and_every_answer_has_an_example(schema: dict[str, Any]) -> None:
    bare = [
        (method, path)
        for method, path, one in operations(schema)
        for contents in [
            one.get("requestBody", {}).get("content", {}),
            *(answer.get("content", {}) for answer in one["responses"].values()),
        ]
        if without_example(contents)
    ]
    assert bare == []


def test_errors_have_one_shape(schema: dict[str, Any]) -> None:
    shape = {"$ref": "#/components/schemas/Error"}
    for _, path, one in operations(schema):
        assert "401" in one["responses"], path
        for code, answer in one["responses"].items():
            if code >= "400":
                assert answer["content"]["application/json"]["schema"] == shape


@pytest.mark.parametrize("page", ["/docs/", "/docs", "/redoc/", "/openapi.json"])
def test_the_pages_need_no_other_host(anonymous: APIClient, page: str) -> None:
    answer = anonymous.get(page)

    assert answer.status_code == 200
    assets = re.findall(r'(?:src|href)="([^"]*)"', answer.content.decode())
    assert [asset for asset in assets if re.match(r"(https?:)?//", asset)] == []


def test_their_scripts_and_styles_are_served_from_here(anonymous: APIClient, settings: Any) -> None:
    for page in ("/docs/", "/redoc/"):
        assets = re.findall(r'(?:src|href)="(/static/[^"]*)"', anonymous.get(page).content.decode())
        assert assets
        for asset in assets:
            answer: Any = anonymous.get(asset)
            assert (answer.status_code, bool(answer.getvalue())) == (200, True), asset
            answer.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "status"),
    [
        ("get", "/nowhere", None, "not_found", 404),
        ("get", "/api/applications/99/", None, "not_found", 404),
        ("put", "/api/applications/99/", {}, "method_not_allowed", 405),
        ("post", "/api/job-scripts/", "not JSON {", "parse_error", 400),
        ("post", "/api/job-scripts/", '{"application": NaN}', "parse_error", 400),
        ("post", "/api/job-scripts/", '{"application": "a\\u0000"}', "parse_error", 400),
        ("post", "/api/job-scripts/", {}, "invalid", 400),
        ("post", "/api/job-scripts/", [], "invalid", 400),
        ("post", "/api/job-scripts/", {"application": "nope"}, "not_found", 404),
        ("post", "/api/job-submissions/", {"job_script": 2**70}, "invalid", 400),
    ],
)
def test_every_error_has_a_code_and_a_sentence(
    as_alice: APIClient, method: str, path: str, body: Any, code: str, status: int
) -> None:
    if isinstance(body, str):
        answer = as_alice.generic(method.upper(), path, body, content_type="application/json")
    else:
        answer = getattr(as_alice, method)(path, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "detail", "errors"}
    assert answer.json()["detail"]


def test_a_body_of_another_type_is_refused(as_alice: APIClient) -> None:
    answer = as_alice.generic("POST", "/api/job-scripts/", "a,b", content_type="text/csv")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_both_words_before_a_token_are_taken(as_alice: APIClient) -> None:
    token = as_alice._credentials["HTTP_AUTHORIZATION"].split()[1]

    for word in ("Bearer", "JWT"):
        assert APIClient().get("/api/whoami", HTTP_AUTHORIZATION=f"{word} {token}").status_code == 200
