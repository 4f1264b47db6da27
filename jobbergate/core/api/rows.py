"""Reads are rows: the serializer names the columns, one query fetches just these, and no model instance is built.

Building instances and asking each serializer field for its value costs several times what the query does.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import ForeignKey, QuerySet
from rest_framework.serializers import ModelSerializer

Row = dict[str, Any]


class RowSerializer(ModelSerializer[Any]):
    """Shows a model's columns as they are. A field's `source` may follow foreign keys (`owner.username`)."""

    @classmethod
    @cache
    def sources(cls) -> dict[str, str]:
        """Field name → dotted path from the model, for every column.

        Rows that point here (files) are no column, and neither is what is made of several (`source="*"`).
        """
        model = cls.Meta.model
        shown = {name: field.source for name, field in cls().fields.items() if field.source != "*"}
        return {name: path(model, source) for name, source in shown.items() if not many(model, source)}

    @classmethod
    @cache
    def getters(cls) -> dict[str, Callable[[Any], Any]]:
        return {name: attrgetter(source) for name, source in cls.sources().items()}

    @classmethod
    def rows(cls, queryset: QuerySet[Any]) -> list[Row]:
        names = tuple(cls.sources())
        columns = (source.replace(".", "__") for source in cls.sources().values())
        return [dict(zip(names, values, strict=True)) for values in queryset.values_list(*columns)]

    def to_representation(self, instance: Any) -> Row:
        if isinstance(instance, dict):
            return instance
        return {name: follow(get, instance) for name, get in self.getters().items()}


def path(model: Any, source: Any) -> str:
    """`application` is a foreign key's column, not the row behind it: reading it must not cost a query."""
    if "." in source or not isinstance(model._meta.get_field(source), ForeignKey):
        return str(source)
    return f"{source}_id"


def many(model: Any, source: Any) -> bool:
    return "." not in source and bool(model._meta.get_field(source).one_to_many)


def follow(get: Callable[[Any], Any], instance: Any) -> Any:
    """The value at the end of a path; None when a foreign key on the way is null."""
    try:
        return get(instance)
    except AttributeError:
        return None
