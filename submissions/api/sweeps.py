from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from jobbergate.core.api.filters import FieldFilter, KnownParameters
from jobbergate.core.api.idempotency import once
from jobbergate.core.api.permissions import PEOPLE
from jobbergate.core.api.rows import Row, RowSerializer
from jobbergate.core.api.views import DIGITS, MAX_ID, GenericViewSet, RowsMixin
from jobscripts.api.sweeps import (
    SWEEP,
    QueuedField,
    SweepChangeSerializer,
    SweepRenderSerializer,
    SweepRowsViewSet,
    SweepSerializer,
)
from jobscripts.models import JobScript
from jobscripts.points import MAX_POINTS
from jobscripts.sweeps import Sweep
from submissions import sweeps
from submissions.api.filters import PointFilterSet
from submissions.api.serializers import ArgumentsField, DirectoryField, WordField
from submissions.clusters import get_cluster
from submissions.launching import Destination
from submissions.models import JobSubmission
from submissions.progress import UNSUBMITTED, Last, counts, last_of_points

DETAIL = SWEEP | {"states": {"completed": 3, "failed": 1, "running": 1, "unsubmitted": 1}}
POINT = {
    "id": 351,
    "point": 5,
    "name": "motorbike, nodes=4, solver=gmres",
    "answers": {"nodes": 4, "solver": "gmres"},
    "submission": 906,
    "status": "running",
    "exit_code": None,
    "signal": None,
    "slurm_job_id": 4711,
    "task": 5,
    "execution_directory": "/home/bob/motorbike-sweep-12/points/5",
}


@extend_schema_serializer(examples=[OpenApiExample("A sweep and where it stands", DETAIL, response_only=True)])
class SweepDetailSerializer(SweepSerializer):
    states = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="How many points are in which state; `unsubmitted` are those that never were.",
    )

    class Meta(SweepSerializer.Meta):
        fields = [*SweepSerializer.Meta.fields, "states"]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        row = SweepSerializer().to_representation(instance)
        return {**row, "states": counts(instance, last_of_points(instance))}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "By a client on a login node",
            {"via": "login_node", "slurm_cluster": "hilbert", "max_array_size": 1001},
            request_only=True,
        )
    ]
)
class SweepSubmitSerializer(serializers.Serializer[Any]):
    via = serializers.ChoiceField(choices=JobSubmission.Via.choices, required=False)
    cluster = serializers.CharField(required=False, max_length=64)
    slurm_cluster = WordField(
        64, required=False, allow_blank=True, help_text="What Slurm calls the cluster that is spoken to from here."
    )
    execution_directory = DirectoryField(help_text="Each point has a directory of its own below it, `points/…`.")
    sbatch_arguments = ArgumentsField(required=False)
    max_queued = QueuedField()
    max_array_size = serializers.IntegerField(
        required=False, min_value=1, max_value=4_000_001, help_text="MaxArraySize of the cluster; 1001 by default."
    )
    array_limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_POINTS, help_text="How many tasks of an array may run at a time."
    )
    single = serializers.BooleanField(required=False, help_text="Single jobs, even where an array could be.")


@extend_schema_serializer(examples=[OpenApiExample("What failed", {"failed": True}, request_only=True)])
class SweepResubmitSerializer(serializers.Serializer[Any]):
    failed = serializers.BooleanField(required=False, help_text="Those that ended, and not well; there are no others.")
    before = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_ID,
        help_text="Only points whose last submission has a smaller id: `before` of an earlier answer tops up.",
    )
    execution_directory = DirectoryField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One array",
            DETAIL | {"submissions": [906], "left": 0, "before": 906},
            response_only=True,
            status_codes=[200],
        )
    ]
)
class SweepMadeSerializer(SweepDetailSerializer):
    submissions = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text="Those that this request made."
    )
    left = serializers.IntegerField(read_only=True, help_text="How many points still wait for room in the queue.")
    before = serializers.IntegerField(read_only=True, allow_null=True, help_text="For the next `resubmit`.")

    class Meta(SweepDetailSerializer.Meta):
        fields = [*SweepDetailSerializer.Meta.fields, "submissions", "left", "before"]


