from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from applications.api.serializers import HoleSerializer
from jobbergate.core.api.rows import RowSerializer
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript

SCRIPT = {
    "id": 345,
    "name": "motorbike, 8 nodes",
    "description": "",
    "owner": "bob",
    "application": 12,
    "application_name": "OpenFOAM motorbike",
    "version": 3,
    "is_archived": False,
    "created_at": "2026-05-12T07:30:00.500000Z",
    "updated_at": "2026-05-12T07:30:00.500000Z",
}
RENDER = {
    "application": "motorbike",
    "name": "motorbike, 8 nodes",
    "answers": {"nodes": 8},
    "sbatch_parameters": ["--time=2:00:00"],
}
DETAIL = SCRIPT | {
    "answers": {"nodes": 8},
    "computed": None,
    "sbatch_parameters": ["--time=2:00:00"],
    "warnings": [],
    "output_directory": "",
    "entrypoint": "job.sh",
    "parent": None,
    "edited_at": None,
    "files": [
        {"path": "job.sh", "size": 512, "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}
    ],
}


@extend_schema_serializer(examples=[OpenApiExample("A job script", SCRIPT)])
class JobScriptSerializer(RowSerializer):
    owner = serializers.CharField(source="owner.username", read_only=True)
    application = serializers.IntegerField(source="version.application_id", read_only=True, allow_null=True)
    application_name = serializers.CharField(source="version.application.name", read_only=True, allow_null=True)
    version = serializers.IntegerField(source="version.number", read_only=True, allow_null=True)

    class Meta:
        model = JobScript
        fields = [
            "id", "name", "description", "owner", "application", "application_name", "version", "is_archived",
            "created_at", "updated_at",
        ]  # fmt: skip


class JobScriptFileSerializer(RowSerializer):
    class Meta:
        model = JobScriptFile
        fields = ["path", "size", "sha256"]


@extend_schema_serializer(examples=[OpenApiExample("A job script with its provenance", DETAIL, response_only=True)])
class JobScriptDetailSerializer(JobScriptSerializer):
    answers = serializers.DictField(read_only=True)
    computed = serializers.DictField(read_only=True, allow_null=True)
    sbatch_parameters = serializers.ListField(child=serializers.CharField(), read_only=True)
    warnings = HoleSerializer(many=True, read_only=True)
    files = JobScriptFileSerializer(many=True, read_only=True)

    class Meta(JobScriptSerializer.Meta):
        fields = [
            *JobScriptSerializer.Meta.fields, "answers", "computed", "sbatch_parameters", "warnings",
            "output_directory", "entrypoint", "parent", "edited_at", "files",
        ]  # fmt: skip

    def to_representation(self, instance: Any) -> dict[str, Any]:
        files = JobScriptFileSerializer.rows(instance.files.all())
        return {**super().to_representation(instance), "files": files}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Rename", {"name": "motorbike, final"}, request_only=True),
        OpenApiExample("Another file for sbatch", {"entrypoint": "long.sh"}, request_only=True),
    ]
)
class JobScriptChangeSerializer(serializers.ModelSerializer[JobScript]):
    entrypoint = serializers.CharField(
        required=False, max_length=2000, trim_whitespace=False, help_text="The path of one of its files, for sbatch."
    )

    class Meta:
        model = JobScript
        fields = ["name", "description", "is_archived", "entrypoint"]


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "maxLength": 64}]})
class ApplicationField(serializers.Field):  # type: ignore[type-arg]
    """An application's id, or its identifier."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, bool) or not isinstance(data, int | str) or not str(data) or len(str(data)) > 64:
            raise serializers.ValidationError("Give an application's id or identifier.")
        return str(data)

    def to_representation(self, value: Any) -> Any:
        return value


class ParametersField(serializers.ListField):
    child = serializers.CharField(max_length=4096)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, help_text="Options of sbatch, such as --time=10:00 or -N2.", **kwargs)


@extend_schema_serializer(examples=[OpenApiExample("Eight nodes", RENDER, request_only=True)])
class RenderSerializer(serializers.Serializer[Any]):
    application = ApplicationField()
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The newest, where left out."
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    answers = serializers.DictField(required=False, default=dict)
    computed = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="What the application's own code put into `data`, where the client ran it.",
    )
    sbatch_parameters = ParametersField(required=False)


class UploadSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    entrypoint = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="The file for sbatch, where there are several."
    )
    archive = serializers.FileField(required=False, help_text="tar.gz of the files.")
    files = serializers.ListField(
        child=serializers.FileField(), required=False, help_text="The files, under their own names."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("archive" in attrs) == bool(attrs.get("files")):
            raise serializers.ValidationError({"files": ["Give either files or an archive."]})
        return attrs


@extend_schema_serializer(
    examples=[OpenApiExample("With twice the nodes", {"answers": {"nodes": 16}}, request_only=True)]
)
class ScriptCloneSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    answers = serializers.DictField(required=False, help_text="These replace the stored ones of the same names.")


class PreviewFileSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    content = serializers.CharField(allow_null=True, help_text="Null where it is not UTF-8.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A preview",
            {
                "name": "motorbike, 8 nodes",
                "entrypoint": "job.sh",
                "output_directory": "",
                "warnings": [],
                "files": [{"path": "job.sh", "content": "#!/bin/bash\n#SBATCH --nodes=8\nsrun simpleFoam\n"}],
            },
        )
    ]
)
class PreviewSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    entrypoint = serializers.CharField()
    output_directory = serializers.CharField()
    warnings = HoleSerializer(many=True)
    files = PreviewFileSerializer(many=True)
