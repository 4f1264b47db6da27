"""What people want done with a job that Slurm has, and what came of it."""

from typing import Any

from django.utils.timezone import now
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_serializer
from rest_framework import serializers

from jobbergate.core.api.rows import Row, RowSerializer
from submissions.wishes import Wish

# What an agent's worker reads at once, in bytes; the client's `cli.logs` knows it too.
MOST_OF_A_LOG = 256 * 1024
LARGEST_FILE = 2**62
MOST_TASKS = 4_194_304
WISH = OpenApiParameter("wish", OpenApiTypes.INT, OpenApiParameter.PATH, description="The id of the first answer.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("The end of it", {"stream": "stdout", "from_end": True, "size": 4096}, request_only=True),
        OpenApiExample("Of a task, from there", {"stream": "stderr", "task": 7, "offset": 4096}, request_only=True),
    ]
)
class LogSerializer(serializers.Serializer[Any]):
    stream = serializers.ChoiceField(choices=["stdout", "stderr"])
    task = serializers.IntegerField(required=False, min_value=0, max_value=MOST_TASKS, help_text="Of an array.")
    offset = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST_FILE)
    size = serializers.IntegerField(required=False, min_value=1, max_value=MOST_OF_A_LOG)
    from_end = serializers.BooleanField(required=False, help_text="The last `size` bytes, wherever they begin.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A piece of a log",
            {
                "id": 5,
                "action": "log",
                "submission": 901,
                "created_at": "2026-05-12T07:40:00Z",
                "answered_at": "2026-05-12T07:40:01Z",
                "error": "",
                "answer": {"path": "/home/bob/out.txt", "offset": 0, "size": 6, "content": "aGVsbG8K"},
            },
            response_only=True,
            status_codes=["200", "202"],
        )
    ]
)
class WishSerializer(RowSerializer):
    answer = serializers.DictField(read_only=True)

    class Meta:
        model = Wish
        fields = ["id", "action", "submission", "created_at", "answered_at", "error", "answer"]

    def to_representation(self, instance: Any) -> Row:
        return super().to_representation(instance) | {"error": instance.error_at(now())}
