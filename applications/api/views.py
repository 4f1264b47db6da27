from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from applications import archive, config_schema, schema
from applications.api.filters import ApplicationFilterSet
from applications.api.serializers import (
    ANSWERS,
    ApplicationChangeSerializer,
    ApplicationCreateSerializer,
    ApplicationSerializer,
    CheckedSerializer,
    CloneSerializer,
    FolderSerializer,
    PublishSerializer,
    RestoreSerializer,
    TransferSerializer,
    VersionDetailSerializer,
    VersionSerializer,
    checked,
)
from applications.models import Application
from applications.versions import ApplicationVersion
from jobbergate.core.api.filters import KnownParameters
from jobbergate.core.api.json import JSONParser
from jobbergate.core.api.permissions import PEOPLE
from jobbergate.core.api.views import ArchiveDownload, OfResource, ResourceViewSet
from jobbergate.core.errors import NotThere
from jobbergate.core.people import person

APPLICATION = OpenApiParameter("pk", OpenApiTypes.STR, OpenApiParameter.PATH, description="An id or an identifier.")
PARENT = OpenApiParameter("application", OpenApiTypes.STR, OpenApiParameter.PATH, description="An id or an identifier.")
NUMBER = OpenApiParameter("number", OpenApiTypes.STR, OpenApiParameter.PATH, description="A number, or `latest`.")


@extend_schema(tags=["applications"])
@extend_schema_view(
    list=extend_schema(summary="List applications"),
    create=extend_schema(
        summary="Create an application from an archive",
        request={"multipart/form-data": ApplicationCreateSerializer},
        responses={201: ApplicationSerializer},
    ),
    retrieve=extend_schema(summary="Get an application", parameters=[APPLICATION]),
    partial_update=extend_schema(
        summary="Change an application", request=ApplicationChangeSerializer, parameters=[APPLICATION]
    ),
    destroy=extend_schema(summary="Delete an application", parameters=[APPLICATION]),
)
class ApplicationViewSet(ResourceViewSet):
    queryset = Application.objects.all()
    serializer_class = detail_class = ApplicationSerializer
    filterset_class = ApplicationFilterSet
    parser_classes = [JSONParser, MultiPartParser]
    input_classes = {
        "create": ApplicationCreateSerializer,
        "partial_update": ApplicationChangeSerializer,
        "clone": CloneSerializer,
        "check": FolderSerializer,
        "transfer": TransferSerializer,
    }
    owner_actions = ("destroy", "transfer")

    def get_queryset(self) -> QuerySet[Application]:
        return super().get_queryset().select_related("owner")

    def lookup(self) -> dict[str, Any]:
        text = self.kwargs["pk"]
        return super().lookup() if text.isdecimal() else {"identifier": text}

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = self.validated()
        return self.made(data, lambda stamp: self.make(**data, **stamp))

    def make(self, archive: Any, **fields: Any) -> Application:
        return Application.create(unpacked(archive), self.request.user, **fields)  # type: ignore[arg-type]  # signed in

    def perform_update(self, serializer: Any) -> None:
        application = serializer.instance
        if not application.belongs_to(self.request.user):
            # An unchanged one is no offence, and is not saved: its owner may be setting another at this moment.
            wanted = serializer.validated_data.pop("visibility", application.visibility)
            if wanted != application.visibility:
                raise PermissionDenied("Only its owner and staff may set who sees it.")
        serializer.save()

    @transaction.atomic
    def perform_destroy(self, application: Application) -> None:
        application.lock()
        # It may have changed hands meanwhile.
        self.check_object_permissions(self.request, application)
        application.delete()

    @extend_schema(
        summary="Check a folder without publishing it",
        description="Everything that publishing checks, and a rendering of the default answers. Nothing is saved.",
        request={"multipart/form-data": FolderSerializer},
        responses=CheckedSerializer,
    )
    @action(detail=False, methods=["post"], permission_classes=PEOPLE, parser_classes=[MultiPartParser])
    def check(self, request: Request) -> Response:
        data = self.validated()
        files = unpacked(data["archive"])
        version = ApplicationVersion.from_files(files, data.get("form"))
        return Response(checked(version, len(files), version.results(files, data.get("runs"), defaults=True)))

    @extend_schema(
        summary="Clone an application",
        request=CloneSerializer,
        responses={201: ApplicationSerializer},
        parameters=[APPLICATION],
    )
    @action(detail=True, methods=["post"], permission_classes=PEOPLE)
    def clone(self, request: Request, pk: str) -> Response:
        data, application = self.validated(), self.get_object()
        return self.made(data, lambda stamp: application.clone(request.user, **data, **stamp))

    @extend_schema(
        summary="Give an application to another owner",
        request=TransferSerializer,
        responses=ApplicationSerializer,
        parameters=[APPLICATION],
    )
    @action(detail=True, methods=["post"])
    def transfer(self, request: Request, pk: str) -> Response:
        application = self.get_object()
        application.transfer(person(self.validated()["owner"], "owner"))
        return self.shown(application)


