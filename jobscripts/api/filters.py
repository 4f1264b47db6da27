import django_filters

from jobbergate.core.api.filters import ResourceFilterSet
from jobscripts.models import JobScript


class JobScriptFilterSet(ResourceFilterSet):
    application = django_filters.NumberFilter("version__application_id", max_value=2**63 - 1, min_value=0)
    version = django_filters.NumberFilter("version__number", max_value=2**31 - 1, min_value=0)
    sweep = django_filters.NumberFilter("sweep_id", max_value=2**63 - 1, min_value=0, label="The points of this sweep.")

    class Meta:
        model = JobScript
        fields = ["application", "version", "sweep", "owner"]