@extend_schema(tags=["sweeps"])
@extend_schema_view(
    list=extend_schema(summary="List sweeps"),
    create=extend_schema(
        summary="Render a job script for each of many sets of answers",
        request=SweepRenderSerializer,
        responses={201: SweepDetailSerializer},
    ),
    retrieve=extend_schema(
        summary="Get a sweep, and how many of its points are in which state", responses=SweepDetailSerializer
    ),
    partial_update=extend_schema(
        summary="Change a sweep", request=SweepChangeSerializer, responses=SweepDetailSerializer
    ),
    destroy=extend_schema(summary="Delete a sweep"),
)
class SweepViewSet(SweepRowsViewSet):
    detail_class = SweepDetailSerializer
    input_classes = {
        **SweepRowsViewSet.input_classes,
        "submit": SweepSubmitSerializer,
        "resubmit": SweepResubmitSerializer,
    }

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.shown(self.get_object())

    @extend_schema(
        summary="Submit it, or more of it",
        description="As Slurm arrays where all points say the same to sbatch; else as single jobs, at most `max_queued`"
        " of them in the queue at a time. Asking again submits what there is room for by then.",
        request=SweepSubmitSerializer,
        responses=SweepMadeSerializer,
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        data, sweep = self.validated(), self.get_object()
        wanted = dict(data)
        to = destination(wanted)
        return self.all_made(data, sweep, lambda stamp: sweeps.submit(sweep, self.person, to, **wanted, **stamp))

    @extend_schema(summary="Cancel all of it", request=None, responses=SweepDetailSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        sweep = self.get_object()
        sweeps.cancel(sweep, self.person)
        return self.shown(sweep)

    @extend_schema(
        summary="Submit once more what failed", request=SweepResubmitSerializer, responses=SweepMadeSerializer
    )
    @action(detail=True, methods=["post"])
    def resubmit(self, request: Request, pk: str) -> Response:
        data, sweep = self.validated(), self.get_object()
        if data.get("failed") is False:
            raise serializers.ValidationError({"failed": ["Only what failed can be submitted again: give true."]})
        wanted = {name: value for name, value in data.items() if name != "failed"}
        return self.all_made(data, sweep, lambda stamp: sweeps.resubmit(sweep, self.person, **wanted, **stamp))

    @property
    def person(self) -> User:
        return self.request.user  # type: ignore[return-value]

    def all_made(self, data: dict[str, Any], sweep: Sweep, make: Any) -> Response:
        """Answers what makes many rows, or none: once for each Idempotency-Key, which the first of them carries."""
        made: sweeps.Made | None = None

        def first(stamp: Any) -> Any:
            nonlocal made
            made = make(stamp)
            return made.submissions[0] if made.submissions else None

        once(self.request, JobSubmission, data, first)
        row = SweepDetailSerializer().to_representation(sweep)
        if made is None:  # An earlier request with this key has made them.
            made = sweeps.Made(left=row["states"].get(UNSUBMITTED, 0))
        numbers = [submission.pk for submission in made.submissions]
        before = data.get("before") or min(numbers, default=None)
        return Response({**row, "submissions": numbers, "left": made.left, "before": before})


def destination(wanted: dict[str, Any]) -> Destination:
    """What belongs to it, taken out of what is wanted."""
    cluster = wanted.pop("cluster", "")
    return Destination(
        wanted.pop("via", JobSubmission.Via.AGENT),
        get_cluster(cluster) if cluster else None,
        wanted.pop("slurm_cluster", ""),
        wanted.pop("execution_directory", ""),
        wanted.pop("sbatch_arguments", []),
    )


@extend_schema_serializer(examples=[OpenApiExample("A task of an array", POINT)])
class PointRowSerializer(RowSerializer):
    """A point's job script, the answers that are its own, and its last submission."""

    answers = serializers.DictField(read_only=True)
    submission = serializers.IntegerField(read_only=True, allow_null=True)
    status = serializers.CharField(read_only=True)
    exit_code = serializers.IntegerField(read_only=True, allow_null=True)
    signal = serializers.IntegerField(read_only=True, allow_null=True)
    slurm_job_id = serializers.IntegerField(read_only=True, allow_null=True)
    task = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Its index, where its submission is an array."
    )
    execution_directory = serializers.CharField(read_only=True)

    class Meta:
        model = JobScript
        fields = [
            "id", "point", "name", "answers", "submission", "status", "exit_code", "signal", "slurm_job_id", "task",
            "execution_directory",
        ]  # fmt: skip


@extend_schema(
    tags=["sweeps"],
    parameters=[OpenApiParameter("sweep", OpenApiTypes.INT, OpenApiParameter.PATH, description="A sweep's id.")],
)
@extend_schema_view(list=extend_schema(summary="List the points of a sweep, with their states"))
class PointViewSet(RowsMixin, ListModelMixin, GenericViewSet[Any]):
    queryset = JobScript.objects.none()
    serializer_class = PointRowSerializer
    filterset_class = PointFilterSet
    filter_backends = [KnownParameters, FieldFilter]
    permission_classes = PEOPLE
    # The points of a sweep were saved in their order.
    ordering, ordering_fields = "id", ("id",)

    def get_queryset(self) -> QuerySet[JobScript]:
        return self.sweep.scripts.filter(point__isnull=False)

    @cached_property
    def sweep(self) -> Sweep:
        text = self.kwargs["sweep"]
        known = DIGITS.match(text) and int(text) <= MAX_ID
        found = Sweep.objects.visible_to(self.request.user).filter(pk=int(text)).first() if known else None  # type: ignore[arg-type]
        if found is None:
            raise Http404
        return found

    @cached_property
    def last(self) -> dict[int, Last]:
        return last_of_points(self.sweep)

    def status_of(self, number: int) -> str:
        return self.last[number].status if number in self.last else UNSUBMITTED

    def rows(self, queryset: QuerySet[Any]) -> list[Row]:
        return [self.row(*values) for values in queryset.values_list("id", "point", "name", "answers")]

    def row(self, script: int, number: int, name: str, answers: dict[str, Any]) -> Row:
        last = self.last.get(number)
        own = {variable: answers[variable] for variable in self.sweep.variables if variable in answers}
        return {
            "id": script,
            "point": number,
            "name": name,
            "answers": own,
            "submission": last and last.submission,
            "status": self.status_of(number),
            "exit_code": last and last.exit_code,
            "signal": last and last.signal,
            "slurm_job_id": last and last.slurm_job_id,
            "task": last and last.task,
            "execution_directory": last.directory if last else "",
        }
