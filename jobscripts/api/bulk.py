"""Many job scripts at once: what can be done is done, and each other one is named with the reason."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import TextChoices
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from jobbergate.core.api.permissions import PEOPLE
from jobbergate.core.api.rows import Row
from jobbergate.core.errors import Conflict
from jobscripts.api.serializers import SCRIPT, JobScriptSerializer
from jobscripts.models import JobScript, JobScriptQuerySet


class Verb(TextChoices):
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    DELETE = "delete"


@extend_schema_serializer(
    examples=[OpenApiExample("Archive two", {"action": "archive", "ids": [345, 346]}, request_only=True)]
)
class BulkSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=Verb.choices)
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=500
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One of two", {"results": [{**SCRIPT, "is_archived": True}], "errors": {"346": "Not found."}},
            response_only=True,
        )
    ]
)  # fmt: skip
class BulkDoneSerializer(serializers.Serializer[Any]):
    results = JobScriptSerializer(many=True, help_text="As they are now; those that are deleted, as they were.")
    errors = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]  # a field of that name


class BulkMixin:
    @extend_schema(summary="Archive, unarchive or delete several", request=BulkSerializer, responses=BulkDoneSerializer)
    @action(detail=False, methods=["post"], permission_classes=PEOPLE)
    def bulk(self, request: Request) -> Response:
        data = self.validated()  # type: ignore[attr-defined]
        user: User = request.user  # type: ignore[assignment]  # signed in
        owners = dict(JobScript.objects.visible_to(user).filter(pk__in=data["ids"]).values_list("pk", "owner_id"))
        errors = {str(id): "Not found." for id in data["ids"] if id not in owners}
        not_theirs = {id for id, owner in owners.items() if not user.is_staff and owner != user.pk}
        errors |= {str(id): "Only its owner and staff may do this." for id in not_theirs}
        results, refused = done(data["action"], JobScript.objects.filter(pk__in=owners.keys() - not_theirs))
        return Response({"results": results, "errors": errors | refused})


def done(verb: str, scripts: JobScriptQuerySet) -> tuple[list[Row], dict[str, str]]:
    """Rows of those that it was done with, and why not with the others."""
    if verb == Verb.DELETE:
        return deleted(scripts)
    scripts.set_archived(verb == Verb.ARCHIVE)
    return JobScriptSerializer.rows(scripts), {}


def deleted(scripts: JobScriptQuerySet) -> tuple[list[Row], dict[str, str]]:
    rows, refused = JobScriptSerializer.rows(scripts), {}
    for script in scripts.select_related("version"):
        try:
            script.delete()
        except Conflict as refusal:
            refused[str(script.pk)] = refusal.detail
    return [row for row in rows if str(row["id"]) not in refused], refused
