"""`Idempotency-Key`: a request that is sent again, because its answer was lost, makes no second row."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Model
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from jobbergate.core.errors import UnacceptableKey

M = TypeVar("M", bound=Model)
MAX_KEY = 255


def once(request: Request, model: type[M], data: Any, make: Callable[[], M]) -> M:
    """`make()`, unless this person's key made a row of this model before: then that row.

    The key is a column under a unique constraint, written in the transaction that makes the row, so of two requests
    at the same moment one finds the other's row.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return make()
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise ValidationError({"Idempotency-Key": [f"Give 1 to {MAX_KEY} printable characters."]})
    fingerprint = fingerprint_of(request.path, data)
    earlier = made_before(model, request, key, fingerprint)
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            made = make()
            model._default_manager.filter(pk=made.pk).update(idempotency_key=key, idempotency_fingerprint=fingerprint)
            return made
    except IntegrityError:
        earlier = made_before(model, request, key, fingerprint)
        if earlier is None:
            raise
        return earlier


def made_before(model: type[M], request: Request, key: str, fingerprint: str) -> M | None:
    row: Any = model._default_manager.filter(owner=request.user, idempotency_key=key).first()
    if row is not None and row.idempotency_fingerprint != fingerprint:
        raise UnacceptableKey("This Idempotency-Key was used for another request; take a new one for each.")
    return row  # type: ignore[no-any-return]


def fingerprint_of(path: str, data: Any) -> str:
    text = orjson.dumps(data, default=stable, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(path.rstrip("/").encode() + b"\0" + text).hexdigest()


def stable(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, UploadedFile):
        digest = hashlib.sha256()
        for chunk in value.chunks():
            digest.update(chunk)
        value.seek(0)
        return digest.hexdigest()
    return str(value)
