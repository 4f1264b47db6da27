"""Job submissions and their events.

A submission moves by conditional updates (`filter(pk=…, status=…).update(…)`): who comes second changes nothing and is
told so, and no lock is held while Slurm is spoken to.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now

from jobbergate.core.errors import Conflict, DomainError
from jobbergate.core.models import Resource, ResourceQuerySet, resource_constraints, resource_indexes
from jobbergate.core.people import cluster_of_agent
from jobscripts.models import JobScript
from jobscripts.sbatch import directives
from submissions import states
from submissions.clusters import Cluster, the_only_cluster
from submissions.outputs import outputs
from submissions.wishes import NoAgent, NoJob, Wish

MAX_JOB_ID = 2**32 - 1
CANCELLED_HERE = "Cancelled before it reached Slurm."


class BadDirectory(DomainError):
    """It depends on who asks where a relative path leads."""

    code = "bad_directory"


class Leased(Conflict):
    """Somebody else is submitting it right now."""

    code = "leased"


class AlreadyRecorded(Conflict):
    """Slurm has a job for it already."""

    code = "already_recorded"


class NotSubmittable(Conflict):
    """It has ended."""

    code = "not_submittable"


class AlreadyFinal(Conflict):
    """It has ended, so there is nothing to cancel, to hold or to release."""

    code = "already_final"


class NotFinal(Conflict):
    """Its job may still run."""

    code = "not_final"


class HasDependents(Conflict):
    """Others wait for it that have not reached Slurm."""

    code = "has_dependents"


class JobSubmissionQuerySet(ResourceQuerySet["JobSubmission"]):
    def visible_to(self, user: User) -> Self:
        """An agent's account sees its cluster's and nothing else."""
        cluster = cluster_of_agent(user)
        return super().visible_to(user) if cluster is None else self.filter(cluster=cluster)

    def with_people(self) -> Self:
        return self.select_related("owner", "cluster", "job_script")

    def with_names(self) -> Self:
        """All that a row shows; scripts are large."""
        return self.select_related("owner", "cluster")

    def unfinished(self) -> Self:
        # Written as the partial indexes are, so that the database sees that they serve.
        return self.exclude(status__in=states.FINAL)

    def to_cancel(self) -> Self:
        """Jobs that Slurm has to end, and what whoever is submitting it need not submit any more."""
        return self.unfinished().filter(cancel_requested=True)

    def tagged(self, tags: Collection[str]) -> Self:
        # PostgreSQL does not see by itself that none of more than 100 tags is empty, as the index wants it.
        return self.filter(tag__in=tags).exclude(tag="")

    def finished(self) -> Self:
        return self.filter(status__in=states.FINAL)

    def on(self, cluster: Cluster) -> Self:
        return self.filter(cluster=cluster)

    def moved_by(self, user: User, cluster: Cluster) -> Self:
        """Those that this account may speak to Slurm for: all of its cluster's for its agent, else one's own."""
        on = self.on(cluster)
        return on if cluster.agent_id == user.pk else on.filter(owner=user)


class JobSubmission(Resource):
    """One hand-over of a job script to a cluster."""

    class Via(models.TextChoices):
        LOGIN_NODE = "login_node", "the client, on a login node"
        AGENT = "agent", "the cluster's agent"

    job_script = models.ForeignKey(JobScript, on_delete=models.PROTECT, related_name="submissions")
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.PROTECT, related_name="submissions")
    via = models.CharField(max_length=16, choices=Via, default=Via.AGENT)
    execution_directory = models.CharField(max_length=4096, blank=True)
    sbatch_arguments = models.JSONField(default=list, blank=True)
    # Ids of submissions: those that must have completed before it begins, and those that must have ended.
    after_ok = models.JSONField(default=list, blank=True, editable=False)
    after_any = models.JSONField(default=list, blank=True, editable=False)

    # --- the hand-over ---
    # Travels as the job's comment, so that the job is found again whatever crashed. Empty where a person named the job.
    tag = models.CharField(max_length=32, blank=True, editable=False)
    comment = models.TextField(blank=True, editable=False)
    hold = models.BooleanField("held by its owner", default=False, editable=False)
    released = models.BooleanField(default=False, editable=False)
    cancel_requested = models.BooleanField(default=False, editable=False)
    lease_holder = models.CharField(max_length=255, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    # --- what Slurm says ---
    status = models.CharField(max_length=32, default=states.CREATED, editable=False)
    reason = models.TextField(blank=True, editable=False)
    slurm_job_id = models.BigIntegerField("Slurm job id", null=True, blank=True, editable=False)
    slurm_cluster = models.CharField("Slurm cluster", max_length=64, blank=True, editable=False)
    exit_code = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    signal = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    partition = models.CharField(max_length=255, blank=True, editable=False)
    account = models.CharField(max_length=255, blank=True, editable=False)
    nodes = models.TextField(blank=True, editable=False)
    # How often Slurm queued it (or tasks of it), and the last time: a requeued job is the same job.
    attempts = models.PositiveIntegerField(default=1, editable=False)
    queued_at = models.DateTimeField("queued", null=True, blank=True, editable=False)
    # Of an array: index → status, index → `rc:signal` of those that ended, and how many tasks have which status.
    task_statuses = models.JSONField(default=dict, blank=True, editable=False)
    task_exit_codes = models.JSONField(default=dict, blank=True, editable=False)
    tasks = models.JSONField(default=dict, blank=True, editable=False)
    submitted_at = models.DateTimeField("submitted", null=True, blank=True, editable=False)
    started_at = models.DateTimeField("started", null=True, blank=True, editable=False)
    ended_at = models.DateTimeField("ended", null=True, blank=True, editable=False)
    requested_cpus = models.PositiveIntegerField("CPUs requested", null=True, blank=True, editable=False)
    requested_memory = models.BigIntegerField("memory requested, bytes", null=True, blank=True, editable=False)
    time_limit = models.BigIntegerField("time limit, s", null=True, blank=True, editable=False)
    cpu_time = models.FloatField("CPU time, s", null=True, blank=True, editable=False)
    peak_memory = models.BigIntegerField("peak memory, bytes", null=True, blank=True, editable=False)
    # Where its output goes, with sbatch's own %-patterns: what script and arguments say, then what Slurm says.
    stdout = models.CharField("output", max_length=4096, blank=True, editable=False)
    stderr = models.CharField("error output", max_length=4096, blank=True, editable=False)

    objects = JobSubmissionQuerySet.as_manager()

    class Meta(Resource.Meta):
        constraints = [
            *resource_constraints("submission"),
            models.CheckConstraint(
                condition=Q(status__in=[*states.BEFORE_SLURM, states.CANCELLED]) | Q(slurm_job_id__isnull=False),
                name="submission_has_slurm_id_once_submitted",
            ),
            models.CheckConstraint(condition=Q(via__in=["login_node", "agent"]), name="submission_via_is_known"),
            models.UniqueConstraint(fields=["tag"], condition=~Q(tag=""), name="submission_tag_once"),
        ]
        indexes = [
            *resource_indexes("submission"),
            # The agent's round, and a person's unfinished submissions: both skip finished rows.
            models.Index(fields=["cluster", "id"], condition=~Q(status__in=states.FINAL), name="submission_unfinished"),
            models.Index(
                fields=["owner", "id"], condition=~Q(status__in=states.FINAL), name="submission_unfinished_owner"
            ),
            # What an agent has to take, and what it has to cancel: few, however many there are.
            models.Index(fields=["cluster", "id"], condition=Q(status__in=states.WAITING), name="submission_to_submit"),
            models.Index(
                fields=["cluster", "id"],
                condition=Q(cancel_requested=True) & ~Q(status__in=states.FINAL),
                name="submission_to_cancel",
            ),
            # Lists by status and by Slurm's job id.
            models.Index(fields=["owner", "status", "-id"], name="submission_status_of_owner"),
            models.Index(fields=["slurm_job_id"], name="submission_slurm_job_id"),
        ]

    @property
    def is_final(self) -> bool:
        return states.is_final(self.status)

    @classmethod
    @transaction.atomic
    def create(cls, owner: User, job_script: JobScript, **wanted: Any) -> "JobSubmission":
        # Its files change no more once it is submitted, nor between what is read of them here and that moment.
        job_script.lock()
        submission = cls.prepared(owner, job_script, **wanted)
        submission.save()
        return submission

    @classmethod
    def prepared(
        cls,
        owner: User,
        job_script: JobScript,
        *,
        via: str = Via.AGENT,
        cluster: Cluster | None = None,
        name: str = "",
        execution_directory: str = "",
        sbatch_arguments: Sequence[str] = (),
        slurm_cluster: str = "",
        slurm_job_id: int | None = None,
        **columns: str,
    ) -> "JobSubmission":
        """An unsaved submission, for the client or the agent; with a Slurm job id, one that follows that job."""
        directives.check_arguments(sbatch_arguments)
        check_directory(execution_directory)
        submission = cls(
            owner=owner,
            job_script=job_script,
            via=via,
            cluster=cluster,
            name=name or job_script.name,
            execution_directory=execution_directory,
            sbatch_arguments=list(sbatch_arguments),
            slurm_cluster=slurm_cluster,
            **columns,
        )
        if slurm_job_id is not None:
            # Nothing is known of the job before Slurm is asked.
            submission.slurm_job_id, submission.status, submission.released = slurm_job_id, states.UNKNOWN, True
        else:
            submission.mark(job_script.read_entrypoint(), job_script.entrypoint)
            submission.cluster = cluster or (the_only_cluster() if via == cls.Via.AGENT else None)
        return submission

    def mark(self, script: str, entrypoint: str) -> None:
        """The tag and the comment that carries it, before the owner's own; and whether the owner wants a held job."""
        written, given = directives.said_in(script), directives.given(self.sbatch_arguments)
        directives.refuse_in_script(written)
        own = directives.comment_of([*written, *given])
        self.tag = secrets.token_hex(16)
        self.comment = f"jobbergate:{self.tag} {own}".rstrip() if own else f"jobbergate:{self.tag}"
        self.hold = directives.holds([*written, *given])
        self.stdout, self.stderr = outputs([*written, *given], entrypoint)

    def lease(self, holder: str, until: datetime, instead_of: str = "", directory: str = "") -> None:
        """Takes the submission for `holder`, who alone may speak to sbatch for it until then."""
        at = now()
        mine = Q(status=states.CREATED) | Q(status=states.SUBMITTING, leased_until__lt=at)
        if instead_of:
            mine |= Q(status=states.SUBMITTING, lease_holder=instead_of)
        changes: dict[str, Any] = {"lease_holder": holder, "leased_until": until}
        if directory:
            changes["execution_directory"] = directory
        if not self.move(mine & Q(slurm_job_id=None), states.SUBMITTING, f"Taken by {holder}.", changes):
            raise self.not_leasable()

    def not_leasable(self) -> Conflict:
        if self.slurm_job_id is not None:
            return AlreadyRecorded(f"Slurm has job {self.slurm_job_id} for it.")
        if self.is_final:
            return NotSubmittable(f"It is {self.status}.")
        return Leased(f"{self.lease_holder} is submitting it, until {self.leased_until:%H:%M:%S} UTC at the latest.")

    def record(self, slurm_job_id: int, slurm_cluster: str) -> None:
        """The held job that Slurm has for it. Only one is ever recorded, and only a recorded one is ever released."""
        free = Q(slurm_job_id=None, status__in=[states.CREATED, states.SUBMITTING])
        changes: dict[str, Any] = {
            "slurm_job_id": slurm_job_id,
            "slurm_cluster": slurm_cluster,
            "released": self.hold,
            "submitted_at": now(),
            "reason": "JobHeldUser",
        }
        if self.cluster_id is None:
            changes["cluster"] = Cluster.objects.called(slurm_cluster).first()
        moved = self.move(free, states.PENDING, f"Slurm job {slurm_job_id} on {slurm_cluster}, held.", changes)
        if moved or self.slurm_job_id == slurm_job_id:
            return
        raise (
            AlreadyRecorded(f"Slurm has job {self.slurm_job_id} for it.") if self.slurm_job_id else self.not_leasable()
        )

    def reject(self, reason: str) -> None:
        """Slurm refused it, or it was cancelled before it got there."""
        free = Q(slurm_job_id=None, status__in=[states.CREATED, states.SUBMITTING])
        status = states.CANCELLED if self.cancel_requested else states.REJECTED
        if not self.move(free, status, reason, {"reason": reason, "ended_at": now()}):
            raise self.not_leasable()

    def cancel(self) -> None:
        """At once where nobody has taken it; else by a mark that whoever speaks to Slurm for it obeys."""
        why = CANCELLED_HERE
        if self.move(Q(status=states.CREATED), states.CANCELLED, why, {"reason": why, "ended_at": now()}):
            return
        if self.is_final:
            raise AlreadyFinal(f"It is {self.status} already.")
        JobSubmission.objects.filter(pk=self.pk).update(cancel_requested=True, updated_at=now())
        self.cancel_requested = True

    def wish(self, owner: User, action: str, **arguments: Any) -> Wish:
        """What the agent of its cluster is to do with its job. Whether it may be queued again is for Slurm to say."""
        if self.is_final and action in (Wish.Action.HOLD, Wish.Action.RELEASE):
            raise AlreadyFinal(f"It is {self.status} already.")
        if self.slurm_job_id is None:
            raise NoJob(f"It is {self.status}, and Slurm has no job for it.")
        if self.cluster is None or (self.cluster.agent_id is None and self.via != self.Via.AGENT):
            raise NoAgent("Its cluster has no agent; do it on one of its login nodes.")
        return Wish.make(self, owner, action, **arguments)

    @transaction.atomic
    def move(self, condition: Q, status: str, reason: str, changes: dict[str, Any]) -> bool:
        """The conditional update behind every step, with its event; False, and fresh columns, when it came too late."""
        at, old = now(), self.status
        moved = JobSubmission.objects.filter(condition, pk=self.pk).update(status=status, updated_at=at, **changes)
        self.refresh_from_db()
        if moved and old != status:
            self.events.create(at=at, old_status=old, new_status=status, reason=reason)
        return bool(moved)

    def resubmit(
        self,
        owner: User,
        execution_directory: str = "",
        sbatch_arguments: Sequence[str] | None = None,
        **columns: str,
    ) -> "JobSubmission":
        """The same script once more, in a new directory where none is given; what it waited for has been waited for."""
        return JobSubmission.create(
            owner,
            self.job_script,
            via=self.via,
            cluster=self.cluster,
            name=self.name,
            execution_directory=execution_directory,
            sbatch_arguments=self.sbatch_arguments if sbatch_arguments is None else sbatch_arguments,
            slurm_cluster=self.slurm_cluster,
            **columns,
        )

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        # Nobody begins to wait for it meanwhile.
        self.lock()
        if not self.is_final and self.status != states.CREATED:
            raise NotFinal(f"It is {self.status}; cancel it first, so that no job is left that nobody follows.")
        waiting = self.dependents.filter(submission__status__in=states.WAITING).values_list("submission_id", flat=True)
        if numbers := ", ".join(map(str, waiting[:10])):
            raise HasDependents(f"Submission {numbers} waits for it; cancel that first.")
        return super().delete(*args, **kwargs)


