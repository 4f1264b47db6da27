from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from applications import archive
from applications.versions import ApplicationVersion
from jobbergate.core.api.json import JSONParser
from jobbergate.core.api.permissions import PEOPLE
from jobbergate.core.api.views import ArchiveDownload, ResourceViewSet
from jobbergate.core.errors import NotThere
from jobscripts.api.bulk import BulkMixin, BulkSerializer
from jobscripts.api.filters import JobScriptFilterSet
from jobscripts.api.serializers import (
    CheckSavedSerializer,
    CheckSerializer,
    JobScriptChangeSerializer,
    JobScriptDetailSerializer,
    JobScriptSerializer,
    PreviewSerializer,
    RenderSerializer,
    RerunSerializer,
    ScriptCheckedSerializer,
    ScriptCloneSerializer,
    UploadSerializer,
)
from jobscripts.api.versions import get_version
from jobscripts.drafts import Draft, recipes
from jobscripts.models import JobScript
from jobscripts.sbatch.checking import check


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
        "rerun": RerunSerializer,
        "check": CheckSerializer,
        "check_saved": CheckSavedSerializer,
    }

    def get_queryset(self) -> QuerySet[JobScript]:
        found: Any = self.listed() if self.action == "list" else super().get_queryset()
        return found.with_origin()  # type: ignore[no-any-return]

    def listed(self) -> QuerySet[JobScript]:
        user: User = self.request.user  # type: ignore[assignment]  # signed in
        # Not both in one list: no index has one person's own rows and those of others in one order.
        if self.request.query_params.get("shared") == "true":
            return JobScript.objects.shared_with(user)
        own = JobScript.objects.listed_for(user)
        # The points of a sweep are listed by their sweep alone.
        return own if "sweep" in self.request.query_params else own.alone()

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
            get_version(self.request.user, application, version),
            wanted.pop("answers"),
            sbatch_parameters=tuple(wanted.pop("sbatch_parameters", ())),
            **wanted,
        )

    def upload(self, name: str = "", entrypoint: str = "", **wanted: Any) -> JobScript:
        files = uploaded_files(wanted.pop("archive", None), wanted.pop("files", ()))
        return JobScript.upload(self.request.user, files, entrypoint, name, **wanted)  # type: ignore[arg-type]

    def newest_version(self, script: JobScript) -> ApplicationVersion:
        number = script.origin().application_id
        if number is None:
            raise NotThere(f"The application of {script.name} was deleted; there is no version but its own.")
        return get_version(self.request.user, str(number), None)

    @extend_schema(summary="Render without saving", request=RenderSerializer, responses=PreviewSerializer)
    @action(detail=False, methods=["post"], permission_classes=PEOPLE, parser_classes=[JSONParser])
    def preview(self, request: Request) -> Response:
        data = self.validated()
        version = get_version(request.user, data["application"], data.get("version"))
        draft = recipes.of(version).draft(
            data["answers"], data.get("computed"), data.get("sbatch_parameters", ()), data.get("name", "")
        )
        return Response(previewed(draft, version))

    @extend_schema(
        summary="Check a script's directives",
        description="What sbatch would make of it: what is wrong with its directives, and what they ask of Slurm.",
        request=CheckSerializer,
        responses=ScriptCheckedSerializer,
    )
    @action(detail=False, methods=["post"], permission_classes=PEOPLE, parser_classes=[JSONParser])
    def check(self, request: Request) -> Response:
        data = self.validated()
        return Response(checked(data.pop("content"), data))

    @extend_schema(
        summary="Check a job script's directives",
        operation_id="job_scripts_check_saved",
        request=CheckSavedSerializer,
        responses=ScriptCheckedSerializer,
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="check",
        permission_classes=PEOPLE,
        parser_classes=[JSONParser],
    )
    def check_saved(self, request: Request, pk: str) -> Response:
        data, script = self.validated(), self.get_object()
        return Response({"entrypoint": script.entrypoint, **checked(script.read_entrypoint(), data)})

    @extend_schema(
        summary="Copy a job script",
        description="With other answers it is rendered again, as `rerun` does; without any, its files are copied as"
        " they are.",
        request=ScriptCloneSerializer,
        responses={201: JobScriptDetailSerializer},
    )
    @action(detail=True, methods=["post"], permission_classes=PEOPLE)
    def clone(self, request: Request, pk: str) -> Response:
        data, script = self.validated(), self.get_object()
        return self.made(data, lambda stamp: script.clone(request.user, **data, **stamp))

    @extend_schema(
        summary="Render a job script again",
        description="From its stored answers, with changes, and from exactly its version unless `latest` is true. The"
        " same inputs give the same bytes.",
        request=RerunSerializer,
        responses={201: JobScriptDetailSerializer},
    )
    @action(detail=True, methods=["post"], permission_classes=PEOPLE, parser_classes=[JSONParser])
    def rerun(self, request: Request, pk: str) -> Response:
        data, script = self.validated(), self.get_object()
        return self.made(data, lambda stamp: self.run_again(script, **data, **stamp))

    def run_again(self, script: JobScript, latest: bool, **wanted: Any) -> JobScript:
        version = self.newest_version(script) if latest else None
        parameters = wanted.pop("sbatch_parameters", None)
        return script.rerun(
            self.request.user,  # type: ignore[arg-type]
            version=version,
            sbatch_parameters=None if parameters is None else tuple(parameters),
            **wanted,
        )

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


def checked(content: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return check(
        content,
        arguments=wanted["sbatch_arguments"],
        environment=wanted["environment"],
        version=wanted.get("slurm_version", settings.SLURM_VERSION),
    ).as_json()


def previewed(draft: Draft, version: ApplicationVersion) -> dict[str, Any]:
    return {
        "name": draft.name or (version.application.name if version.application else draft.entrypoint),
        "entrypoint": draft.entrypoint,
        "output_directory": draft.output_directory,
        "application": version.application_id,
        "version": version.number,
        "answers": draft.answers,
        "computed": draft.computed,
        "sbatch_parameters": list(draft.sbatch_parameters),
        "warnings": list(draft.warnings),
        **draft.check.as_json(),
        "files": [{"path": path, "content": text_of(content)} for path, content in draft.files.items()],
    }


def text_of(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