class OfApplication(OfResource):
    def named(self) -> QuerySet[Application]:
        visible = Application.objects.visible_to(self.request.user)  # type: ignore[arg-type]  # signed in
        return visible.named(self.kwargs["application"])

    @property
    def application(self) -> Application:
        return self.resource  # type: ignore[no-any-return]


@extend_schema(tags=["applications"], parameters=[PARENT])
@extend_schema_view(list=extend_schema(summary="List an application's versions"))
class VersionViewSet(OfApplication):
    queryset = ApplicationVersion.objects.none()
    serializer_class = VersionSerializer
    filter_backends = [KnownParameters]
    lookup_field = "number"
    lookup_value_regex = "[0-9]+|latest"
    parser_classes = [MultiPartParser]

    def get_version(self) -> ApplicationVersion:
        number = self.kwargs["number"]
        return self.application.version(None if number == "latest" else int(number[:9]))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.application.versions.all()))
        return self.get_paginated_response(page)

    @extend_schema(
        summary="Publish a version",
        description="The files of the newest version again make no new one: that one is answered, with status 200. Only"
        " where it has no form and one is given, they are the next version.",
        request=PublishSerializer,
        responses={201: VersionDetailSerializer, 200: VersionDetailSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.application)
        serializer = PublishSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data, before = dict(serializer.validated_data), self.application.latest_version
        version = self.application.publish(unpacked(data.pop("archive")), cast(User, request.user), **data)
        return shown(version, before)

    @extend_schema(
        summary="Make a version's content the newest again",
        description="Where it is the newest's content already, that version is answered, with status 200.",
        request=RestoreSerializer,
        responses={201: VersionDetailSerializer, 200: VersionDetailSerializer},
        parameters=[NUMBER],
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.application)
        serializer = RestoreSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        before, version = self.application.latest_version, self.get_version()
        note = serializer.validated_data.get("note", "")
        return shown(self.application.restore(version.number, cast(User, request.user), note), before)

    @extend_schema(summary="Get a version", responses=VersionDetailSerializer, parameters=[NUMBER])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(VersionDetailSerializer().to_representation(self.get_version()))

    @extend_schema(
        summary="Download a version",
        operation_id="applications_versions_archive",
        responses={(200, "application/gzip"): OpenApiTypes.BINARY},
        parameters=[NUMBER],
    )
    @action(detail=True)
    def archive(self, request: Request, *args: Any, **kwargs: Any) -> ArchiveDownload:
        version = self.get_version()
        name = f"{self.application.identifier or self.application.pk}-{version.number}.tar.gz"
        return ArchiveDownload(version.files.all().packed(), name)

    @extend_schema(
        summary="Get the JSON Schema of a version's answers",
        description="What it accepts as `answers` is accepted. 404 for a programmed version without a captured form.",
        responses=OpenApiTypes.OBJECT,
        examples=[OpenApiExample("One question", ANSWERS)],
        parameters=[NUMBER],
    )
    @action(detail=True, url_path="schema", url_name="schema")
    def answers_schema(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        version = self.get_version()
        form = version.read_form()
        if form is None:
            raise NotThere(f"{version} was published without a form; its jobbergate.py asks its questions.")
        return Response(schema.of_answers(form, f"Answers to {version}"))


class ConfigSchema(APIView):
    """For editors, which do not sign in; it says nothing about this site."""

    permission_classes = authentication_classes = ()

    @extend_schema(
        summary="Get the JSON Schema of jobbergate.yaml",
        tags=["applications"],
        operation_id="applications_config_schema",
        responses=OpenApiTypes.OBJECT,
        examples=[OpenApiExample("Its beginning", {key: config_schema.CONFIG[key] for key in ("$schema", "title")})],
    )
    def get(self, request: Request) -> Response:
        return Response(config_schema.CONFIG)


def shown(version: ApplicationVersion, before: int) -> Response:
    """201 for a version that was not there before."""
    code = status.HTTP_201_CREATED if version.number > before else status.HTTP_200_OK
    return Response(VersionDetailSerializer().to_representation(version), status=code)


def unpacked(upload: Any) -> archive.Files:
    with upload.open("rb") as stream:
        return archive.unpack(stream)
