"""The domain's own errors. They know no HTTP: `jobbergate.core.api.errors` gives each a status."""

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """Something was asked that cannot be done as asked; the message says what would be accepted."""

    code = "invalid"

    def __init__(self, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = {name: list(messages) for name, messages in (errors or {}).items()}


class Conflict(DomainError):
    """The request is well-formed but does not fit the present state of what it names."""

    code = "conflict"


class NotThere(DomainError):
    """What the request names does not exist, or is not for this person to see."""

    code = "not_found"


class UnacceptableKey(DomainError):
    """An Idempotency-Key was used before for another request."""

    code = "idempotency_key_reused"
