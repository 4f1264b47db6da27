"""What an agent says and hears in one round."""

from base64 import b64encode
from collections import defaultdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript
from submissions import states
from submissions.api.clusters import ClusterFactsSerializer
from submissions.api.serializers import (
    REPORT,
    SUBMISSION,
    DirectoryField,
    JobIdField,
    JobSubmissionSerializer,
    ReportSerializer,
    RowIdField,
    WordField,
)
from submissions.models import JobSubmission
from submissions.sync import Round
from submissions.taking import MOST
from submissions.wishes import Wish

MOST_ROWS = 10_000
HOLDER = "login1/20111/884122"


class RecordedSerializer(serializers.Serializer[Any]):
    id = RowIdField()
    slurm_job_id = JobIdField()
    execution_directory = DirectoryField()


class ReasonedSerializer(serializers.Serializer[Any]):
    id = RowIdField()
    reason = serializers.CharField(max_length=20_000)


class AnswerSerializer(serializers.Serializer[Any]):
    wish = RowIdField()
    answer = serializers.JSONField(required=False)
    error = serializers.CharField(required=False, allow_blank=True, max_length=20_000)

    def validate_answer(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise serializers.ValidationError("Give an object.")
        return value


def several(child: Any, most: int = MOST_ROWS, **kwargs: Any) -> Any:
    return serializers.ListField(child=child, required=False, max_length=most, **kwargs)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One job ended, and there is room for more",
            {"holder": HOLDER, "take": 20, "holding": [], "reports": REPORT["reports"]},
            request_only=True,
        )
    ]
)
class SyncSerializer(serializers.Serializer[Any]):
    holder = serializers.CharField(max_length=255, help_text="Who asks: host/pid/start time of the process.")
    facts = ClusterFactsSerializer(required=False, help_text="What has changed about the cluster.")
    reports = several(ReportSerializer(), help_text="What has changed about jobs.")
    recorded = several(RecordedSerializer(), help_text="Held jobs that sbatch has made.")
    rejected = several(ReasonedSerializer(), help_text="What cannot be submitted, and why.")
    delayed = several(ReasonedSerializer(), help_text="What cannot be submitted for now, and why.")
    answers = several(AnswerSerializer(), 100, help_text="What came of wishes.")
    tags = several(WordField(32), help_text="Tags of jobs in the queue that the agent knows nothing of.")
    holding = several(RowIdField(), help_text="Ids of submissions that it is at.")
    dead = several(WordField(255), 100, help_text="Holders that are no more, as it knows for sure.")
    without = several(WordField(150), 1000, help_text="Owners of whom it has enough for now.")
    take = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST, help_text="How many submissions it has room for."
    )


class TakenFileSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    content = serializers.CharField(help_text="In base 64.")


class TakenSerializer(JobSubmissionSerializer):
    """A submission to be submitted, with all that it takes."""

    again = serializers.BooleanField(help_text="Whether somebody has tried already, so that Slurm may have its job.")
    entrypoint = serializers.CharField()
    files = TakenFileSerializer(many=True)

    class Meta(JobSubmissionSerializer.Meta):
        fields = [*JobSubmissionSerializer.Meta.fields, "again", "entrypoint", "files"]


class WishedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    action = serializers.ChoiceField(choices=Wish.Action.choices)
    arguments = serializers.DictField()
    submission = JobSubmissionSerializer()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One to submit, one to cancel",
            {
                "taken": [
                    {
                        **SUBMISSION,
                        "status": "submitting",
                        "again": False,
                        "entrypoint": "job.sh",
                        "files": [{"path": "job.sh", "content": "IyEvYmluL3NoCg=="}],
                    }
                ],
                "recorded": [],
                "to_cancel": [{**SUBMISSION, "cancel_requested": True}],
                "wishes": [{"id": 5, "action": "hold", "arguments": {}, "submission": SUBMISSION}],
                "tagged": [],
                "settled": [901],
            },
            response_only=True,
        )
    ]
)
class RoundSerializer(serializers.Serializer[Any]):
    taken = TakenSerializer(many=True)
    recorded = JobSubmissionSerializer(many=True)
    to_cancel = JobSubmissionSerializer(many=True)
    wishes = WishedSerializer(many=True)
    tagged = JobSubmissionSerializer(many=True)
    settled = serializers.ListField(child=serializers.IntegerField())


def told(done: Round) -> dict[str, Any]:
    return {
        "taken": taken(done),
        "recorded": shown(done.recorded),
        "to_cancel": shown(done.to_cancel),
        "wishes": [
            {"id": one.pk, "action": one.action, "arguments": one.arguments, "submission": row(one.submission)}
            for one in done.wishes
        ],
        "tagged": shown(done.tagged),
        "settled": done.settled,
    }


def row(submission: JobSubmission) -> dict[str, Any]:
    return JobSubmissionSerializer().to_representation(submission)


def shown(submissions: list[JobSubmission]) -> list[dict[str, Any]]:
    return [row(one) for one in submissions]


def taken(done: Round) -> list[dict[str, Any]]:
    submissions = done.taken
    if not submissions:
        return []
    files: dict[int, list[dict[str, str]]] = defaultdict(list)
    scripts = {one.job_script_id for one in submissions}
    wanted = JobScriptFile.objects.filter(script_id__in=scripts)
    for script, path, content in wanted.values_list("script_id", "path", "content"):
        files[script].append({"path": path, "content": b64encode(bytes(content)).decode()})
    entrypoints = dict(JobScript.objects.filter(pk__in=scripts).values_list("pk", "entrypoint"))
    return [
        {
            **row(one),
            "status": states.SUBMITTING,
            "sbatch_arguments": [*one.sbatch_arguments, *done.ready[one.pk].arguments],
            "again": one.status != states.CREATED,
            "entrypoint": entrypoints[one.job_script_id],
            "files": files[one.job_script_id],
        }
        for one in submissions
    ]
