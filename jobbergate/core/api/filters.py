"""How a list is narrowed: field filters, `owner=me`, `archived`, `search`; anything else in the query is refused."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from jobbergate.core.api.pagination import parameter

PAGE_PARAMETERS = {"limit", "ordering", "cursor"}
MAX_WORDS = 10


class KnownParameters(BaseFilterBackend):
    """A mistyped filter is an error, and never silently a list of everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if not request.query_params:
            return queryset
        offered = {name for name in ("search", "archived") if hasattr(queryset, name)}
        known = PAGE_PARAMETERS | offered | set(filters_of(view))
        for name, value in request.query_params.items():
            if name not in known:
                raise ValidationError({name: [f"There is no such parameter; there are: {', '.join(sorted(known))}."]})
            if "\0" in value:
                raise ValidationError({name: ["A NUL character is not accepted."]})
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []


class FieldFilter(DjangoFilterBackend):
    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        # Building the filters' form costs more than many a query: only when one of them is asked for.
        if not filters_of(view).keys() & request.query_params.keys():
            return queryset
        narrowed: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return narrowed


class ArchivedFilter(BaseFilterBackend):
    """Lists leave archived rows out; `archived=true` shows these alone."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> QuerySet[Any]:
        if view.action != "list" or not hasattr(queryset, "archived"):
            return queryset
        text = request.query_params.get("archived", "false")
        if text not in ("true", "false"):
            raise ValidationError({"archived": [f"{text!r} is not accepted; give true or false."]})
        return queryset.archived(text == "true")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        if not hasattr(view.queryset, "archived"):
            return []
        return [parameter("archived", "Show archived rows, and no others.", {"type": "boolean", "default": False})]


class WordSearch(BaseFilterBackend):
    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> QuerySet[Any]:
        text = request.query_params.get("search", "")
        if not text or not hasattr(queryset, "search"):
            return queryset
        if len(text.split()) > MAX_WORDS:
            raise ValidationError({"search": [f"Give at most {MAX_WORDS} words."]})
        return queryset.search(text)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        if not hasattr(view.queryset, "search"):
            return []
        return [parameter("search", "Words that all have to occur, in any case and order.", {"type": "string"})]


class ResourceFilterSet(django_filters.FilterSet):
    owner = django_filters.CharFilter(method="owned_by", label="A username, or `me`.")

    def owned_by(self, queryset: Any, name: str, value: str) -> QuerySet[Any]:
        if value == "me":
            return queryset.owned_by(self.request.user)
        return queryset.filter(owner__username=value)


def filters_of(view: Any) -> dict[str, Any]:
    filterset = getattr(view, "filterset_class", None)
    return filterset.base_filters if filterset else {}
