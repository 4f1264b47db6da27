"""Whom a resource is shared with. A resource's own share views name its rows, and say what sharing does there."""

from typing import Any

from django.contrib.auth.models import Group, User
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from jobbergate.core.api.filters import KnownParameters
from jobbergate.core.api.json import JSONParser
from jobbergate.core.api.rows import RowSerializer
from jobbergate.core.api.views import OfResource
from jobbergate.core.models import Share
from jobbergate.core.people import group, person

SHARE = {"id": 5, "user": None, "group": "cfd", "role": "reader", "created_at": "2026-05-11T16:40:51.003000Z"}


class ShareSerializer(RowSerializer):
    """`Meta` of a resource's own names the model, and these fields."""

    FIELDS = ("id", "user", "group", "role", "created_at")

    user = serializers.CharField(source="user.username", read_only=True, allow_null=True)
    group = serializers.CharField(source="group.name", read_only=True, allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("With a group", {"group": "cfd"}, request_only=True),
        OpenApiExample("With an editor", {"user": "bob", "role": "editor"}, request_only=True),
    ]
)
class ShareWithSerializer(serializers.Serializer[Any]):
    user = serializers.CharField(required=False, max_length=150, help_text="A username; or")
    group = serializers.CharField(required=False, max_length=150, help_text="the name of a group.")
    role = serializers.ChoiceField(choices=Share.Role.choices, default=Share.Role.READER)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("user" in attrs) == ("group" in attrs):
            raise serializers.ValidationError({"user": ["Give either a user or a group."]})
        return attrs


class SharesViewSet(OfResource):
    owner_actions = ("create", "destroy")
    editor_actions = ("list",)
    filter_backends = [KnownParameters]
    ordering = "id"
    lookup_value_regex = "[0-9]{1,18}"
    parser_classes = [JSONParser]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.resource)
        page = self.paginate_queryset(self.filter_queryset(self.resource.shares.all()))
        return self.get_paginated_response(page)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.resource)
        serializer = ShareWithSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with self.locked() as resource:
            share, made = resource.share(data["role"], **recipient(data))
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(self.get_serializer_class()().to_representation(share), status=code)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.locked() as resource:
            resource.unshare(int(kwargs["pk"]))
        return Response(status=status.HTTP_204_NO_CONTENT)


def recipient(data: dict[str, Any]) -> dict[str, User | Group]:
    return {"user": person(data["user"], "user")} if "user" in data else {"group": group(data["group"], "group")}
