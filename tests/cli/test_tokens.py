"""How the client comes by its tokens, and what it does when they are worn out."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cli.client import Client
from cli.config import Credentials, TokenFile, Tokens
from cli.errors import NotSignedIn
from tests.cli.stage import Stage, answer


def needs_fresh(handler: BaseHTTPRequestHandler, _: bool) -> None:
    """Answers the access token `fresh` alone; the refresh token `refresh` gives it, and alice's password both."""
    if handler.path == "/api-auth-token/refresh/":
        return answer(handler, {"access": "fresh"})
    if handler.path == "/api-auth-token/":
        return answer(handler, {"access": "fresh", "refresh": "new refresh"})
    if handler.headers["Authorization"] == "Bearer fresh":
        return answer(handler, {"id": 1})
    answer(handler, {"code": "token_not_valid", "detail": "Token is expired"}, 401)


def test_an_old_access_token_is_renewed_once_and_kept(client_of: Callable[..., Client], tmp_path: Path) -> None:
    with Stage(needs_fresh) as stage:
        client = client_of(stage.url)
        assert client.post("/api/job-submissions/1/cancel/", {"why": "tired"}) == {"id": 1}
        assert client.get("/api/whoami/") == {"id": 1}

    assert [path for _, path, _, _ in stage.requests] == [
        "/api/job-submissions/1/cancel/",
        "/api-auth-token/refresh/",
        "/api/job-submissions/1/cancel/",
        "/api/whoami/",
    ]
    assert stage.requests[2][3] == b'{"why": "tired"}'
    assert TokenFile(tmp_path / "tokens", stage.url).read() == Tokens("alice", "fresh", "refresh")


def test_a_token_that_another_command_has_renewed_is_taken_from_it(
    client_of: Callable[..., Client], tmp_path: Path
) -> None:
    def renewed_meanwhile(handler: BaseHTTPRequestHandler, first: bool) -> None:
        if first:
            TokenFile(tmp_path / "tokens", stage.url).write(Tokens("alice", "fresh", "refresh"))
        needs_fresh(handler, first)

    with Stage(renewed_meanwhile) as stage:
        assert client_of(stage.url).get("/api/whoami/") == {"id": 1}

    assert [path for _, path, _, _ in stage.requests] == ["/api/whoami/", "/api/whoami/"]


def test_with_a_password_at_hand_the_client_signs_in_by_itself(
    client_of: Callable[..., Client], tmp_path: Path
) -> None:
    with Stage(needs_fresh) as stage:
        credentials = Credentials("alice", "correct horse")
        client = client_of(stage.url, tokens=None, username="alice", credentials=credentials)
        assert client.get("/api/whoami/") == {"id": 1}

    assert json.loads(stage.requests[0][3]) == {"username": "alice", "password": "correct horse"}
    assert TokenFile(tmp_path / "tokens", stage.url).read() == Tokens("alice", "fresh", "new refresh")


def test_the_tokens_of_somebody_else_are_not_used_for_the_one_who_is_named(client_of: Callable[..., Client]) -> None:
    with Stage(needs_fresh) as stage, pytest.raises(NotSignedIn, match="as bob; run `jobbergate login`"):
        client_of(stage.url, username="bob").get("/api/whoami/")

    assert stage.requests == []


def test_a_sign_in_that_has_run_out_is_told(client_of: Callable[..., Client]) -> None:
    refusal = {"code": "token_not_valid", "detail": "Token is expired"}
    with (
        Stage(lambda handler, _: answer(handler, refusal, 401)) as stage,
        pytest.raises(NotSignedIn, match="has run out; run `jobbergate login`"),
    ):
        client_of(stage.url).get("/api/whoami/")

    assert [path for _, path, _, _ in stage.requests] == ["/api/whoami/", "/api-auth-token/refresh/"]


def test_where_nothing_can_be_written_the_command_is_served_nonetheless() -> None:
    with Stage(needs_fresh) as stage:
        # Not even root makes a directory in /proc.
        file = TokenFile(Path("/proc/jobbergate/tokens"), stage.url)
        client = Client(stage.url, file, credentials=Credentials("alice", "correct horse"))
        assert client.get("/api/whoami/") == {"id": 1}
        client.close()


def test_a_password_in_netrc_does_not_take_the_place_of_the_token(
    client_of: Callable[..., Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login mallory password x\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Stage(lambda handler, _: answer(handler, {})) as stage:
        client_of(stage.url).get("/api/whoami/")

    assert stage.requests[0][2]["Authorization"] == "Bearer old"


def test_a_server_on_this_machine_is_asked_without_the_proxy(
    client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Stage(lambda handler, _: answer(handler, {"id": 1})) as stage:
        assert client_of(stage.url).get("/api/whoami/") == {"id": 1}
