"""Job scripts, and whom they are shared with. Their files are in `files.py`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q

from applications.archive import MAX_PATH, Files
from applications.versions import ApplicationVersion
from jobbergate.core.errors import DomainError
from jobbergate.core.models import (
    Resource,
    ResourceQuerySet,
    Share,
    ShareQuerySet,
    resource_constraints,
    resource_indexes,
    share_constraints,
)
from jobscripts.drafts import Draft, note, recipes
from jobscripts.files import InUse, WithFiles, not_among
from jobscripts.sweeps import Sweep


class NotRendered(DomainError):
    """It was uploaded, so that no answers would make it again."""

    code = "not_rendered"


class CodeHasToRun(DomainError):
    """Rendering it needs what only the application's own code can tell, and the server runs no code."""

    code = "code_has_to_run"


class BadDirectives(DomainError):
    """sbatch would refuse the script for its directives, whatever the cluster."""

    code = "bad_directives"


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

    def with_entrypoint(self) -> Self:
        """With what `read_entrypoint` reads, in the same query; for scripts whose files do not change meanwhile."""
        return self.filter(files__path=F("entrypoint")).annotate(entrypoint_content=F("files__content"))

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
        **columns: Any,
    ) -> "JobScript":
        """A saved job script; nothing is saved where the answers or the templates are at fault."""
        draft = recipes.of(version).draft(answers, computed, sbatch_parameters, name)
        return cls.save_draft(draft, owner, version, **columns)

    @classmethod
    def upload(cls, owner: User, files: Files, entrypoint: str, name: str, **columns: Any) -> "JobScript":
        """A stand-alone job script of files as they are."""
        if not entrypoint and len(files) == 1:
            entrypoint = next(iter(files))
        if entrypoint not in files:
            raise not_among(files, entrypoint)
        return cls.save_draft(Draft(name or entrypoint, entrypoint, files), owner, None, **columns)

    @classmethod
    @transaction.atomic
    def save_draft(
        cls, draft: Draft, owner: User, version: ApplicationVersion | None, *, force: bool = False, **columns: Any
    ) -> "JobScript":
        refuse_errors(draft, force)
        script = cls.of(draft, owner, version, **columns)
        script.save()
        script.add(draft.files)
        return script

    @classmethod
    def of(cls, draft: Draft, owner: User, version: ApplicationVersion | None, **columns: Any) -> "JobScript":
        """Not saved yet, and without the draft's files."""
        fallback = version.application.name if version and version.application else draft.entrypoint
        script = cls(
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
        script.take(draft.check)
        return script

    def clone(
        self, owner: User, name: str = "", answers: Mapping[str, Any] | None = None, **columns: Any
    ) -> "JobScript":
        """A new script of `owner`: the same files, or with changed answers rendered again from the same version."""
        if answers:
            return self.rerun(owner, answers, name=name, **columns)
        return self.copy(owner, name, **{"description": self.description, "parent": self, **columns})

    def rerun(
        self,
        owner: User,
        answers: Mapping[str, Any] | None = None,
        *,
        version: ApplicationVersion | None = None,
        computed: Mapping[str, Any] | None = None,
        sbatch_parameters: tuple[str, ...] | None = None,
        name: str = "",
        **columns: Any,
    ) -> "JobScript":
        """A new script of `owner`, rendered again: with these answers over the stored ones, from the same version
        unless another is given. The same inputs give the same bytes.

        With `computed`, what a programmed application's code gave for all of `answers`, nothing stored is used.
        """
        recipe = recipes.of(version or self.origin())
        changes: Mapping[str, Any] = answers or {}
        notes: list[dict[str, Any]] = []
        if computed is None:
            computed = self.computed_again(changes, version)
            changes, notes = recipe.carried(self.answers, changes)
        parameters = tuple(self.sbatch_parameters) if sbatch_parameters is None else sbatch_parameters
        draft = recipe.draft(changes, computed, parameters, name or self.name)
        if self.edited_at is not None:
            notes = [*notes, note("", f"{self.name} was edited by hand; a script that is rendered again has no edits.")]
        draft = replace(draft, warnings=(*draft.warnings, *notes))
        columns = {"description": self.description, "parent": self, **columns}
        return JobScript.save_draft(draft, owner, version or self.version, **columns)

    def origin(self) -> ApplicationVersion:
        if self.version is None:
            raise NotRendered(f"{self.name} was uploaded as it is; there is nothing to render again. Clone it.")
        return self.version

    def computed_again(self, changes: Mapping[str, Any], version: ApplicationVersion | None) -> dict[str, Any] | None:
        """What the application's code put into `data`, unless its answers or its version are others now."""
        if self.computed is None or (not changes and version in (None, self.version)):
            return self.computed
        raise CodeHasToRun(
            f"{self.name} was made by an application's own code, which runs on its user's machine and nowhere else: "
            "`jobbergate job-scripts rerun` runs it; a request gives `computed`, and all answers."
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
        # Whether it may be as it is was decided when it was made.
        return JobScript.save_draft(draft, owner, self.version, force=True, edited_at=self.edited_at, **columns)

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.sweep_id is not None:
            raise InUse(f"{self.name} is a part of sweep {self.sweep_id}; delete the sweep.")
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


def refuse_errors(draft: Draft, force: bool) -> None:
    if force or not draft.check.errors:
        return
    sentences = [finding.sentence(draft.entrypoint) for finding in draft.check.errors]
    words = f"sbatch would refuse it: {' '.join(sentences)} With force it is made all the same."
    raise BadDirectives(words, {draft.entrypoint: sentences})


class JobScriptShare(Share):
    script = models.ForeignKey(JobScript, on_delete=models.CASCADE, related_name="shares")

    objects = ShareQuerySet.as_manager()

    class Meta(Share.Meta):
        constraints = share_constraints("script")
