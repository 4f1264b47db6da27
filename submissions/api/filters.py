from typing import Any

import django_filters
from django.db.models import QuerySet

from jobbergate.core.api.filters import ResourceFilterSet
from submissions.models import JobSubmission


class WordsFilter(django_filters.BaseInFilter, django_filters.CharFilter):
    """Any of several words, with commas between them."""


class NumbersFilter(django_filters.BaseInFilter, django_filters.NumberFilter):
    """Any of several ids, with commas between them."""


class JobSubmissionFilterSet(ResourceFilterSet):
    id = NumbersFilter(lookup_expr="in", min_value=0, max_value=2**63 - 1, label="One or more, with commas.")
    status = WordsFilter(lookup_expr="in")
    unfinished = django_filters.BooleanFilter(method="only_unfinished", label="Whether they may still change.")
    job_script = django_filters.NumberFilter("job_script_id", min_value=0, max_value=2**63 - 1)
    sweep = django_filters.NumberFilter(
        "job_script__sweep_id", min_value=0, max_value=2**63 - 1, label="Those of this sweep's job scripts."
    )
    cluster = django_filters.CharFilter("cluster__name")
    slurm_cluster = django_filters.CharFilter()
    slurm_job_id = django_filters.NumberFilter(min_value=0, max_value=2**63 - 1)
    via = django_filters.ChoiceFilter(choices=JobSubmission.Via)

    class Meta:
        model = JobSubmission
        fields = [
            "id", "status", "unfinished", "job_script", "sweep", "cluster", "slurm_cluster", "slurm_job_id", "via",
            "owner",
        ]  # fmt: skip

    def only_unfinished(self, queryset: Any, name: str, value: bool) -> QuerySet[Any]:
        return queryset.unfinished() if value else queryset.finished()


class PointFilterSet(django_filters.FilterSet):
    status = WordsFilter(method="in_state", label="One or more, with commas; `unsubmitted` are those that never were.")

    def in_state(self, queryset: Any, name: str, value: list[str]) -> QuerySet[Any]:
        view: Any = self.request.parser_context["view"]
        numbers = [number for number in range(view.sweep.size) if view.status_of(number) in value]
        narrowed: QuerySet[Any] = queryset.filter(point__in=numbers)
        return narrowed
