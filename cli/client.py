"""The only module that speaks HTTP.

Every request has a timeout. A request that may safely be repeated (a GET, or a create with an idempotency key) is
repeated once when the connection fails. No redirect is followed: a token goes to the server it was given by, only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from cli.errors import NotSignedIn, Unreachable, UsageProblem
from cli.responses import accepted, content_of, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests

    from cli.config import Credentials, TokenFile, Tokens

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
PAGE = 500


def at(*pieces: object) -> str:
    """`at("applications", "my app", "versions", 2)` is `/api/applications/my%20app/versions/2/`."""
    texts = [str(piece) for piece in pieces]
    for text in texts:
        if text.strip() in ("", ".", ".."):
            raise UsageProblem(f"{text!r} names nothing; give an id or an identifier.")
    return "/api/" + "/".join(quote(text, safe="") for text in texts) + "/"


class Client:
    """Speaks to one server as one person. The first request that needs it signs in, or refreshes the access token."""

    def __init__(
        self,
        server: str,
        tokens: TokenFile,
        *,
        username: str | None = None,
        credentials: Credentials | None = None,
        timeout: float | None = None,
    ) -> None:
        self.server = server
        self._token_file = tokens
        self._username = username
        self._credentials = credentials
        self._timeout = (timeout or CONNECT_SECONDS, timeout or ANSWER_SECONDS)
        # Somebody who waits for a completion is served better by nothing than by a second try.
        self._attempts = 1 if timeout else 2
        self._opened: requests.Session | None = None
        self._tokens: Tokens | None = None

    def get(self, path: str, **params: Any) -> Any:
        """Parameters that are None are left out."""
        words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        return content_of(self._signed("GET", path, params=words))

    def post(
        self,
        path: str,
        json: Any = None,
        *,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """With an idempotency key a request whose connection broke is sent again; without one it is not."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return content_of(self._signed("POST", path, json=json, data=data, files=files, headers=headers))

    def create(
        self, path: str, json: Any = None, *, data: Mapping[str, Any] | None = None, files: Any = None
    ) -> dict[str, Any]:
        """A new row, and only one, even when the answer is lost on its way."""
        from uuid import uuid4

        row: dict[str, Any] = self.post(path, json, data=data, files=files, idempotency_key=uuid4().hex)
        return row

    def patch(self, path: str, json: Any) -> Any:
        return content_of(self._signed("PATCH", path, json=json))

    def put(self, path: str, content: bytes, headers: Mapping[str, str]) -> Any:
        """A file, as it is."""
        kind = {"Content-Type": "application/octet-stream"}
        return content_of(self._signed("PUT", path, data=content, headers={**kind, **headers}))

    def delete(self, path: str) -> None:
        self._signed("DELETE", path)

    def download(self, path: str) -> bytes:
        return bytes(self._signed("GET", path, headers={"Accept": "*/*"}).content)

    def pages(self, path: str, *, limit: int | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """The rows of a listing, page after page; at most `limit` of them."""
        left = limit
        cursor: str | None = None
        while True:
            size = PAGE if left is None else min(PAGE, left)
            page = self.get(path, **params, limit=size, cursor=cursor)
            yield from page["results"]
            left = None if left is None else left - len(page["results"])
            # Only the cursor is taken from `next`: behind a proxy its host may be one that we cannot or must not ask.
            cursor = parse_qs(urlsplit(page["next"] or "").query).get("cursor", [None])[0]
            if cursor is None or left == 0:
                return

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    # --- signing in -------------------------------------------------------------------------------------------------

    def sign_in(self, credentials: Credentials) -> Tokens:
        """Ask for tokens; they are kept by this client, and in a file only if the caller writes them."""
        from cli.config import Tokens

        given = {"username": credentials.username, "password": credentials.password}
        answer = self._send("POST", "/api-auth-token/", json=given)
        if answer.status_code == 401:
            raise NotSignedIn(f"{self.server} does not accept this username and password.")
        content = content_of(answer)
        self._tokens = Tokens(credentials.username, content["access"], content["refresh"])
        return self._tokens

    def revoke(self, refresh: str) -> None:
        answer = self._send("POST", "/api-auth-token/revoke/", json={"refresh": refresh})
        # A token that the server does not know (any more) is as good as revoked.
        if answer.status_code not in (400, 401):
            content_of(answer)

    def _signed(self, method: str, path: str, **request: Any) -> requests.Response:
        tokens = self._tokens or self._stored_tokens() or self._sign_in_by_itself()
        answer = self._send(method, path, access=tokens.access, **request)
        if answer.status_code == 401:
            tokens = self._renewed(tokens)
            answer = self._send(method, path, access=tokens.access, **request)
        if answer.status_code == 401:
            raise NotSignedIn(f"{self.server} does not accept your sign-in any more; run `jobbergate login`.")
        return accepted(answer)

    def _stored_tokens(self) -> Tokens | None:
        stored = self._token_file.read()
        # A username in the environment or the config file says who calls; somebody else's tokens will not do.
        if stored is not None and self._username in (None, stored.username):
            self._tokens = stored
        return self._tokens

    def _sign_in_by_itself(self) -> Tokens:
        if self._credentials is None:
            who = f" as {self._username}" if self._username else ""
            raise NotSignedIn(f"You are not signed in to {self.server}{who}; run `jobbergate login`.")
        tokens = self.sign_in(self._credentials)
        self._keep(tokens)
        return tokens

    def _renewed(self, refused: Tokens) -> Tokens:
        """A good access token: another command's, if one has refreshed meanwhile, or our own new one."""
        from dataclasses import replace

        stored = self._token_file.read()
        if stored is not None and stored.username == refused.username and stored.access != refused.access:
            self._tokens = stored
            return stored
        answer = self._send("POST", "/api-auth-token/refresh/", json={"refresh": refused.refresh})
        if answer.status_code == 401:
            return self._sign_in_again()
        self._tokens = replace(refused, access=content_of(answer)["access"])
        self._keep(self._tokens, renewed=True)
        return self._tokens

    def _sign_in_again(self) -> Tokens:
        if self._credentials is None:
            raise NotSignedIn(f"Your sign-in to {self.server} has run out; run `jobbergate login`.")
        return self._sign_in_by_itself()

    def _keep(self, tokens: Tokens, *, renewed: bool = False) -> None:
        from contextlib import suppress

        # Where nothing can be written (a container, a full disk) the command itself can still be served.
        with suppress(OSError):
            if renewed:
                self._token_file.renew(tokens)
            else:
                self._token_file.write(tokens)

    # --- one request ------------------------------------------------------------------------------------------------

    def _send(self, method: str, path: str, *, access: str | None = None, **request: Any) -> requests.Response:
        import requests

        session = self._session()
        headers = {**request.pop("headers", {}), **({"Authorization": f"Bearer {access}"} if access else {})}
        repeatable = method == "GET" or "Idempotency-Key" in headers
        attempts_left = self._attempts if repeatable else 1
        while True:
            attempts_left -= 1
            try:
                return session.request(
                    method, self.server + path, headers=headers, timeout=self._timeout, allow_redirects=False, **request
                )
            except requests.Timeout as error:
                raise Unreachable(f"{self.server} gave no answer in time.") from error
            except requests.RequestException as error:
                if not attempts_left:
                    raise Unreachable(f"{self.server} cannot be reached: {reason_of(error)}.") from error

    def _session(self) -> requests.Session:
        if self._opened is None:
            import requests

            from cli.config import is_loopback

            self._opened = requests.Session()
            self._opened.headers["User-Agent"] = "jobbergate-cli"
            # Without an auth of its own, requests puts a password from ~/.netrc in place of our Authorization header.
            self._opened.auth = _leave_as_it_is
            # A proxy of the site cannot reach a server on this machine.
            self._opened.trust_env = not is_loopback(self.server)
        return self._opened


def _leave_as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
