"""Sweeps, as far as they are job scripts: made, listed, changed. `submissions.api.sweeps` goes on from here."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobbergate.core.api.filters import ResourceFilterSet
from jobbergate.core.api.rows import RowSerializer
from jobbergate.core.api.views import ResourceViewSet
from jobscripts import points, sweeping
from jobscripts.api.serializers import ApplicationField, ForceField, ParametersField
from jobscripts.api.versions import get_version
from jobscripts.points import Point
from jobscripts.sweeps import Sweep

SWEEP = {
    "id": 12,
    "name": "motorbike",
    "description": "",
    "owner": "bob",
    "application": 12,
    "application_name": "OpenFOAM motorbike",
    "version": 3,
    "variables": ["nodes", "solver"],
    "points": 6,
    "as_array": False,
    "max_queued": 4,
    "is_archived": False,
    "created_at": "2026-05-12T07:30:00.500000Z",
    "updated_at": "2026-05-12T07:30:00.500000Z",
}
GRID = {
    "application": "motorbike",
    "answers": {"mesh": "fine"},
    "grid": {"nodes": [1, 2, 4], "solver": ["cg", "gmres"]},
}
LISTED = {"application": "motorbike", "points": [{"answers": {"nodes": 1}}, {"answers": {"nodes": 2}}]}


@extend_schema_serializer(examples=[OpenApiExample("A sweep", SWEEP)])
class SweepSerializer(RowSerializer):
    owner = serializers.CharField(source="owner.username", read_only=True)
    application = serializers.IntegerField(source="version.application_id", read_only=True, allow_null=True)
    application_name = serializers.CharField(source="version.application.name", read_only=True, allow_null=True)
    version = serializers.IntegerField(source="version.number", read_only=True, allow_null=True)
    variables = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The answers that differ from point to point."
    )
    points = serializers.IntegerField(source="size", read_only=True, help_text="How many there are.")

    class Meta:
        model = Sweep
        fields = [
            "id", "name", "description", "owner", "application", "application_name", "version", "variables", "points",
            "as_array", "max_queued", "is_archived", "created_at", "updated_at",
        ]  # fmt: skip


class PointSerializer(serializers.Serializer[Any]):
    answers = serializers.DictField(required=False, default=dict)
    computed = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="What the application's own code put into `data` for this point, where the client ran it.",
    )


class ValuesField(serializers.DictField):
    child = serializers.ListField()


class QueuedField(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        words = "How many of it may be in the queue at a time, where they are single jobs."
        super().__init__(
            required=False, allow_null=True, min_value=1, max_value=points.MAX_POINTS, help_text=words, **kwargs
        )


@extend_schema_serializer(
    examples=[
        OpenApiExample("Every combination", GRID, request_only=True),
        OpenApiExample("Point by point", LISTED, request_only=True),
    ]
)
class SweepRenderSerializer(serializers.Serializer[Any]):
    application = ApplicationField()
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The newest, where left out."
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    answers = serializers.DictField(required=False, default=dict, help_text="Those that are common to all points.")
    points = PointSerializer(many=True, required=False)
    grid = ValuesField(required=False, help_text="Every combination of these values.")
    zip = ValuesField(required=False, help_text="The first value of each, the second of each, and so on.")
    sbatch_parameters = ParametersField(required=False)
    force = ForceField()
    max_queued = QueuedField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"points", "grid", "zip"} & attrs.keys()) != 1:
            raise serializers.ValidationError({"points": ["Give one of points, grid and zip."]})
        return attrs


@extend_schema_serializer(examples=[OpenApiExample("Rename", {"name": "motorbike, final"}, request_only=True)])
class SweepChangeSerializer(serializers.ModelSerializer[Sweep]):
    max_queued = QueuedField()

    class Meta:
        model = Sweep
        fields = ["name", "description", "is_archived", "max_queued"]


class SweepFilterSet(ResourceFilterSet):
    application = django_filters.NumberFilter("version__application_id", max_value=2**63 - 1, min_value=0)
    version = django_filters.NumberFilter("version__number", max_value=2**31 - 1, min_value=0)

    class Meta:
        model = Sweep
        fields = ["application", "version", "owner"]


class SweepRowsViewSet(ResourceViewSet):
    queryset = Sweep.objects.all()
    serializer_class = detail_class = SweepSerializer
    filterset_class = SweepFilterSet
    input_classes = {"create": SweepRenderSerializer, "partial_update": SweepChangeSerializer}

    def get_queryset(self) -> QuerySet[Sweep]:
        return super().get_queryset().with_origin()  # type: ignore[attr-defined,no-any-return]

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = self.validated()
        return self.made(data, lambda stamp: self.render(**data, **stamp))

    def render(self, application: str, version: int | None = None, **wanted: Any) -> Sweep:
        given = points_of(wanted.pop("points", None), wanted.pop("grid", None), wanted.pop("zip", None))
        return sweeping.render(
            self.request.user,  # type: ignore[arg-type]
            get_version(self.request.user, application, version),
            given,
            wanted.pop("answers"),
            sbatch_parameters=tuple(wanted.pop("sbatch_parameters", ())),
            **wanted,
        )


def points_of(listed: list[dict[str, Any]] | None, grid: Any, side_by_side: Any) -> list[Point]:
    if listed is not None:
        return [Point(one["answers"], one.get("computed")) for one in listed]
    return points.grid(grid) if grid is not None else points.zipped(side_by_side)
