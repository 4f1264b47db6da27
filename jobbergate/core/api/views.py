"""What the resources' viewsets share; each of them is then a few declarations."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import IO, Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.utils.http import content_disposition_header
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from jobbergate.core.api.idempotency import Make, once
from jobbergate.core.api.permissions import MayChange
from jobbergate.core.api.rows import Row, RowSerializer

# A segment of a path. PostgreSQL cannot even look for a NUL.
NAME = r"[^/\0]+"
SANDBOX = "sandbox; default-src 'none'"
MAX_ID, DIGITS = 2**63 - 1, re.compile(r"[0-9]{1,19}\Z")


class RowsMixin:
    """Lists and gets that read rows (`RowSerializer.rows`) and build no instances."""

    ordering: str = "-id"
    ordering_fields: tuple[str, ...] = ("id",)
    # Which serializer shows a row, by action, where it is not `serializer_class`.
    serializers: Mapping[str, type[BaseSerializer[Any]]] = {}
    # What `MayChange` leaves to a row's owner and staff, and what is for its editors though it only looks.
    owner_actions: tuple[str, ...] = ("destroy",)
    editor_actions: tuple[str, ...] = ()

    def get_serializer_class(self) -> Any:
        return self.serializers.get(getattr(self, "action", ""), self.serializer_class)  # type: ignore[attr-defined]

    def rows(self, queryset: QuerySet[Any]) -> list[Row]:
        serializer: type[RowSerializer] = self.get_serializer_class()
        return serializer.rows(queryset)


def key_of(text: str) -> int:
    """The id that a path names, as text."""
    if not DIGITS.match(text) or int(text) > MAX_ID:
        raise Http404
    return int(text)


class ResourceViewSet(RowsMixin, ModelViewSet[Any]):
    permission_classes = [IsAuthenticated, MayChange]
    ordering_fields = ("id", "name", "updated_at")
    lookup_value_regex = NAME
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    # What is sent to create and to change; what comes back is `serializer_class`.
    input_classes: Mapping[str, type[BaseSerializer[Any]]] = {}
    # The serializer of a single row.
    detail_class: type[RowSerializer]

    def get_queryset(self) -> QuerySet[Any]:
        return self.queryset.visible_to(self.request.user)  # type: ignore[union-attr,no-any-return]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # Filters are a list's: the query of a single row's request narrows nothing.
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def lookup(self) -> dict[str, Any]:
        return {"pk": key_of(self.kwargs["pk"])}

    def get_object(self) -> Any:
        found = self.get_queryset().filter(**self.lookup()).first()
        if found is None:
            raise Http404
        self.check_object_permissions(self.request, found)
        return found

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.detail_class.rows(self.get_queryset().filter(**self.lookup())[:1])
        if not rows:
            raise Http404
        return Response(rows[0])

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.get_object()
        serializer = self.input_classes["partial_update"](found, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return self.shown(found)

    def validated(self, name: str = "") -> dict[str, Any]:
        serializer = self.input_classes[name or self.action](
            data=self.request.data, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def made(self, data: dict[str, Any], make: Make[Model]) -> Response:
        """Answers a create: once for each Idempotency-Key."""
        model: type[Model] = self.queryset.model  # type: ignore[union-attr]
        return self.shown(once(self.request, model, data, make), status.HTTP_201_CREATED)

    def shown(self, found: Model, status: int = status.HTTP_200_OK) -> Response:
        return Response(self.detail_class().to_representation(found), status=status)


class OfResource(RowsMixin, GenericViewSet[Any]):
    """What belongs to a row of a resource is there for whoever may see that row."""

    permission_classes = [IsAuthenticated, MayChange]

    def named(self) -> QuerySet[Any]:
        """The row that the path names, where this person sees it."""
        raise NotImplementedError

    @cached_property
    def resource(self) -> Any:
        found = self.named().first()
        if found is None:
            raise Http404
        return found

    @contextmanager
    def locked(self) -> Iterator[Any]:
        """For who may do this: also now, for it may have changed hands since it was read."""
        with transaction.atomic():
            self.resource.lock()
            self.check_object_permissions(self.request, self.resource)
            yield self.resource


class Download(HttpResponse):
    """Bytes that a browser saves and never interprets: they are people's uploads."""

    def __init__(self, content: bytes, name: str, content_type: str) -> None:
        super().__init__(content, content_type=content_type)
        self["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
        self["Content-Security-Policy"] = SANDBOX


class ArchiveDownload(FileResponse):
    """The same for an archive, which may be too large to be in memory for as long as a client takes to read it."""

    block_size = 64 * 1024

    def __init__(self, archive: IO[bytes], name: str) -> None:
        super().__init__(archive, as_attachment=True, filename=name, content_type="application/gzip")
        self["Content-Security-Policy"] = SANDBOX


__all__ = ["ArchiveDownload", "Download", "GenericViewSet", "OfResource", "ResourceViewSet", "RowsMixin"]
