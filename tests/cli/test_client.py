"""What the client does when the network, a proxy or another server is not what it should be."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from cli.client import Client, at
from cli.errors import ApiError, Unreachable, UsageProblem
from tests.cli.stage import Stage, answer


def breaks_off_once(handler: BaseHTTPRequestHandler, first: bool) -> None:
    if first:
        handler.connection.close()
    else:
        answer(handler, {"id": 1})


class TestBrokenConnections:
    def test_a_get_is_sent_again(self, client_of: Callable[..., Client]) -> None:
        with Stage(breaks_off_once) as stage:
            assert client_of(stage.url).get("/api/whoami/") == {"id": 1}

        assert len(stage.requests) == 2

    def test_a_create_is_sent_again_with_the_same_key(self, client_of: Callable[..., Client]) -> None:
        with Stage(breaks_off_once) as stage:
            assert client_of(stage.url).create("/api/job-scripts/", {"answers": {}}) == {"id": 1}

        keys = [headers["Idempotency-Key"] for _, _, headers, _ in stage.requests]
        assert len(keys) == 2
        assert len(set(keys)) == 1
        assert len(keys[0]) == 32

    @pytest.mark.parametrize("method", ["post", "patch"])
    def test_what_may_have_had_an_effect_is_not_sent_again(self, client_of: Callable[..., Client], method: str) -> None:
        with Stage(breaks_off_once) as stage, pytest.raises(Unreachable, match="cannot be reached"):
            getattr(client_of(stage.url), method)("/api/job-submissions/1/lease/", {"holder": "me"})

        assert len(stage.requests) == 1

    def test_each_create_has_a_key_of_its_own(self, client_of: Callable[..., Client]) -> None:
        with Stage(lambda handler, _: answer(handler, {"id": 1}, 201)) as stage:
            client = client_of(stage.url)
            client.create("/api/job-scripts/", {})
            client.create("/api/job-scripts/", {})

        assert len({headers["Idempotency-Key"] for _, _, headers, _ in stage.requests}) == 2


def test_no_answer_in_time_is_unreachable(client_of: Callable[..., Client]) -> None:
    leave = threading.Event()
    with Stage(lambda *_: leave.wait(10) and None) as stage:
        client = client_of(stage.url, timeout=0.2)
        with pytest.raises(Unreachable, match="gave no answer in time"):
            client.get("/api/whoami/")
        leave.set()


def test_a_redirect_is_not_followed_and_takes_no_token_along(client_of: Callable[..., Client]) -> None:
    with Stage(lambda handler, _: answer(handler, {})) as elsewhere:
        away = f"{elsewhere.url}/api/whoami/"
        with Stage(lambda handler, _: answer(handler, {}, 302, Location=away)) as stage:
            client = client_of(stage.url)
            with pytest.raises(ApiError, match=f"sends us on to {away}"):
                client.get("/api/whoami/")

    assert elsewhere.requests == []


def test_the_next_page_is_asked_of_the_same_server(client_of: Callable[..., Client]) -> None:
    def two_pages(handler: BaseHTTPRequestHandler, first: bool) -> None:
        following = "https://evil.example.org/api/applications/?cursor=abc%3D&limit=1" if first else None
        answer(handler, {"next": following, "previous": None, "results": [{"id": 1 if first else 2}]})

    with Stage(two_pages) as stage:
        rows = list(client_of(stage.url).pages("/api/applications/", archived=True, owner=None))

    assert [row["id"] for row in rows] == [1, 2]
    assert [path for _, path, _, _ in stage.requests] == [
        "/api/applications/?archived=true&limit=500",
        "/api/applications/?archived=true&limit=500&cursor=abc%3D",
    ]


def test_a_limit_ends_the_pages(client_of: Callable[..., Client]) -> None:
    page = {"next": "/?cursor=x", "previous": None, "results": [{"id": 1}, {"id": 2}]}
    with Stage(lambda handler, _: answer(handler, page)) as stage:
        rows = list(client_of(stage.url).pages("/api/applications/", limit=4))

    assert len(rows) == 4
    assert len(stage.requests) == 2


def test_a_proxy_whose_server_is_down_is_unreachable(client_of: Callable[..., Client]) -> None:
    with (
        Stage(lambda handler, _: answer(handler, b"<h1>Bad Gateway</h1>", 502)) as stage,
        pytest.raises(Unreachable, match="not served at the moment"),
    ):
        client_of(stage.url).get("/api/whoami/")


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_server_of_another_kind_is_told(client_of: Callable[..., Client], status: int) -> None:
    with (
        Stage(lambda handler, _: answer(handler, b"<h1>Hello</h1>", status)) as stage,
        pytest.raises(ApiError, match="is --server right"),
    ):
        client_of(stage.url).get("/api/whoami/")


def test_a_refusal_says_what_is_wrong_with_each_field(client_of: Callable[..., Client]) -> None:
    refusal = {
        "code": "invalid_answers",
        "detail": "The answers are not acceptable.",
        "errors": {"nodes": ["nodes: 0 is not accepted; give an integer from 1 to 64."], "gpus": ["Missing."]},
    }
    with Stage(lambda handler, _: answer(handler, refusal, 400)) as stage, pytest.raises(ApiError) as caught:
        client_of(stage.url).get("/api/whoami/")

    assert caught.value.code == "invalid_answers"
    assert str(caught.value) == (
        "The answers are not acceptable. nodes: 0 is not accepted; give an integer from 1 to 64. gpus: Missing."
    )


@pytest.mark.parametrize(
    ("pieces", "path"),
    [
        (("applications", "my app/../x"), "/api/applications/my%20app%2F..%2Fx/"),
        (("job-scripts", 3, "archive"), "/api/job-scripts/3/archive/"),
    ],
)
def test_a_name_is_one_piece_of_a_path(pieces: tuple[object, ...], path: str) -> None:
    assert at(*pieces) == path


@pytest.mark.parametrize("piece", ["", ".", "..", " "])
def test_a_piece_that_names_nothing_is_refused(piece: str) -> None:
    with pytest.raises(UsageProblem, match="names nothing"):
        at("applications", piece)
