from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from jobbergate.core.api.rows import Row, RowSerializer
from submissions.dependencies import MOST as MOST_PARENTS
from submissions.models import MAX_JOB_ID, JobSubmission, SubmissionEvent
from submissions.reasons import explain

SUBMISSION = {
    "id": 901,
    "name": "motorbike, 8 nodes",
    "owner": "bob",
    "job_script": 345,
    "cluster": "hilbert",
    "slurm_cluster": "hilbert",
    "slurm_job_id": 4711,
    "status": "completed",
    "reason": "None",
    "exit_code": 0,
    "signal": 0,
    "nodes": "n[1-8]",
    "partition": "long",
    "account": "cfd",
    "tasks": {},
    "submitted_at": "2026-05-12T07:31:10Z",
    "attempts": 1,
    "queued_at": "2026-05-12T07:31:10Z",
    "started_at": "2026-05-12T07:31:12Z",
    "ended_at": "2026-05-12T09:02:47Z",
    "is_archived": False,
    "created_at": "2026-05-12T07:31:09.400000Z",
    "updated_at": "2026-05-12T09:02:48.100000Z",
    "description": "",
    "via": "login_node",
    "tag": "5f2b8c1f3f7e4f0e9a6f5d1c2b3a4958",
    "comment": "jobbergate:5f2b8c1f3f7e4f0e9a6f5d1c2b3a4958",
    "hold": False,
    "released": True,
    "cancel_requested": False,
    "execution_directory": "/home/bob/motorbike-8-nodes-901",
    "sbatch_arguments": ["--mail-type=END"],
    "lease_holder": "login1/20111/884122",
    "leased_until": "2026-05-12T07:36:09Z",
    "requested_cpus": 256,
    "requested_memory": 1099511627776,
    "time_limit": 7200,
    "cpu_time": 1400000.5,
    "peak_memory": 6442450944,
    "explanation": "",
    "stdout": "motorbike-%j.log",
    "stderr": "",
    "after_ok": [],
    "after_any": [],
}
REPORT = {
    "slurm_cluster": "hilbert",
    "reports": [{"id": 901, "slurm_job_id": 4711, "state": "COMPLETED", "exit_code": "0:0", "nodes": "n[1-8]"}],
}


@extend_schema_serializer(examples=[OpenApiExample("A job submission", SUBMISSION)])
class JobSubmissionSerializer(RowSerializer):
    """Lists show all of it too: who goes on with many half-way submissions asks once for all of them."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    cluster = serializers.CharField(source="cluster.name", read_only=True, allow_null=True)
    tasks = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    sbatch_arguments = serializers.ListField(child=serializers.CharField(), read_only=True)
    explanation = serializers.CharField(
        source="*", read_only=True, help_text="Status and reason in plain words, and what to do about them."
    )
    after_ok = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    after_any = serializers.ListField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = JobSubmission
        fields = [
            "id", "name", "description", "owner", "job_script", "cluster", "slurm_cluster", "slurm_job_id", "status",
            "reason", "exit_code", "signal", "nodes", "partition", "account", "tasks", "submitted_at", "attempts",
            "queued_at", "started_at", "ended_at", "is_archived", "created_at", "updated_at", "via", "tag", "comment",
            "hold", "released", "cancel_requested", "execution_directory", "sbatch_arguments", "lease_holder",
            "leased_until", "requested_cpus", "requested_memory", "time_limit", "cpu_time", "peak_memory",
            "stdout", "stderr", "after_ok", "after_any", "explanation",
        ]  # fmt: skip

    @classmethod
    def rows(cls, queryset: QuerySet[Any]) -> list[Row]:
        return [explained(row) for row in super().rows(queryset)]

    def to_representation(self, instance: Any) -> Row:
        return explained(super().to_representation(instance))


def explained(row: Row) -> Row:
    row["explanation"] = explain(row["status"], row["reason"])
    return row


class DirectoryField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, max_length=4096, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if text and (not text.startswith("/") or not text.isprintable()):
            raise serializers.ValidationError(f"{text!r} is not accepted; give an absolute path.")
        return text


class ArgumentsField(serializers.ListField):
    child = serializers.CharField(max_length=4096, trim_whitespace=False)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, help_text="More arguments for sbatch, a word each.", **kwargs)


class JobIdField(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_JOB_ID, **kwargs)


class RowIdField(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)


class ParentsField(serializers.ListField):
    child = RowIdField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=MOST_PARENTS, **kwargs)


class WordField(serializers.CharField):
    """A word of Slurm's, printable."""

    def __init__(self, max_length: int = 255, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)


