"""Sweeps: one application with many sets of answers. Their points are job scripts (`models.py`)."""

from django.db import models

from applications.versions import ApplicationVersion
from jobbergate.core.models import Resource, ResourceQuerySet, resource_constraints, resource_indexes


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

    objects = ResourceQuerySet["Sweep"].as_manager()

    class Meta(Resource.Meta):
        constraints = resource_constraints("sweep")
        indexes = resource_indexes("sweep")
