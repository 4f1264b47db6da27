from typing import Any

import orjson
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from applications.models import Application, ApplicationFile, ApplicationVersion
from jobbergate.core.api.rows import RowSerializer

MAX_FORM = 2**20
APPLICATION = {
    "id": 12,
    "name": "OpenFOAM motorbike",
    "identifier": "motorbike",
    "description": "Steady flow around a motorbike.",
    "owner": "alice",
    "visibility": "public",
    "is_archived": False,
    "latest_version": 3,
    "created_at": "2026-03-02T09:14:05.120000Z",
    "updated_at": "2026-05-11T16:40:51.003000Z",
}
VERSION = {
    "application": 12,
    "number": 3,
    "kind": "declarative",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "note": "Finer mesh.",
    "size": 5120,
    "created_by": "alice",
    "created_at": "2026-05-11T16:40:51.003000Z",
}
FORM = {
    "captured": False,
    "multi_step": False,
    "questions": [
        {"variable": "nodes", "type": "integer", "message": "How many nodes?", "default": 1, "min": 1, "max": 64}
    ],
}
ANSWERS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Answers to OpenFOAM motorbike, version 3",
    "type": "object",
    "properties": {"nodes": {"title": "How many nodes?", "type": "integer", "minimum": 1, "maximum": 64, "default": 1}},
    "required": [],
    "additionalProperties": False,
}


@extend_schema_serializer(examples=[OpenApiExample("An application", APPLICATION)])
class ApplicationSerializer(RowSerializer):
    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = Application
        fields = [
            "id", "name", "identifier", "description", "owner", "visibility", "is_archived", "latest_version",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["latest_version"]


@extend_schema_serializer(
    examples=[
        OpenApiExample("Rename and archive", {"name": "Motorbike (2025)", "is_archived": True}, request_only=True)
    ]
)
class ApplicationChangeSerializer(serializers.ModelSerializer[Application]):
    class Meta:
        model = Application
        fields = ["name", "identifier", "description", "visibility", "is_archived"]
        extra_kwargs = {"identifier": {"validators": Application._meta.get_field("identifier").validators}}

    def update(self, instance: Application, validated_data: dict[str, Any]) -> Application:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save_with_identifier()
        return instance


class FormField(serializers.CharField):
    """A captured form, as JSON text beside the archive's bytes."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if len(text) > MAX_FORM:
            raise serializers.ValidationError(f"It is longer than {MAX_FORM} characters.")
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise serializers.ValidationError(f"This is not JSON: {error}.") from None


class PublishSerializer(serializers.Serializer[Any]):
    archive = serializers.FileField(help_text="tar.gz of the application's folder; jobbergate.yaml at its top.")
    form = FormField(required=False, help_text="What a jobbergate.py asks under default answers, as JSON text.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=10_000)


class ApplicationCreateSerializer(PublishSerializer, serializers.ModelSerializer[Application]):
    class Meta:
        model = Application
        fields = ["name", "identifier", "description", "visibility", "archive", "form", "note"]
        # Taken identifiers are told by the model, also when two requests come at the same moment.
        extra_kwargs = {"identifier": {"validators": Application._meta.get_field("identifier").validators}}


@extend_schema_serializer(
    examples=[OpenApiExample("A copy of my own", {"name": "My motorbike", "identifier": "my-motorbike"})]
)
class CloneSerializer(serializers.ModelSerializer[Application]):
    class Meta:
        model = Application
        fields = ["name", "identifier"]
        extra_kwargs = {
            "name": {"required": False},
            "identifier": {"required": False, "validators": Application._meta.get_field("identifier").validators},
        }


@extend_schema_serializer(examples=[OpenApiExample("A version", VERSION)])
class VersionSerializer(RowSerializer):
    created_by = serializers.CharField(source="created_by.username", read_only=True)

    class Meta:
        model = ApplicationVersion
        fields = ["id", "application", "number", "kind", "sha256", "note", "size", "created_by", "created_at"]


class FileSerializer(RowSerializer):
    class Meta:
        model = ApplicationFile
        fields = ["path", "size"]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A version with all that it says",
            VERSION
            | {
                "config": {"jobbergate_config": {"default_template": "job.sh.j2"}, "application_config": {"nodes": 1}},
                "form": FORM,
                "files": [{"path": "jobbergate.yaml", "size": 310}, {"path": "templates/job.sh.j2", "size": 801}],
            },
        )
    ]
)
class VersionDetailSerializer(VersionSerializer):
    files = FileSerializer(many=True, read_only=True)

    class Meta(VersionSerializer.Meta):
        fields = [*VersionSerializer.Meta.fields, "config", "form", "files"]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {**super().to_representation(instance), "files": FileSerializer.rows(instance.files.all())}