@extend_schema_serializer(
    examples=[OpenApiExample("For the cluster's agent", {"job_script": 345, "cluster": "hilbert"}, request_only=True)]
)
class SubmitSerializer(serializers.Serializer[Any]):
    job_script = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    via = serializers.ChoiceField(choices=JobSubmission.Via.choices, required=False)
    cluster = serializers.CharField(required=False, max_length=64)
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    execution_directory = DirectoryField()
    sbatch_arguments = ArgumentsField(required=False)
    slurm_cluster = WordField(
        64, required=False, allow_blank=True, help_text="What Slurm calls the cluster that is spoken to from here."
    )
    slurm_job_id = JobIdField(required=False, help_text="A job that Slurm has already, to be followed.")
    after_ok = ParentsField(help_text="Submissions that have to have completed before it begins.")
    after_any = ParentsField(help_text="Submissions that have to have ended before it begins, however.")


@extend_schema_serializer(examples=[OpenApiExample("Rename", {"name": "motorbike, reference"}, request_only=True)])
class SubmissionChangeSerializer(serializers.ModelSerializer[JobSubmission]):
    class Meta:
        model = JobSubmission
        fields = ["name", "description", "is_archived"]


@extend_schema_serializer(
    examples=[OpenApiExample("A process on a login node", {"holder": "login1/20111/884122"}, request_only=True)]
)
class LeaseSerializer(serializers.Serializer[Any]):
    holder = serializers.CharField(max_length=255, help_text="Who takes it: host/pid/start time of the process.")
    instead_of = serializers.CharField(
        required=False, allow_blank=True, max_length=255, help_text="A holder that is known to be dead."
    )
    execution_directory = DirectoryField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Taken",
            {
                **SUBMISSION,
                "status": "submitting",
                "after_ok": [900],
                "dependency_arguments": ["--kill-on-invalid-dep=yes", "--dependency=afterok:4710"],
                "never_begins": "",
            },
            response_only=True,
        )
    ]
)
class LeasedSerializer(JobSubmissionSerializer):
    dependency_arguments = serializers.ListField(
        child=serializers.CharField(), help_text="More arguments for sbatch, behind all others."
    )
    never_begins = serializers.CharField(
        help_text="Where it is not empty, why it is to be rejected unless Slurm has its job already."
    )

    class Meta(JobSubmissionSerializer.Meta):
        fields = [*JobSubmissionSerializer.Meta.fields, "dependency_arguments", "never_begins"]


@extend_schema_serializer(
    examples=[OpenApiExample("A held job", {"slurm_job_id": 4711, "slurm_cluster": "hilbert"}, request_only=True)]
)
class RecordSerializer(serializers.Serializer[Any]):
    slurm_job_id = JobIdField()
    slurm_cluster = WordField(64)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "sbatch's words", {"reason": "sbatch: error: invalid partition specified: nope"}, request_only=True
        )
    ]
)
class RejectSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=20_000)


@extend_schema_serializer(
    examples=[OpenApiExample("Once more, elsewhere", {"execution_directory": "/scratch/bob/again"}, request_only=True)]
)
class ResubmitSerializer(serializers.Serializer[Any]):
    execution_directory = DirectoryField()
    sbatch_arguments = ArgumentsField(required=False)


