from typing import Any

import django_filters

from applications.models import Application
from applications.tags import tag_of
from jobbergate.core.api.filters import ResourceFilterSet


class ApplicationFilterSet(ResourceFilterSet):
    identifier = django_filters.CharFilter()
    visibility = django_filters.ChoiceFilter(choices=Application.Visibility)
    tag = django_filters.CharFilter(method="tagged", validators=[tag_of], label="One of its tags.")

    class Meta:
        model = Application
        fields = ["identifier", "visibility", "tag", "owner"]

    def tagged(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.tagged(value)