def check_directory(path: str) -> None:
    if path and (not path.startswith("/") or not path.isprintable()):
        words = f"{path!r} is not accepted; give an absolute path."
        raise BadDirectory(words, {"execution_directory": [words]})


class SubmissionEvent(models.Model):
    """One change of a submission's status."""

    submission = models.ForeignKey(JobSubmission, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    old_status = models.CharField(max_length=32)
    new_status = models.CharField(max_length=32)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.old_status} → {self.new_status}"


class Dependency(models.Model):
    """That one submission begins after another one has ended; `after_ok` and `after_any` are what was asked for."""

    class Kind(models.TextChoices):
        AFTER_OK = "afterok", "after it completed"
        AFTER_ANY = "afterany", "after it ended, however"

    submission = models.ForeignKey(JobSubmission, on_delete=models.CASCADE, related_name="dependencies")
    parent = models.ForeignKey(JobSubmission, on_delete=models.CASCADE, related_name="dependents")
    kind = models.CharField(max_length=8, choices=Kind)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "parent"], name="dependency_once"),
            models.CheckConstraint(condition=Q(kind__in=["afterok", "afterany"]), name="dependency_kind_is_known"),
            models.CheckConstraint(condition=~Q(submission=models.F("parent")), name="dependency_on_another"),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.kind} {self.parent_id}"
