import django_filters
from django.db.models import QuerySet

from jobbergate.core.api.filters import ResourceFilterSet
from jobscripts.models import JobScript


class JobScriptFilterSet(ResourceFilterSet):
    application = django_filters.NumberFilter("version__application_id", max_value=2**63 - 1, min_value=0)
    version = django_filters.NumberFilter("version__number", max_value=2**31 - 1, min_value=0)
    sweep = django_filters.NumberFilter("sweep_id", max_value=2**63 - 1, min_value=0, label="The points of this sweep.")

    shared = django_filters.ChoiceFilter(
        choices=[("true", "those that others share with you"), ("false", "your own; of staff, all")],
        method="as_it_is",
        label="`true`: those that others share with you, and none of your own.",
    )

    class Meta:
        model = JobScript
        fields = ["application", "version", "sweep", "shared", "owner"]

    def as_it_is(self, queryset: QuerySet[JobScript], name: str, value: str) -> QuerySet[JobScript]:
        """The view has chosen among the two lists already."""
        return queryset
