"""`Idempotency-Key`: a request that is sent again, because its answer was lost, makes no second row."""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from jobbergate.core.errors import DomainError, UnacceptableKey

M = TypeVar("M", bound=Model)
Stamp = dict[str, Any]
Make = Callable[[Stamp], M]
MAX_KEY = 255


def once(request: Request, model: type[M], data: Any, make: Make[M]) -> M:
    """`make(stamp)`, unless this person's key made a row of this model before: then that row.

    The stamp is columns for the row to be made. One of them, the key, is under a unique constraint, so of two requests
    at the same moment one finds the other's row. It is written with the row and not after it: changing an indexed
    column writes every index of the row anew. Nearly every key is new, so the row of an earlier request is looked for
    only when making another failed, be it on that constraint or on anything else that the earlier request took.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return make({})
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise ValidationError({"Idempotency-Key": [f"Give 1 to {MAX_KEY} printable characters."]})
    fingerprint = fingerprint_of(request.path, data)
    # What makes a row is atomic by itself; only inside of somebody's transaction there has to be a place to go back to.
    within = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with within:
            return make({"idempotency_key": key, "idempotency_fingerprint": fingerprint})
    except (IntegrityError, DomainError):
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
