from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from applications import archive
from applications.api.serializers import HoleSerializer
from jobbergate.core.api.rows import RowSerializer
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript
from jobscripts.sbatch.options import ANY, VERSIONS

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
RESOURCES = {
    "nodes_min": 8,
    "nodes_max": 8,
    "tasks": 64,
    "cpus_per_task": 1,
    "cpus": 64,
    "exclusive": False,
    "memory_per_node": 4294967296,
    "memory_per_cpu": None,
    "memory_per_gpu": None,
    "memory": 34359738368,
    "gpus": 0,
    "time": 7200,
    "time_unlimited": False,
    "array_tasks": None,
    "array_limit": None,
    "core_hours": 128.0,
}
DETAIL = SCRIPT | {
    "answers": {"nodes": 8},
    "computed": None,
    "parent": None,
    "sbatch_parameters": ["--time=2:00:00"],
    "warnings": [],
    "findings": [],
    "resources": RESOURCES,
    "output_directory": "",
    "edited_at": None,
    "entrypoint": "job.sh",
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


def asked(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True, help_text=help_text)


class ResourcesSerializer(serializers.Serializer[Any]):
    """What a job asks for; of an array, what each of its tasks asks for."""

    nodes_min = serializers.IntegerField()
    nodes_max = asked("Null: as many as Slurm likes.")
    tasks = serializers.IntegerField()
    cpus_per_task = serializers.IntegerField()
    cpus = serializers.IntegerField(help_text="In all.")
    exclusive = serializers.BooleanField(help_text="All CPUs of its nodes are its own.")
    memory_per_node = asked("Bytes; 0 for all that a node has.")
    memory_per_cpu = asked("Bytes.")
    memory_per_gpu = asked("Bytes.")
    memory = asked("Bytes, in all.")
    gpus = serializers.IntegerField(help_text="In all.")
    time = asked("Seconds; null where it is left to the partition, or unlimited.")
    time_unlimited = serializers.BooleanField()
    array_tasks = asked("Null: it is no array.")
    array_limit = asked("How many of them run at once.")
    core_hours = serializers.FloatField(
        allow_null=True, help_text="Of all tasks of the array, where the time is known."
    )


FINDING = {
    "line": 3,
    "severity": "error",
    "code": "unknown_option",
    "message": "sbatch has no option --tme.",
    "suggestion": "Is --time meant?",
}


class FindingSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(allow_null=True, help_text="From 1; null where it is about the script as a whole.")
    severity = serializers.ChoiceField(["error", "warning", "note"], help_text="With an error sbatch refuses it.")
    code = serializers.CharField()
    message = serializers.CharField()
    suggestion = serializers.CharField()


@extend_schema_serializer(examples=[OpenApiExample("A job script with its provenance", DETAIL, response_only=True)])
class JobScriptDetailSerializer(JobScriptSerializer):
    answers = serializers.DictField(read_only=True)
    computed = serializers.DictField(read_only=True, allow_null=True)
    sbatch_parameters = serializers.ListField(child=serializers.CharField(), read_only=True)
    warnings = HoleSerializer(many=True, read_only=True)
    parent = serializers.IntegerField(  # type: ignore[assignment]  # a column, and not the field that this one is in
        read_only=True, allow_null=True, help_text="The script that it was made from."
    )
    findings = FindingSerializer(many=True, read_only=True)
    resources = ResourcesSerializer(read_only=True, allow_null=True)
    files = JobScriptFileSerializer(many=True, read_only=True)

    class Meta(JobScriptSerializer.Meta):
        fields = [
            *JobScriptSerializer.Meta.fields, "parent", "answers", "computed", "sbatch_parameters", "warnings",
            "findings", "resources", "output_directory", "edited_at", "entrypoint", "files",
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
        words = kwargs.pop("help_text", "")
        options = "Options of sbatch, such as --time=10:00 or -N2."
        super().__init__(max_length=100, help_text=f"{options} {words}".rstrip(), **kwargs)


class ComputedField(serializers.DictField):
    def __init__(self, **kwargs: Any) -> None:
        words = "What the application's own code put into `data`, where the client ran it."
        super().__init__(required=False, allow_null=True, help_text=words, **kwargs)


class ForceField(serializers.BooleanField):
    def __init__(self, **kwargs: Any) -> None:
        words = "Make it although sbatch would refuse its directives."
        super().__init__(required=False, default=False, help_text=words, **kwargs)


@extend_schema_serializer(examples=[OpenApiExample("Eight nodes", RENDER, request_only=True)])
class RenderSerializer(serializers.Serializer[Any]):
    application = ApplicationField()
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The newest, where left out."
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    answers = serializers.DictField(required=False, default=dict)
    computed = ComputedField()
    sbatch_parameters = ParametersField(required=False)
    force = ForceField()


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
    force = ForceField()

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


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "With twice the nodes, from the newest version",
            {"answers": {"nodes": 16}, "latest": True},
            request_only=True,
        )
    ]
)
class RerunSerializer(ScriptCloneSerializer):
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    latest = serializers.BooleanField(
        required=False, default=False, help_text="From the application's newest version, not from the script's own."
    )
    computed = ComputedField()
    sbatch_parameters = ParametersField(required=False, help_text="These replace the stored ones.")
    force = ForceField()


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
                "application": 12,
                "version": 3,
                "answers": {"nodes": 8},
                "computed": None,
                "sbatch_parameters": [],
                "warnings": [],
                "findings": [],
                "resources": RESOURCES,
                "files": [{"path": "job.sh", "content": "#!/bin/bash\n#SBATCH --nodes=8\nsrun simpleFoam\n"}],
            },
        )
    ]
)
class PreviewSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    entrypoint = serializers.CharField()
    output_directory = serializers.CharField()
    application = serializers.IntegerField()
    version = serializers.IntegerField()
    answers = serializers.DictField(help_text="All of them, typed, with defaults.")
    computed = serializers.DictField(allow_null=True)
    sbatch_parameters = serializers.ListField(child=serializers.CharField())
    warnings = HoleSerializer(many=True)
    findings = FindingSerializer(many=True)
    resources = ResourcesSerializer()
    files = PreviewFileSerializer(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "On the command line", {"sbatch_arguments": ["--nodes=4"], "slurm_version": "23.11"}, request_only=True
        )
    ]
)
class CheckSavedSerializer(serializers.Serializer[Any]):
    sbatch_arguments = ParametersField(required=False, default=list, help_text="These win over the script's own.")
    environment = serializers.DictField(
        child=serializers.CharField(max_length=4096, allow_blank=True),
        required=False,
        default=dict,
        help_text="SBATCH_* variables; they win over the script's own, and arguments win over them.",
    )
    slurm_version = serializers.ChoiceField(
        [ANY, *VERSIONS],
        required=False,
        error_messages={"invalid_choice": f'"{{input}}" is not accepted; give one of {", ".join([ANY, *VERSIONS])}.'},
        help_text="Whose options count; that of this site, where left out.",
    )


@extend_schema_serializer(
    examples=[OpenApiExample("A script", {"content": "#!/bin/bash\n#SBATCH --tme=10\n"}, request_only=True)]
)
class CheckSerializer(CheckSavedSerializer):
    content = serializers.CharField(
        trim_whitespace=False, allow_blank=True, max_length=archive.MAX_FILE, help_text="The script's text."
    )


@extend_schema_serializer(
    examples=[OpenApiExample("What was found", {"findings": [FINDING], "resources": RESOURCES}, response_only=True)]
)
class ScriptCheckedSerializer(serializers.Serializer[Any]):
    entrypoint = serializers.CharField(required=False, help_text="Of a saved script, the file that was looked at.")
    findings = FindingSerializer(many=True)
    resources = ResourcesSerializer()
