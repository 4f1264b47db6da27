"""Clusters as they are shown, and what an agent may say of its own."""

from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from jobbergate.core.api.rows import Row, RowSerializer
from submissions.api.serializers import WordField
from submissions.clusters import CONTACTS, Cluster, contact

MOST_PARTITIONS = 500
# What every reader of JSON can count to.
LARGEST = 2**53 - 1
NODES = {"allocated": 96, "idle": 30, "other": 2, "total": 128}
CPUS = {"allocated": 3072, "idle": 960, "other": 64, "total": 4096}
FACTS = {
    "slurm_version": "22.05.8",
    "partitions": [
        {
            "name": "long",
            "is_default": True,
            "state": "up",
            "nodes": NODES,
            "cpus": CPUS,
            "max_time": 604800,
            "default_time": 3600,
            "memory_per_node": 206158430208,
        }
    ],
    "limits": {
        "max_array_size": 1001,
        "max_job_count": 10000,
        "min_job_age": 300,
        "enforce_part_limits": "NO",
        "accounting": True,
    },
    "load": {"nodes": NODES, "cpus": CPUS, "jobs": {"running": 212, "pending": 31}},
}
CLUSTER = {
    "id": 1,
    "name": "hilbert",
    "description": "128 nodes with 32 cores each.",
    "contact": "fresh",
    "last_contact_at": "2026-05-12T07:31:10.300000Z",
    **FACTS,
    "created_at": "2026-01-05T10:00:00Z",
}


class NumberField(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=LARGEST, **kwargs)


class ByStateSerializer(serializers.Serializer[Any]):
    """Of nodes or CPUs; `other` ones are down, drained or reserved."""

    allocated = NumberField()
    idle = NumberField()
    other = NumberField()
    total = NumberField()


class PartitionSerializer(serializers.Serializer[Any]):
    name = WordField()
    is_default = serializers.BooleanField()
    state = WordField(32, help_text="In Slurm's own word: `up`, `down`, `drain` or `inactive`.")
    nodes = ByStateSerializer()
    cpus = ByStateSerializer()
    max_time = NumberField(allow_null=True, help_text="In seconds; null where there is no limit.")
    default_time = NumberField(allow_null=True, help_text="In seconds; null where `max_time` is the default.")
    memory_per_node = NumberField(allow_null=True, help_text="In bytes, of the node that has the least.")


class LimitsSerializer(serializers.Serializer[Any]):
    """Of Slurm's configuration, what is of interest to whoever submits."""

    max_array_size = NumberField(required=False, help_text="Indexes of arrays are smaller.")
    max_job_count = NumberField(required=False, help_text="As many jobs can be in Slurm's memory.")
    min_job_age = NumberField(required=False, help_text="Seconds that Slurm remembers an ended job.")
    enforce_part_limits = WordField(
        32, required=False, help_text="`NO`: what exceeds a partition's limits is accepted, and never begins."
    )
    accounting = serializers.BooleanField(required=False, help_text="Whether there is accounting (sacct).")


class JobsSerializer(serializers.Serializer[Any]):
    """Each task of an array is one."""

    running = NumberField()
    pending = NumberField()


class LoadSerializer(serializers.Serializer[Any]):
    nodes = ByStateSerializer()
    cpus = ByStateSerializer()
    jobs = JobsSerializer(required=False)


class ShownLoadSerializer(LoadSerializer):
    """Empty until an agent has told it."""

    nodes = ByStateSerializer(required=False)
    cpus = ByStateSerializer(required=False)


class ClusterFactsSerializer(serializers.Serializer[Any]):
    """What an agent says of its cluster; what it leaves out stays as it was."""

    slurm_version = WordField(64, required=False)
    partitions = serializers.ListField(child=PartitionSerializer(), required=False, max_length=MOST_PARTITIONS)
    limits = LimitsSerializer(required=False)
    load = LoadSerializer(required=False)


@extend_schema_serializer(examples=[OpenApiExample("A cluster", CLUSTER)])
class ClusterSerializer(RowSerializer):
    # Worked out of the column, when it is shown.
    contact = serializers.ChoiceField(choices=CONTACTS, source="last_contact_at", read_only=True)
    partitions = serializers.ListField(child=PartitionSerializer(), read_only=True)
    limits = LimitsSerializer(read_only=True)
    load = ShownLoadSerializer(read_only=True)

    class Meta:
        model = Cluster
        fields = [
            "id", "name", "description", "contact", "last_contact_at", "slurm_version", "partitions", "limits", "load",
            "created_at",
        ]  # fmt: skip

    @classmethod
    def rows(cls, queryset: QuerySet[Any]) -> list[Row]:
        at = now()
        return [{**row, "contact": contact(row["last_contact_at"], at)} for row in super().rows(queryset)]
