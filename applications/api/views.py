from functools import cached_property
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from applications import archive
from applications.api.filters import ApplicationFilterSet
from applications.api.serializers import (
    ApplicationChangeSerializer,
    ApplicationCreateSerializer,
    ApplicationSerializer,
    CloneSerializer,
    PublishSerializer,
    VersionDetailSerializer,
    VersionSerializer,
)
from applications.models import Application, ApplicationVersion
from jobbergate.core.api.json import JSONParser
from jobbergate.core.api.permissions import OwnerOrStaff
from jobbergate.core.api.views import ArchiveDownload, GenericViewSet, ResourceViewSet, RowsMixin

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
    }

    def get_queryset(self) -> QuerySet[Application]:
        return super().get_queryset().select_related("owner")

    def lookup(self) -> dict[str, Any]:
        text = self.kwargs["pk"]
        return super().lookup() if text.isdecimal() else {"identifier": text}

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = self.validated()
        return self.made(data, lambda stamp: self.make(**data, **stamp))

    def make(self, archive: Any, **fields: Any) -> Application:
        return Application.create(unpacked(archive), self.request.user, **fields)  # type: ignore[arg-type]

    @extend_schema(
        summary="Clone an application",
        request=CloneSerializer,
        responses={201: ApplicationSerializer},
        parameters=[APPLICATION],
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def clone(self, request: Request, pk: str) -> Response:
        data, application = self.validated(), self.get_object()
        return self.made(data, lambda stamp: application.clone(request.user, **data, **stamp))


@extend_schema(tags=["applications"], parameters=[PARENT])
@extend_schema_view(list=extend_schema(summary="List an application's versions"))
class VersionViewSet(RowsMixin, GenericViewSet[Any]):
    queryset = ApplicationVersion.objects.none()
    serializer_class = VersionSerializer
    permission_classes = [IsAuthenticated, OwnerOrStaff]
    filter_backends = []
    lookup_field = "number"
    lookup_value_regex = "[0-9]+|latest"
    parser_classes = [MultiPartParser]

    @cached_property
    def application(self) -> Application:
        found = Application.objects.visible_to(self.request.user).named(self.kwargs["application"]).first()  # type: ignore[arg-type]
        if found is None:
            raise Http404
        return found

    def get_version(self) -> ApplicationVersion:
        number = self.kwargs["number"]
        return self.application.version(None if number == "latest" else int(number[:9]))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.application.versions.all())
        return self.get_paginated_response(page)

    @extend_schema(
        summary="Publish a version",
        description="The files of the newest version again make no new one: that one is answered, with status 200.",
        request=PublishSerializer,
        responses={201: VersionDetailSerializer, 200: VersionDetailSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.application)
        serializer = PublishSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data, before = serializer.validated_data, self.application.latest_version
        files, by = unpacked(data["archive"]), cast(User, request.user)
        version = self.application.publish(files, by, data.get("form"), data.get("note", ""))
        code = status.HTTP_201_CREATED if version.number > before else status.HTTP_200_OK
        return Response(VersionDetailSerializer().to_representation(version), status=code)

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


def unpacked(upload: Any) -> archive.Files:
    with upload.open("rb") as stream:
        return archive.unpack(stream)
