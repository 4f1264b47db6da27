from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from jobbergate.core.api.permissions import PEOPLE
from jobbergate.core.api.views import NAME, GenericViewSet, ResourceViewSet, RowsMixin, key_of
from jobbergate.core.errors import NotThere
from jobscripts.models import JobScript
from submissions import cancelling, dependencies, reports, sync
from submissions.api.clusters import ClusterSerializer
from submissions.api.filters import JobSubmissionFilterSet
from submissions.api.serializers import (
    CancelledManySerializer,
    CancelManySerializer,
    EventSerializer,
    JobSubmissionSerializer,
    LeasedSerializer,
    LeaseSerializer,
    RecordSerializer,
    RejectSerializer,
    ReportedSerializer,
    ReportsSerializer,
    ResubmitSerializer,
    SubmissionChangeSerializer,
    SubmitSerializer,
)
from submissions.api.sync import RoundSerializer, SyncSerializer
from submissions.api.sync import told as answered
from submissions.api.wishes import WISH, LogSerializer, WishSerializer
from submissions.clusters import Cluster, get_cluster
from submissions.models import JobSubmission
from submissions.wishes import Wish


@extend_schema(tags=["clusters"])
@extend_schema_view(
    list=extend_schema(summary="List clusters", filters=False), retrieve=extend_schema(summary="Get a cluster")
)
class ClusterViewSet(RowsMixin, ListModelMixin, GenericViewSet[Any]):
    queryset = Cluster.objects.all()
    serializer_class = ClusterSerializer
    agent_actions = ("list", "retrieve", "sync")
    lookup_field, lookup_value_regex = "name", NAME
    ordering, ordering_fields = "name", ("name",)

    def get_queryset(self) -> QuerySet[Cluster]:
        return Cluster.objects.visible_to(self.request.user)  # type: ignore[arg-type]

    def retrieve(self, request: Request, name: str) -> Response:
        rows = ClusterSerializer.rows(self.get_queryset().called(name)[:1])  # type: ignore[attr-defined]
        if not rows:
            raise NotThere(f"There is no cluster {name!r}.")
        return Response(rows[0])

    @extend_schema(summary="One round of an agent", request=SyncSerializer, responses=RoundSerializer)
    @action(detail=True, methods=["post"], url_path="sync", url_name="sync")
    def sync(self, request: Request, name: str) -> Response:
        told = SyncSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        cluster = self.get_queryset().called(name).first()  # type: ignore[attr-defined]
        if cluster is None:
            raise NotThere(f"There is no cluster {name!r}.")
        return Response(answered(sync.sync(request.user, cluster, told.validated_data)))  # type: ignore[arg-type]


