"""Keyset pagination: a page costs the same wherever it stands, and rows that come or go move no other row."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_LIMIT, MAX_LIMIT = 50, 500
MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Cursor:
    """A place between two rows: `value` is the ordering column's, `id` breaks its ties, `back` looks to the start."""

    ordering: str
    value: Any
    id: int
    back: bool = False

    def encode(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        text = json.dumps([self.ordering, value, self.id, self.back], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        try:
            padded = text + "=" * (-len(text) % 4)
            ordering, value, row, back = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        except (ValueError, TypeError, RecursionError, binascii.Error):
            raise bad_cursor() from None
        if not isinstance(ordering, str) or type(row) is not int or abs(row) > MAX_ID or not isinstance(back, bool):
            raise bad_cursor()
        return cls(ordering, value, row, back)


def bad_cursor() -> ValidationError:
    return ValidationError({"cursor": ["This is not a cursor of this list; take it from 'next' or 'previous'."]})


class KeysetPagination(BasePagination):
    """`limit`, `ordering` and `cursor`. A view's `ordering_fields` are columns that are never null, with an index."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.ordering = self.get_ordering(request, view)
        self.cursor = self.get_cursor(request)
        limit = self.get_limit(request)
        rows: list[dict[str, Any]] = view.rows(self.slice_after(queryset)[: limit + 1])
        self.more = len(rows) > limit
        rows = rows[:limit]
        if self.cursor and self.cursor.back:
            rows.reverse()
        self.page = rows
        return rows

    def slice_after(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        field, descending = self.ordering.lstrip("-"), self.ordering.startswith("-")
        backwards = bool(self.cursor and self.cursor.back)
        sign = "-" if descending != backwards else ""
        columns = [f"{sign}{field}"] if field == "id" else [f"{sign}{field}", f"{sign}id"]
        queryset = queryset.order_by(*columns)
        if not self.cursor:
            return queryset
        beyond = "lt" if sign else "gt"
        if field == "id":
            return queryset.filter(**{f"id__{beyond}": self.cursor.id})
        value = self.value_of_cursor(self.cursor, queryset.model, field)
        # The first condition alone would do; with it beside the second, the database enters the index at the place.
        at_or_beyond = Q(**{f"{field}__{beyond}e": value})
        return queryset.filter(
            at_or_beyond, Q(**{f"{field}__{beyond}": value}) | Q(**{field: value, f"id__{beyond}": self.cursor.id})
        )

    def value_of_cursor(self, cursor: Cursor, model: type[Model], field: str) -> Any:
        try:
            cursor.value.encode()  # Half of a surrogate pair is JSON, and no text of a database.
            value = model._meta.get_field(field).to_python(cursor.value)  # type: ignore[union-attr]
            value = value.astimezone(UTC) if isinstance(value, datetime) else value
        except (ModelError, AttributeError, ValueError, OverflowError):
            raise bad_cursor() from None
        if value is None or "\0" in cursor.value:
            raise bad_cursor()
        return value

    def get_limit(self, request: Request) -> int:
        text = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
            raise ValidationError({"limit": [f"{text!r} is not accepted; give an integer from 1 to {MAX_LIMIT}."]})
        return int(text)

    def get_ordering(self, request: Request, view: Any) -> str:
        ordering: str = request.query_params.get("ordering") or view.ordering
        if ordering.removeprefix("-") not in view.ordering_fields:
            accepted = ", ".join(f"{name}, -{name}" for name in view.ordering_fields)
            raise ValidationError({"ordering": [f"{ordering!r} is not accepted; give one of {accepted}."]})
        return ordering

    def get_cursor(self, request: Request) -> Cursor | None:
        text = request.query_params.get("cursor")
        if not text:
            return None
        cursor = Cursor.decode(text)
        if cursor.ordering != self.ordering:
            raise bad_cursor()
        return cursor

    def link(self, row: dict[str, Any], back: bool) -> str:
        cursor = Cursor(self.ordering, row[self.ordering.lstrip("-")], row["id"], back)
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor.encode())

    def get_paginated_response(self, data: Any) -> Response:
        back = bool(self.cursor and self.cursor.back)
        has_next = self.more or back
        has_previous = self.more if back else self.cursor is not None
        return Response(
            {
                "next": self.link(self.page[-1], back=False) if self.page and has_next else None,
                "previous": self.link(self.page[0], back=True) if self.page and has_previous else None,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link | {"example": "https://jobbergate.example.org/api/…/?cursor=WyJpZCIsMTIsMTIsZmFsc2Vd"},
                "previous": link | {"example": None},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orders = [sign + name for name in view.ordering_fields for sign in ("", "-")]
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            parameter("limit", "How many rows a page has.", limit),
            parameter(
                "ordering", "The order of the rows.", {"type": "string", "enum": orders, "default": view.ordering}
            ),
            parameter("cursor", "The place to go on from, out of `next` or `previous`.", {"type": "string"}),
        ]


def parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "required": False, "in": "query", "description": description, "schema": schema}
