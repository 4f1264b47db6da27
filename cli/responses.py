"""What a server's response means: its content, its refusal in words, or that it is no Jobbergate at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cli.errors import ApiError, Unreachable

if TYPE_CHECKING:
    import requests


def content_of(answer: requests.Response) -> Any:
    accepted(answer)
    if answer.status_code == 204:
        return None
    try:
        return answer.json()
    except ValueError:
        _raise_stranger(answer)


def accepted(answer: requests.Response) -> requests.Response:
    if answer.ok and not answer.is_redirect:
        return answer
    if answer.is_redirect:
        target = answer.headers["Location"]
        raise ApiError(answer.status_code, "redirect", f"{answer.url} sends us on to {target}; give that as --server.")
    try:
        content = answer.json()
    except ValueError:
        _raise_stranger(answer)
    if not isinstance(content, dict) or "detail" not in content:
        _raise_stranger(answer)
    raise ApiError(answer.status_code, content.get("code", ""), str(content["detail"]), content.get("errors"))


def _raise_stranger(answer: requests.Response) -> NoReturn:
    """What answered is no Jobbergate: a proxy whose server is down, or a wrong address."""
    if answer.status_code in (502, 503, 504):
        raise Unreachable(f"{answer.url} is not served at the moment (HTTP {answer.status_code} {answer.reason}).")
    raise ApiError(
        answer.status_code,
        "not_jobbergate",
        f"{answer.url} does not answer like a Jobbergate server (HTTP {answer.status_code}); is --server right?",
    )


def reason_of(error: BaseException) -> str:
    """The operating system's words at the bottom of the chain, such as `Connection refused`."""
    words = ""
    step: BaseException | None = error
    while step is not None:
        if isinstance(step, OSError) and step.strerror:
            words = step.strerror
        inner = getattr(step, "reason", None)
        step = inner if isinstance(inner, BaseException) else step.__cause__ or step.__context__
    return words or type(error).__name__
