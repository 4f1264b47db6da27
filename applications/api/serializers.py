from typing import Any

import orjson
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from applications import selftests, tags
from applications.models import Application
from applications.versions import ApplicationFile, ApplicationVersion
from jobbergate.core.api.json import MAX_DEPTH, too_deep
from jobbergate.core.api.rows import RowSerializer

MAX_FORM, MAX_RUNS = 2**20, 4 * 2**20
APPLICATION = {
    "id": 12,
    "name": "OpenFOAM motorbike",
    "identifier": "motorbike",
    "description": "Steady flow around a motorbike.",
    "tags": ["cfd", "openfoam"],
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
CHECKED = {
    "kind": "declarative",
    "sha256": VERSION["sha256"],
    "size": 5120,
    "files": 5,
    "questions": 4,
    "ok": False,
    "tests": [
        {"name": "defaults", "status": "passed", "message": "", "differences": [], "warnings": []},
        {
            "name": "small",
            "status": "failed",
            "message": "job.sh is not as in tests/small/expected/, from line 2 on.",
            "differences": [{"path": "job.sh", "diff": "@@ -2,1 +2,1 @@\n-#SBATCH --nodes=1\n+#SBATCH --nodes=2"}],
            "warnings": [],
        },
    ],
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


class TagsField(serializers.ListField):
    """A list; in a form of several parts the field is repeated."""

    child = serializers.CharField()

    def to_internal_value(self, data: Any) -> list[str]:
        return tags.normalised(super().to_internal_value(data))


@extend_schema_serializer(examples=[OpenApiExample("An application", APPLICATION)])
class ApplicationSerializer(RowSerializer):
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = Application
        fields = [
            "id", "name", "identifier", "description", "tags", "owner", "visibility", "is_archived", "latest_version",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["latest_version"]


@extend_schema_serializer(
    examples=[
        OpenApiExample("Rename and archive", {"name": "Motorbike (2025)", "is_archived": True}, request_only=True)
    ]
)
class ApplicationChangeSerializer(serializers.ModelSerializer[Application]):
    tags = TagsField(required=False)

    class Meta:
        model = Application
        fields = ["name", "identifier", "description", "tags", "visibility", "is_archived"]
        extra_kwargs = {"identifier": {"validators": Application._meta.get_field("identifier").validators}}

    def update(self, instance: Application, validated_data: dict[str, Any]) -> Application:
        instance.change(**validated_data)
        return instance


class JSONTextField(serializers.CharField):
    """JSON as text, beside an archive's bytes."""

    most = MAX_FORM

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if len(text) > self.most:
            raise serializers.ValidationError(f"It is longer than {self.most} characters.")
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise serializers.ValidationError(f"This is not JSON: {error}.") from None
        if too_deep(value):
            raise serializers.ValidationError(f"It is nested more than {MAX_DEPTH} levels deep.")
        return value


class RunsField(JSONTextField):
    """What a client's runs of a jobbergate.py gave, by the test that they were for."""

    most = MAX_RUNS

    def to_internal_value(self, data: Any) -> Any:
        runs = super().to_internal_value(data)
        if not isinstance(runs, dict) or too_deep(runs):
            raise serializers.ValidationError("Give a mapping from a test's name to its run.")
        wrong = next((name for name, run in runs.items() if not is_run(run)), None)
        if wrong is not None:
            raise serializers.ValidationError(
                f'{wrong}: give {{"answers": {{…}}, "computed": {{…}}}}, or {{"error": "…"}} where the program failed.'
            )
        return runs


def is_run(run: Any) -> bool:
    kinds = {"answers": dict, "computed": dict | None, "error": str, "missing": str}
    return isinstance(run, dict) and all(isinstance(value, kinds.get(key, ())) for key, value in run.items())


RUNS = "For a jobbergate.py: what it gave for the answers of each of the version's own tests, as JSON text."


class FolderSerializer(serializers.Serializer[Any]):
    archive = serializers.FileField(help_text="tar.gz of the application's folder; jobbergate.yaml at its top.")
    form = JSONTextField(required=False, help_text="What a jobbergate.py asks under default answers, as JSON text.")
    runs = RunsField(required=False, help_text=RUNS)


class PublishSerializer(FolderSerializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    force = serializers.BooleanField(
        required=False, help_text="Publish although its own tests fail; its note says so then."
    )


class ApplicationCreateSerializer(PublishSerializer, serializers.ModelSerializer[Application]):
    tags = TagsField(required=False, help_text="Repeat the field for each.")

    class Meta:
        model = Application
        fields = ["name", "identifier", "description", "tags", "visibility", "archive", "form", "runs", "note", "force"]
        # Taken identifiers are told by the model, also when two requests come at the same moment.
        extra_kwargs = {"identifier": {"validators": Application._meta.get_field("identifier").validators}}


@extend_schema_serializer(
    examples=[OpenApiExample("A copy of my own", {"name": "My motorbike", "identifier": "my-motorbike"})]
)
class CloneSerializer(serializers.ModelSerializer[Application]):
    tags = TagsField(required=False, help_text="Those of the original, where left out.")

    class Meta:
        model = Application
        fields = ["name", "identifier", "tags"]
        extra_kwargs = {
            "name": {"required": False},
            "identifier": {"required": False, "validators": Application._meta.get_field("identifier").validators},
        }


@extend_schema_serializer(examples=[OpenApiExample("To a colleague", {"owner": "bob"}, request_only=True)])
class TransferSerializer(serializers.Serializer[Any]):
    owner = serializers.CharField(max_length=150, help_text="The new owner's username.")


@extend_schema_serializer(examples=[OpenApiExample("With a note", {"note": "The mesh of May was finer."})])
class RestoreSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=10_000, help_text="`Restores version 3.`, where left out."
    )


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


class DifferenceSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    diff = serializers.CharField(help_text="Unified, and of its beginning only; empty for a file that is missing.")


class HoleSerializer(serializers.Serializer[Any]):
    file = serializers.CharField()
    line = serializers.IntegerField()
    variable = serializers.CharField()
    message = serializers.CharField()


class OwnTestSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=[selftests.PASSED, selftests.FAILED, selftests.SKIPPED])
    message = serializers.CharField()
    differences = DifferenceSerializer(many=True)
    warnings = HoleSerializer(many=True, help_text="Holes: what templates print and nothing defines.")


@extend_schema_serializer(examples=[OpenApiExample("A folder whose own test fails", CHECKED, response_only=True)])
class CheckedSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ApplicationVersion.Kind.choices)
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    files = serializers.IntegerField()
    questions = serializers.IntegerField()
    ok = serializers.BooleanField(help_text="Whether no test fails.")
    tests = OwnTestSerializer(many=True)


def checked(version: ApplicationVersion, files: int, tests: list[selftests.Result]) -> dict[str, Any]:
    form = version.read_form()
    return {
        "kind": version.kind,
        "sha256": version.sha256,
        "size": version.size,
        "files": files,
        "questions": len(form.by_variable) if form else 0,
        "ok": all(result.status != selftests.FAILED for result in tests),
        "tests": [result.as_json() for result in tests],
    }