class ReportSerializer(serializers.Serializer[Any]):
    """What Slurm says of one job, in Slurm's words; `state` null: Slurm answered, and does not know the job."""

    id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    slurm_job_id = JobIdField()
    state = WordField(64, allow_null=True)
    released = serializers.BooleanField(required=False)
    reason = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=20_000)
    exit_code = serializers.RegexField(r"^[0-9]{1,4}:[0-9]{1,4}$", required=False, allow_null=True)
    partition = WordField(required=False, allow_blank=True, allow_null=True)
    account = WordField(required=False, allow_blank=True, allow_null=True)
    nodes = WordField(20_000, required=False, allow_blank=True, allow_null=True)
    submitted_at = serializers.DateTimeField(required=False, allow_null=True)
    queued_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it was queued the last time: later than known is a requeue."
    )
    started_at = serializers.DateTimeField(required=False, allow_null=True)
    ended_at = serializers.DateTimeField(required=False, allow_null=True)
    tasks = serializers.DictField(child=WordField(64), required=False, allow_null=True)
    task_exit_codes = serializers.DictField(
        child=serializers.RegexField(r"^[0-9]{1,4}:[0-9]{1,4}$"), required=False, allow_null=True
    )
    requested_cpus = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    requested_memory = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**62)
    time_limit = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**62)
    cpu_time = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1e18)
    peak_memory = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**62)


@extend_schema_serializer(examples=[OpenApiExample("One job ended", REPORT, request_only=True)])
class ReportsSerializer(serializers.Serializer[Any]):
    slurm_cluster = WordField(64)
    reports = serializers.ListField(child=ReportSerializer(), max_length=10_000)


@extend_schema_serializer(
    examples=[OpenApiExample("The state of things", {"results": [SUBMISSION], "ignored": []}, response_only=True)]
)
class ReportedSerializer(serializers.Serializer[Any]):
    results = JobSubmissionSerializer(many=True)
    ignored = serializers.ListField(child=serializers.IntegerField(), help_text="Ids that are not this person's.")


class CancelFilterSerializer(serializers.Serializer[Any]):
    """As the filters of the list; of one's own submissions that have not ended."""

    status = serializers.CharField(required=False, max_length=1000, help_text="One or more, with commas.")
    job_script = RowIdField(required=False)
    cluster = serializers.CharField(required=False, max_length=64)
    sweep = RowIdField(required=False)
    search = serializers.CharField(required=False, max_length=1000)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if not data:
            raise serializers.ValidationError(f"Give at least one of: {', '.join(self.fields)}.")
        return data


@extend_schema_serializer(
    examples=[
        OpenApiExample("Two of them", {"ids": [901, 902]}, request_only=True),
        OpenApiExample("Those that wait", {"filter": {"status": "created,pending"}}, request_only=True),
    ]
)
class CancelManySerializer(serializers.Serializer[Any]):
    ids = serializers.ListField(child=RowIdField(), required=False, min_length=1, max_length=500)
    filter = CancelFilterSerializer(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) != 1:
            raise serializers.ValidationError("Give either ids or a filter.")
        return data


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One of two",
            {"results": [SUBMISSION], "errors": {"902": "It is completed already."}, "left": 0},
            response_only=True,
        )
    ]
)
class CancelledManySerializer(serializers.Serializer[Any]):
    results = JobSubmissionSerializer(many=True)
    errors = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]  # a field of that name
    left = serializers.IntegerField(help_text="Of a filter: how many there are for another request.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A change",
            {
                "id": 7001,
                "at": "2026-05-12T07:31:12Z",
                "old_status": "pending",
                "new_status": "running",
                "reason": "None",
            },
        )
    ]
)
class EventSerializer(RowSerializer):
    class Meta:
        model = SubmissionEvent
        fields = ["id", "at", "old_status", "new_status", "reason"]
