from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from applications import archive
from applications.models import Application
from applications.versions import ApplicationVersion
from jobbergate.core.api.json import JSONParser
from jobbergate.core.api.views import ArchiveDownload, ResourceViewSet
from jobbergate.core.errors import NotThere
from jobscripts.api.bulk import BulkMixin, BulkSerializer
from jobscripts.api.filters import JobScriptFilterSet
from jobscripts.api.serializers import (
    JobScriptChangeSerializer,
    JobScriptDetailSerializer,
    JobScriptSerializer,
    PreviewSerializer,
    RenderSerializer,
    ScriptCloneSerializer,
    UploadSerializer,
)
from jobscripts.drafts import Draft, recipes
from jobscripts.models import JobScript


@extend_schema(tags=["job scripts"])
@extend_schema_view(
    list=extend_schema(summary="List job scripts"),
    create=extend_schema(
        summary="Render a job script from answers, or upload one",
        request={"application/json": RenderSerializer, "multipart/form-data": UploadSerializer},
        responses={201: JobScriptDetailSerializer},
    ),
    retrieve=extend_schema(summary="Get a job script", responses=JobScriptDetailSerializer),
    partial_update=extend_schema(
        summary="Change a job script", request=JobScriptChangeSerializer, responses=JobScriptDetailSerializer
    ),
    destroy=extend_schema(summary="Delete a job script"),
)
class JobScriptViewSet(BulkMixin, ResourceViewSet):
    queryset = JobScript.objects.all()
    serializer_class = JobScriptSerializer
    detail_class = JobScriptDetailSerializer
    filterset_class = JobScriptFilterSet
    parser_classes = [JSONParser, MultiPartParser]
    input_classes = {
        "bulk": BulkSerializer,
        "render": RenderSerializer,
        "upload": UploadSerializer,
        "preview": RenderSerializer,
        "partial_update": JobScriptChangeSerializer,
        "clone": ScriptCloneSerializer,
    }

    def get_queryset(self) -> QuerySet[JobScript]:
        found: Any = self.listed() if self.action == "list" else super().get_queryset()
        return found.with_origin()  # type: ignore[no-any-return]

    def listed(self) -> QuerySet[JobScript]:
        user: User = self.request.user  # type: ignore[assignment]  # signed in
        # Not both in one list: no index has one person's own rows and those of others in one order.
        if self.request.query_params.get("shared") == "true":
            return JobScript.objects.shared_with(user)
        return JobScript.objects.listed_for(user).alone()

    def perform_update(self, serializer: Any) -> None:
        script, columns = serializer.instance, serializer.validated_data
        wanted = columns.pop("is_archived", script.is_archived)
        if wanted != script.is_archived:
            if not script.belongs_to(self.request.user):
                raise PermissionDenied("Only its owner and staff may archive it, or bring it back.")
            columns["is_archived"] = wanted
        script.change(**columns)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.shown(self.get_object())

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        uploaded = request.content_type.startswith("multipart/")
        data = self.validated("upload" if uploaded else "render")
        make = self.upload if uploaded else self.render
        return self.made(data, lambda stamp: make(**data, **stamp))

    def render(self, application: str, version: int | None = None, **wanted: Any) -> JobScript:
        return JobScript.render(
            self.request.user,  # type: ignore[arg-type]
            self.get_version(application, version),
            wanted.pop("answers"),
            sbatch_parameters=tuple(wanted.pop("sbatch_parameters", ())),
            **wanted,
        )

    def upload(self, name: str = "", entrypoint: str = "", **wanted: Any) -> JobScript:
        files = uploaded_files(wanted.pop("archive", None), wanted.pop("files", ()))
        return JobScript.upload(self.request.user, files, entrypoint, name, **wanted)  # type: ignore[arg-type]

    def get_version(self, application: str, number: int | None) -> ApplicationVersion:
        found = (
            Application.objects.visible_to(self.request.user).named(application).filter(is_archived=False).first()  # type: ignore[arg-type]
        )
        if found is None:
            raise NotThere(f"There is no application {application!r}.")
        return found.version(number)

    @extend_schema(summary="Render without saving", request=RenderSerializer, responses=PreviewSerializer)
    @action(detail=False, methods=["post"], permission_classes=[IsAuthenticated], parser_classes=[JSONParser])
    def preview(self, request: Request) -> Response:
        data = self.validated()
        version = self.get_version(data["application"], data.get("version"))
        draft = recipes.of(version).draft(
            data["answers"], data.get("computed"), data.get("sbatch_parameters", ()), data.get("name", "")
        )
        return Response(previewed(draft, version))

    @extend_schema(
        summary="Render again, with other answers",
        request=ScriptCloneSerializer,
        responses={201: JobScriptDetailSerializer},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def clone(self, request: Request, pk: str) -> Response:
        data, script = self.validated(), self.get_object()
        return self.made(data, lambda stamp: script.clone(request.user, **data, **stamp))

    @extend_schema(summary="Download all files", responses={(200, "application/gzip"): OpenApiTypes.BINARY})
    @action(detail=True)
    def archive(self, request: Request, pk: str) -> ArchiveDownload:
        script = self.get_object()
        return ArchiveDownload(script.files.all().packed(), f"job-script-{script.pk}.tar.gz")


def uploaded_files(packed: Any, files: Iterable[Any]) -> archive.Files:
    if packed is None:
        return archive.collected((upload.name, upload.read()) for upload in files)
    with packed.open("rb") as stream:
        return archive.unpack(stream)


def previewed(draft: Draft, version: ApplicationVersion) -> dict[str, Any]:
    return {
        "name": draft.name or (version.application.name if version.application else draft.entrypoint),
        "entrypoint": draft.entrypoint,
        "output_directory": draft.output_directory,
        "warnings": list(draft.warnings),
        "files": [{"path": path, "content": text_of(content)} for path, content in draft.files.items()],
    }


def text_of(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
