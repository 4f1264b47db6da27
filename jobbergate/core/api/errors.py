"""One function turns every error into the API's one shape: `{"code", "detail", "errors"}`."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import set_rollback

from jobbergate.core.errors import Conflict, DomainError, NotThere

TOO_LARGE = (RequestDataTooBig, TooManyFilesSent)


def body(code: str, detail: str, errors: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {"code": code, "detail": detail, "errors": errors or {}}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's exception handler. None lets a real bug surface as a 500 with its traceback in the log."""
    set_rollback()
    if isinstance(error, DomainError):
        return Response(body(error.code, error.detail, error.errors), status=status_of(error))
    if isinstance(error, TOO_LARGE):
        return Response(body("too_large", str(error)), status=status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
    if isinstance(error, ModelError | exceptions.ValidationError):
        return invalid(error)
    if isinstance(error, IntegrityError):
        words = "It does not fit with what another request has just stored; look again, and repeat it."
        return Response(body("conflict", words), status=status.HTTP_409_CONFLICT)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError(str(error))
    return refused(error) if isinstance(error, exceptions.APIException) else None


def status_of(error: DomainError) -> int:
    if isinstance(error, NotThere):
        return status.HTTP_404_NOT_FOUND
    return status.HTTP_409_CONFLICT if isinstance(error, Conflict) else status.HTTP_400_BAD_REQUEST


def invalid(error: ModelError | exceptions.ValidationError) -> Response:
    errors = {field: list(messages(value)) for field, value in as_serializer_error(error).items()}
    words = "; ".join(
        text if field == "non_field_errors" else f"{field}: {text}" for field, texts in errors.items() for text in texts
    )
    return Response(body("invalid", words, errors), status=status.HTTP_400_BAD_REQUEST)


def messages(value: Any, place: str = "") -> Iterator[str]:
    """The texts of a nested error, each with the place below its field where it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from messages(inner, f"{place}{key}: ")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from messages(inner, place)
    else:
        yield f"{place}{value}"


def refused(error: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    detail: Any = error.detail
    code = getattr(detail, "code", None) or error.default_code
    if isinstance(detail, dict):
        # SimpleJWT puts a dictionary where others put a text.
        code, detail = detail.get("code", code), detail.get("detail", detail)
    return Response(body(str(code), str(detail)), status=error.status_code, headers=headers)


# --- outside the framework: no route, a bad Host header, a bug ------------------------------------------------------


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse(
        body("not_found", f"There is nothing at {request.path}. See /docs/ for what there is."), status=404
    )


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse(body("bad_request", "The request could not be read."), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse(body("permission_denied", "You may not do this."), status=403)


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse(body("server_error", "The server failed; its log has the details."), status=500)
