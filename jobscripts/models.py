"""Job scripts, and whom they are shared with. Their files are in `files.py`."""

from collections.abc import Mapping
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from applications.archive import MAX_PATH, Files
from applications.versions import ApplicationVersion
from jobbergate.core.models import (
    Resource,
    ResourceQuerySet,
    Share,
    ShareQuerySet,
    resource_constraints,
    resource_indexes,
    share_constraints,
)
from jobscripts.drafts import Draft, recipes
from jobscripts.files import InUse, WithFiles, not_among
from jobscripts.sweeps import Sweep


class JobScriptQuerySet(ResourceQuerySet["JobScript"]):
    def alone(self) -> Self:
        """Without the points of sweeps."""
        return self.filter(sweep=None)

    def visible_to(self, user: User) -> Self:
        """For scripts that are named. Lists are of one's own, or of those `shared_with` one: each has an index then."""
        if user.is_staff:
            return self
        shares = JobScriptShare.objects.meant_for(user).filter(script=OuterRef("pk"))
        # Whoever ran it may see what they ran, also when it is shared with them no more.
        submitted = JobScript.objects.filter(pk=OuterRef("pk"), submissions__owner=user)
        return self.filter(Q(owner=user) | Exists(shares) | Exists(submitted))

    def listed_for(self, user: User) -> Self:
        return self if user.is_staff else self.owned_by(user)

    def shared_with(self, user: User) -> Self:
        """Other people's, looked up by key and never joined: a person may have several shares of one script."""
        return self.exclude(owner=user).filter(pk__in=JobScriptShare.objects.keys("script", user))

    def with_origin(self) -> Self:
        return self.select_related("owner", "version__application")

    def delete(self) -> tuple[int, dict[str, int]]:
        """One by one: a version whose application is gone goes with its last script."""
        with transaction.atomic():
            deleted = [script.delete() for script in self.select_related("version")]
        return len(deleted), {"jobscripts.JobScript": len(deleted)}


