from typing import Any

from django.contrib.auth.models import Group, User
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from applications.api.serializers import ShareSerializer, ShareWithSerializer
from applications.api.views import PARENT, OfApplication
from applications.models import ApplicationShare
from jobbergate.core.api.filters import KnownParameters
from jobbergate.core.api.json import JSONParser
from jobbergate.core.api.permissions import MayChange
from jobbergate.core.people import group, person


@extend_schema(tags=["applications"], parameters=[PARENT])
@extend_schema_view(list=extend_schema(summary="List whom an application is shared with"))
class ShareViewSet(OfApplication):
    queryset = ApplicationShare.objects.none()
    serializer_class = ShareSerializer
    permission_classes = [IsAuthenticated, MayChange]
    owner_actions = ("create", "destroy")
    editor_actions = ("list",)
    filter_backends = [KnownParameters]
    ordering = "id"
    lookup_value_regex = "[0-9]{1,18}"
    parser_classes = [JSONParser]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.application)
        page = self.paginate_queryset(self.filter_queryset(self.application.shares.all()))
        return self.get_paginated_response(page)

    @extend_schema(
        summary="Share an application",
        description="With a reader, a private application becomes shared. Once more with another role changes the role,"
        " with status 200.",
        request=ShareWithSerializer,
        responses={201: ShareSerializer, 200: ShareSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.application)
        serializer = ShareWithSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with self.locked() as application:
            share, made = application.share(data["role"], **named(data))
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(ShareSerializer().to_representation(share), status=code)

    @extend_schema(summary="Share an application no more")
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.locked() as application:
            application.unshare(int(kwargs["pk"]))
        return Response(status=status.HTTP_204_NO_CONTENT)


def named(data: dict[str, Any]) -> dict[str, User | Group]:
    return {"user": person(data["user"], "user")} if "user" in data else {"group": group(data["group"], "group")}