@extend_schema(tags=["job submissions"])
@extend_schema_view(
    list=extend_schema(summary="List job submissions"),
    create=extend_schema(
        summary="Submit a job script", request=SubmitSerializer, responses={201: JobSubmissionSerializer}
    ),
    retrieve=extend_schema(summary="Get a job submission", responses=JobSubmissionSerializer),
    partial_update=extend_schema(
        summary="Change a job submission", request=SubmissionChangeSerializer, responses=JobSubmissionSerializer
    ),
    destroy=extend_schema(summary="Delete a job submission"),
)
class JobSubmissionViewSet(ResourceViewSet):
    queryset = JobSubmission.objects.all()
    serializer_class = detail_class = JobSubmissionSerializer
    filterset_class = JobSubmissionFilterSet
    agent_actions = ("list", "retrieve", "events")
    input_classes = {
        "create": SubmitSerializer,
        "partial_update": SubmissionChangeSerializer,
        "lease": LeaseSerializer,
        "record": RecordSerializer,
        "reject": RejectSerializer,
        "report": ReportsSerializer,
        "resubmit": ResubmitSerializer,
        "cancel_many": CancelManySerializer,
        "log": LogSerializer,
    }

    def get_queryset(self) -> QuerySet[JobSubmission]:
        return super().get_queryset().with_people()  # type: ignore[attr-defined,no-any-return]

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = self.validated()
        return self.made(data, lambda stamp: self.submit(**data, **stamp))

    def submit(self, job_script: int, cluster: str = "", **wanted: Any) -> JobSubmission:
        visible = JobScript.objects.visible_to(self.request.user)  # type: ignore[arg-type]
        script = visible.filter(pk=job_script).only("name", "entrypoint").first()
        if script is None:
            raise NotThere(f"There is no job script {job_script}.")
        return dependencies.create(
            self.request.user,  # type: ignore[arg-type]
            script,
            cluster=get_cluster(cluster) if cluster else None,
            **wanted,
        )

    # --- the hand-over: who speaks to sbatch for a submission, and what came of it ---

    @extend_schema(summary="Take a submission, to submit it", request=LeaseSerializer, responses=LeasedSerializer)
    @action(detail=True, methods=["post"])
    def lease(self, request: Request, pk: str) -> Response:
        data, submission = self.validated(), self.get_object()
        until = now() + settings.LEASE
        directory = data.get("execution_directory", "")
        ready = dependencies.lease(submission, data["holder"], until, data.get("instead_of", ""), directory)
        more = {"dependency_arguments": list(ready.arguments), "never_begins": ready.never}
        return Response(self.shown(submission).data | more)

    @extend_schema(summary="Record the held Slurm job", request=RecordSerializer, responses=JobSubmissionSerializer)
    @action(detail=True, methods=["post"])
    def record(self, request: Request, pk: str) -> Response:
        data, submission = self.validated(), self.get_object()
        submission.record(**data)
        return self.shown(submission)

    @extend_schema(summary="Record that Slurm refused it", request=RejectSerializer, responses=JobSubmissionSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        data, submission = self.validated(), self.get_object()
        submission.reject(**data)
        return self.shown(submission)

    @extend_schema(summary="Report what Slurm says of jobs", request=ReportsSerializer, responses=ReportedSerializer)
    @action(detail=False, methods=["post"], permission_classes=PEOPLE)
    def report(self, request: Request) -> Response:
        data = self.validated()
        own = JobSubmission.objects.owned_by(request.user)  # type: ignore[arg-type]
        found = reports.apply(data["reports"], own, data["slurm_cluster"])
        ignored = {report["id"] for report in data["reports"]} - {submission.pk for submission in found}
        return Response({"results": [self.shown(submission).data for submission in found], "ignored": sorted(ignored)})

    # --- what people do with it afterwards ---

    @extend_schema(summary="Cancel a job submission", request=None, responses=JobSubmissionSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        submission = self.get_object()
        submission.cancel()
        return self.shown(submission)

    @extend_schema(
        summary="Cancel several",
        operation_id="job_submissions_cancel_many",
        request=CancelManySerializer,
        responses=CancelledManySerializer,
    )
    @action(detail=False, methods=["post"], url_path="cancel", url_name="cancel-many")
    def cancel_many(self, request: Request) -> Response:
        data = self.validated()
        if "ids" in data:
            made = cancelling.these(JobSubmission.objects.visible_to(request.user), data["ids"])  # type: ignore[arg-type]
        else:
            made = cancelling.selected(self.own_that(**data["filter"]))
        return Response(
            {
                "results": [self.shown(one).data for one in made.done],
                "errors": {str(number): why for number, why in made.refused.items()},
                "left": made.left,
            }
        )

    def own_that(self, search: str = "", **wanted: Any) -> Any:
        """One's own, staff's too: nobody ends by a filter what they do not see to be another's."""
        own = JobSubmission.objects.owned_by(self.request.user).search(search)  # type: ignore[arg-type]
        return JobSubmissionFilterSet(wanted, own, request=self.request).qs

    @extend_schema(
        summary="Submit the same once more", request=ResubmitSerializer, responses={201: JobSubmissionSerializer}
    )
    @action(detail=True, methods=["post"])
    def resubmit(self, request: Request, pk: str) -> Response:
        data, submission = self.validated(), self.get_object()
        return self.made(data, lambda stamp: submission.resubmit(request.user, **data, **stamp))

    @extend_schema(summary="List what happened to it", responses=EventSerializer(many=True), filters=False)
    @action(detail=True)
    def events(self, request: Request, pk: str) -> Response:
        rows = EventSerializer.rows(self.get_object().events.all())
        return Response({"next": None, "previous": None, "results": rows})

    # --- what whoever speaks to Slurm for it is to do ---

    @extend_schema(summary="Hold its job", request=None, responses={202: WishSerializer})
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str) -> Response:
        return self.wished(Wish.Action.HOLD)

    @extend_schema(summary="Release its job", request=None, responses={202: WishSerializer})
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        return self.wished(Wish.Action.RELEASE)

    @extend_schema(summary="Queue its job again", request=None, responses={202: WishSerializer})
    @action(detail=True, methods=["post"])
    def requeue(self, request: Request, pk: str) -> Response:
        return self.wished(Wish.Action.REQUEUE)

    @extend_schema(summary="Ask for a piece of its output", request=LogSerializer, responses={202: WishSerializer})
    @action(detail=True, methods=["post"])
    def log(self, request: Request, pk: str) -> Response:
        return self.wished(Wish.Action.LOG, **self.validated())

    def wished(self, action: str, **arguments: Any) -> Response:
        wish = self.get_object().wish(self.request.user, action, **arguments)
        return Response(WishSerializer().to_representation(wish), status=status.HTTP_202_ACCEPTED)

    @extend_schema(summary="See what came of what was asked for", parameters=[WISH], responses=WishSerializer)
    @action(detail=True, url_path=f"wishes/(?P<wish>{NAME})", url_name="wish")
    def wish(self, request: Request, pk: str, wish: str) -> Response:
        found = self.get_object().wishes.select_related("cluster").filter(pk=key_of(wish)).first()
        if found is None:
            raise NotThere(f"There is no wish {wish} of submission {pk}.")
        return Response(WishSerializer().to_representation(found))
