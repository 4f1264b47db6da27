import django_filters

from applications.models import Application
from jobbergate.core.api.filters import ResourceFilterSet


class ApplicationFilterSet(ResourceFilterSet):
    identifier = django_filters.CharFilter()
    visibility = django_filters.ChoiceFilter(choices=Application.Visibility)

    class Meta:
        model = Application
        fields = ["identifier", "visibility", "owner"]
