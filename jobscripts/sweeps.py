"""Sweeps: one application with many sets of answers. Their points are job scripts (`models.py`)."""

from typing import Any, Self

from django.db import models, transaction

from applications.versions import ApplicationVersion
from jobbergate.core.models import Resource, ResourceQuerySet, resource_constraints, resource_indexes
from jobscripts.files import InUse


class SweepQuerySet(ResourceQuerySet["Sweep"]):
    def with_origin(self) -> Self:
        return self.select_related("owner", "version__application")


class Sweep(Resource):
    """One application with many sets of answers: a job script for each point."""

    # Null when the application and its last script are gone.
    version = models.ForeignKey(ApplicationVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    # The names of the answers that differ from point to point.
    variables = models.JSONField(default=list)
    size = models.PositiveIntegerField("points")
    # Whether all points say the same to sbatch, so that one array can run them.
    as_array = models.BooleanField(default=False)
    max_queued = models.PositiveIntegerField("in the queue at most", null=True, blank=True)

    objects = SweepQuerySet.as_manager()

    class Meta(Resource.Meta):
        constraints = resource_constraints("sweep")
        indexes = resource_indexes("sweep")

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        # Locked as when a job script goes: the last one takes a version with it whose application is gone.
        known = [] if self.version_id is None else [self.version_id]
        version = ApplicationVersion.objects.select_for_update(of=("self",)).filter(pk__in=known).first()
        try:
            deleted = super().delete(*args, **kwargs)
        except models.ProtectedError as error:
            users = len(error.protected_objects)
            raise InUse(
                f"{self.name} was submitted {users} times; delete its submissions first, or archive it."
            ) from None
        if version is not None and version.application_id is None and not version.scripts.exists():
            version.delete()
        return deleted
