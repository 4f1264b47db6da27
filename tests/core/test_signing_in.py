"""Signing in, and what ends it."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

PASSWORD = "alice's password"


def tokens(client, password=PASSWORD):
    return client.post("/api-auth-token/", {"username": "alice", "password": password})


def whoami(access, prefix="Bearer"):
    return APIClient().get("/api/whoami/", HTTP_AUTHORIZATION=f"{prefix} {access}")


def test_a_password_gives_tokens_that_say_who_one_is(anonymous, alice):
    answer = tokens(anonymous)

    assert (answer.status_code, sorted(answer.json())) == (200, ["access", "refresh"])
    for prefix in ("Bearer", "JWT"):
        assert whoami(answer.json()["access"], prefix).json() == {
            "id": alice.pk, "username": "alice", "email": "alice@example.org", "is_staff": False,
        }  # fmt: skip


@pytest.mark.parametrize(
    "body", [{"username": "alice", "password": "wrong"}, {"username": "nobody", "password": PASSWORD}]
)
def test_a_wrong_password_and_an_unknown_name_are_the_same(anonymous, alice, body):
    answer = anonymous.post("/api-auth-token/", body)

    assert (answer.status_code, answer.json()) == (
        401,
        {"code": "no_active_account", "detail": "No active account found with the given credentials", "errors": {}},
    )


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, ["username", "password"]), ({"username": "alice"}, ["password"]), ({"username": "a\n", "password": ""}, ["password"]),
     ({"username": [], "password": {}}, ["username", "password"])],
)  # fmt: skip
def test_what_is_missing_is_named(anonymous, alice, body, fields):
    answer = anonymous.post("/api-auth-token/", body)

    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, "invalid", fields)


def test_a_refresh_token_gives_a_new_access_token(anonymous, alice):
    refresh = tokens(anonymous).json()["refresh"]

    answer = anonymous.post("/api-auth-token/refresh/", {"refresh": refresh})

    assert (answer.status_code, list(answer.json())) == (200, ["access"])
    assert whoami(answer.json()["access"]).status_code == 200


def test_a_revoked_token_gives_nothing_more(anonymous, alice):
    refresh = tokens(anonymous).json()["refresh"]

    assert anonymous.post("/api-auth-token/revoke/", {"refresh": refresh}).status_code == 204
    for path in ("refresh", "revoke"):
        answer = anonymous.post(f"/api-auth-token/{path}/", {"refresh": refresh})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "🚀", "x" * 100_000])
def test_what_is_no_token_is_refused(anonymous, alice, token):
    for path in ("refresh", "revoke"):
        answer = anonymous.post(f"/api-auth-token/{path}/", {"refresh": token})
        assert answer.status_code in (400, 401)


def test_an_access_token_is_no_refresh_token_and_the_other_way_round(anonymous, alice):
    pair = tokens(anonymous).json()

    assert anonymous.post("/api-auth-token/refresh/", {"refresh": pair["access"]}).status_code == 401
    assert (whoami(pair["refresh"]).status_code, whoami(pair["refresh"]).json()["code"]) == (401, "token_not_valid")


def test_an_expired_token_is_told_from_none(anonymous, alice):
    token = AccessToken.for_user(alice)
    token.set_exp(lifetime=-timedelta(seconds=1))

    assert (whoami(token).status_code, whoami(token).json()["code"]) == (401, "token_not_valid")
    answer = anonymous.get("/api/whoami/")
    assert (answer.status_code, answer.json()["code"], answer["WWW-Authenticate"]) == (
        401, "not_authenticated", 'Bearer realm="api"',
    )  # fmt: skip


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Basic abc", "Bearer \xff", "bearer x"])
def test_a_header_that_holds_no_token_is_refused(alice, header):
    assert APIClient().get("/api/whoami/", HTTP_AUTHORIZATION=header).status_code == 401


def test_a_token_that_another_key_has_signed_is_refused(alice, settings):
    import jwt

    forged = jwt.encode({**AccessToken.for_user(alice).payload}, "another key of more than 32 bytes....", "HS256")
    unsigned = jwt.encode({**AccessToken.for_user(alice).payload}, None, "none")

    assert [whoami(token).status_code for token in (forged, unsigned)] == [401, 401]


@pytest.mark.parametrize("claim", [None, "x", 0, -1, [], {}, "", 1.5])
def test_a_token_of_nobody_is_refused(alice, claim):
    token = AccessToken.for_user(alice)
    token["user_id"] = claim

    assert whoami(token).status_code == 401


def test_whoever_is_deactivated_is_out_at_once(anonymous, alice):
    pair = tokens(anonymous).json()
    alice.is_active = False
    alice.save()

    assert whoami(pair["access"]).status_code == 401
    assert anonymous.post("/api-auth-token/refresh/", {"refresh": pair["refresh"]}).status_code == 401
    assert tokens(anonymous).status_code == 401


def test_a_new_password_ends_every_token_of_the_old_one(anonymous, alice):
    pair = tokens(anonymous).json()
    alice.set_password("another password")
    alice.save()

    assert whoami(pair["access"]).status_code == 401
    assert anonymous.post("/api-auth-token/refresh/", {"refresh": pair["refresh"]}).status_code == 401
    assert tokens(anonymous, "another password").status_code == 200


def test_the_tokens_of_a_deleted_person_are_refused(anonymous, alice):
    pair = RefreshToken.for_user(alice)
    alice.delete()

    assert whoami(pair.access_token).status_code == 401
    assert anonymous.post("/api-auth-token/refresh/", {"refresh": str(pair)}).status_code == 401