class JobScript(WithFiles):
    """Files for sbatch, rendered from one version and one set of answers, or uploaded as they are (no version)."""

    version = models.ForeignKey(ApplicationVersion, null=True, on_delete=models.PROTECT, related_name="scripts")
    answers = models.JSONField(default=dict, blank=True)
    # What a programmed application's code put into `data` on its user's machine; rendering again needs it.
    # Null where no code ran.
    computed = models.JSONField(null=True, blank=True)
    sbatch_parameters = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    output_directory = models.CharField(max_length=4096, blank=True)
    entrypoint = models.CharField(max_length=MAX_PATH)
    # The script that it was cloned or rendered again from.
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="children", editable=False)
    # When a person last changed what was rendered.
    edited_at = models.DateTimeField("edited", null=True, editable=False)
    # What was found in its directives, and what they ask of Slurm, when it was made or last changed.
    findings = models.JSONField(default=list, blank=True, editable=False)
    resources = models.JSONField(null=True, blank=True, editable=False)
    # Its place among the points of a sweep, from 0. A script that runs many of them as an array has the first one's.
    sweep = models.ForeignKey(Sweep, null=True, on_delete=models.CASCADE, related_name="scripts", editable=False)
    point = models.PositiveIntegerField(null=True, editable=False)
    first_point = models.PositiveIntegerField(null=True, editable=False)

    objects = JobScriptQuerySet.as_manager()

    class Meta(Resource.Meta):
        constraints = [
            *resource_constraints("script"),
            models.CheckConstraint(condition=~Q(entrypoint=""), name="script_has_an_entrypoint"),
            models.CheckConstraint(
                condition=Q(sweep=None, point=None, first_point=None)
                | Q(sweep__isnull=False, point__isnull=False, first_point=None)
                | Q(sweep__isnull=False, point=None, first_point__isnull=False),
                name="script_of_a_sweep_has_a_place",
            ),
            # Also what a sweep's points are listed by.
            models.UniqueConstraint(fields=["sweep", "point"], name="script_point_once_per_sweep"),
        ]
        indexes = [
            # The points of sweeps are listed by sweep, and nowhere else.
            *resource_indexes("script", condition=Q(sweep=None)),
            models.Index(fields=["-id"], name="script_newest", condition=Q(sweep=None)),
        ]

    @classmethod
    def render(
        cls,
        owner: User,
        version: ApplicationVersion,
        answers: Mapping[str, Any],
        *,
        computed: Mapping[str, Any] | None = None,
        sbatch_parameters: tuple[str, ...] = (),
        name: str = "",
        **columns: str,
    ) -> "JobScript":
        """A saved job script; nothing is saved where the answers or the templates are at fault."""
        draft = recipes.of(version).draft(answers, computed, sbatch_parameters, name)
        return cls.save_draft(draft, owner, version, **columns)

    @classmethod
    def upload(cls, owner: User, files: Files, entrypoint: str, name: str, **columns: str) -> "JobScript":
        """A stand-alone job script of files as they are."""
        if not entrypoint and len(files) == 1:
            entrypoint = next(iter(files))
        if entrypoint not in files:
            raise not_among(files, entrypoint)
        return cls.save_draft(Draft(name or entrypoint, entrypoint, files), owner, None, **columns)

    @classmethod
    @transaction.atomic
    def save_draft(cls, draft: Draft, owner: User, version: ApplicationVersion | None, **columns: Any) -> "JobScript":
        script = cls.of(draft, owner, version, **columns)
        script.save()
        script.add(draft.files)
        return script

    @classmethod
    def of(cls, draft: Draft, owner: User, version: ApplicationVersion | None, **columns: Any) -> "JobScript":
        """Not saved yet, and without the draft's files."""
        fallback = version.application.name if version and version.application else draft.entrypoint
        return cls(
            owner=owner,
            version=version,
            name=(draft.name or fallback)[:255],
            answers=draft.answers,
            computed=draft.computed,
            sbatch_parameters=list(draft.sbatch_parameters),
            warnings=list(draft.warnings),
            output_directory=draft.output_directory,
            entrypoint=draft.entrypoint,
            **columns,
        )

    def clone(
        self, owner: User, name: str = "", answers: Mapping[str, Any] | None = None, **columns: Any
    ) -> "JobScript":
        """A new script of `owner`: rendered again from the same version, with these answers over the stored ones.

        A script that was uploaded is copied as it is; one that was edited too, unless other answers are given.
        """
        columns = {"description": self.description, "parent": self, **columns}
        if self.version is None or (self.edited_at is not None and not answers):
            return self.copy(owner, name, **columns)
        changed = {**self.answers, **(answers or {})}
        # Changed answers win over what the application's code computed under the same names from the old ones.
        computed = {key: value for key, value in (self.computed or {}).items() if key not in (answers or {})}
        return JobScript.render(
            owner,
            self.version,
            changed,
            computed=None if self.computed is None else computed,
            sbatch_parameters=tuple(self.sbatch_parameters),
            name=name or self.name,
            **columns,
        )

    @transaction.atomic
    def copy(self, owner: User, name: str = "", **columns: Any) -> "JobScript":
        """The same files and the same provenance, as a script of `owner`."""
        self.lock()
        draft = Draft(
            name=name or self.name,
            entrypoint=self.entrypoint,
            files=self.read_files(),
            answers=self.answers,
            computed=self.computed,
            sbatch_parameters=tuple(self.sbatch_parameters),
            warnings=tuple(self.warnings),
            output_directory=self.output_directory,
        )
        return JobScript.save_draft(draft, owner, self.version, edited_at=self.edited_at, **columns)

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        # Locked: neither its application nor another script of it goes at the same moment and leaves the rest to us.
        version = ApplicationVersion.objects.select_for_update(of=("self",)).filter(scripts=self).first()
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


class JobScriptShare(Share):
    script = models.ForeignKey(JobScript, on_delete=models.CASCADE, related_name="shares")

    objects = ShareQuerySet.as_manager()

    class Meta(Share.Meta):
        constraints = share_constraints("script")
