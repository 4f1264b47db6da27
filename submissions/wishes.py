"""What people want done with a job that Slurm has, by whoever speaks to Slurm for it: its cluster's agent.

To cancel is a mark on the submission itself, for it is wanted until the job has ended. These are wanted once.
"""

from datetime import datetime, timedelta
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from jobbergate.core.errors import Conflict
from submissions.clusters import Cluster

# An agent that was away for long must not hold or release what its owner has forgotten about.
LASTS = timedelta(hours=1)
KEPT = timedelta(days=1)
# Pieces of logs are large, and read at once.
LOGS_KEPT = LASTS
UNANSWERED = "The agent of {cluster} did not answer within {minutes} minutes."


class NoJob(Conflict):
    """Slurm has no job for it, so there is nothing to do anything with."""

    code = "no_job"


class NoAgent(Conflict):
    """Its cluster has no agent here that could do it."""

    code = "no_agent"


class WishQuerySet(models.QuerySet["Wish"]):
    def open(self, at: datetime) -> Self:
        return self.filter(answered_at=None, created_at__gte=at - LASTS)


class Wish(models.Model):
    """To hold, release or requeue a job, or to see a piece of its output; with the answer, once there is one."""

    class Action(models.TextChoices):
        HOLD = "hold"
        RELEASE = "release"
        REQUEUE = "requeue"
        LOG = "log"

    submission = models.ForeignKey("submissions.JobSubmission", on_delete=models.CASCADE, related_name="wishes")
    # The submission's own, so that one index finds what an agent has to do.
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    action = models.CharField(max_length=16, choices=Action)
    arguments = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    # Of a log: {path, offset, size, content in base 64}.
    answer = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    objects = WishQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(action__in=["hold", "release", "requeue", "log"]), name="wish_action_is_known"
            )
        ]
        indexes = [
            # What an agent has to do.
            models.Index(fields=["cluster", "id"], condition=Q(answered_at=None), name="wish_open"),
            # What is old enough to be forgotten.
            models.Index(fields=["created_at"], name="wish_created"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.submission_id}"

    @classmethod
    def make(cls, submission: Any, owner: User, action: str, **arguments: Any) -> "Wish":
        """For the agent of the submission's cluster, which is known to have one."""
        at = now()
        old = Q(created_at__lt=at - KEPT) | Q(created_at__lt=at - LOGS_KEPT, action=cls.Action.LOG)
        cls.objects.filter(old, created_at__lt=at - LOGS_KEPT).delete()
        return cls.objects.create(
            submission=submission, cluster=submission.cluster, owner=owner, action=action, arguments=arguments
        )

    def error_at(self, at: datetime) -> str:
        """What went wrong with it; an agent that is silent for long will not do it any more."""
        if self.answered_at is None and self.created_at < at - LASTS:
            return UNANSWERED.format(cluster=self.cluster.name, minutes=LASTS // timedelta(minutes=1))
        return self.error

    def fulfil(self, answer: dict[str, Any], error: str, at: datetime) -> None:
        self.answer, self.error, self.answered_at = answer, error, at
