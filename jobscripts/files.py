"""The files of a job script, and what holds whoever changes them: one entrypoint, limits, and what Slurm was given."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now

from applications.archive import MAX_FILE, MAX_PATH, Files, check_sizes, checked_path, misfit
from applications.files import FileQuerySet
from jobbergate.core.errors import Conflict, DomainError, NotThere
from jobbergate.core.models import Shared
from jobscripts.sbatch.checking import Check, check


class BadEntrypoint(DomainError):
    """It is not clear which of the files sbatch is to run."""

    code = "bad_entrypoint"


class InUse(Conflict):
    """Something else was made from it and would lose its origin."""

    code = "in_use"


class BadFile(DomainError):
    """A path that no file may have, or a file beyond the limits."""

    code = "bad_file"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"path": [detail]})


class ChangedMeanwhile(Conflict):
    """A file is not any more what the one who replaces it has seen."""

    code = "changed_meanwhile"


class WithFiles(Shared):
    """What a job script is as a folder. Files change under its lock, and one of them is always the entrypoint."""

    files: Any
    submissions: Any
    entrypoint: Any
    edited_at: Any
    findings: Any
    resources: Any
    version_id: Any
    sweep_id: Any

    class Meta(Shared.Meta):
        abstract = True

    def add(self, files: Mapping[str, bytes]) -> None:
        JobScriptFile.objects.store(files, lambda path: JobScriptFile.of(self, path, files[path]))

    def read_files(self) -> Files:
        found: Files = self.files.all().read()
        return found

    def read_file(self, path: str) -> bytes:
        content = self.files.filter(path=path).values_list("content", flat=True).first()
        if content is None:
            raise self.no_file(path)
        return bytes(content)

    def read_entrypoint(self) -> str:
        fetched = self.__dict__.get("entrypoint_content")
        content = self.read_file(self.entrypoint) if fetched is None else bytes(fetched)
        return content.decode("utf-8", "replace")

    def no_file(self, path: str) -> NotThere:
        return NotThere(f"{self.name} has no file {path!r}.")

    # --- its files, changed by hand ---

    @transaction.atomic
    def put_file(self, path: str, content: bytes, seen: str | None = None) -> bool:
        """Creates or replaces a file, and tells whether it is new.

        `seen` is the sha256 of the content that may be replaced, or empty where no file may be.
        """
        path = checked_path(path, BadFile)
        self.lock_files()
        file, there = JobScriptFile.of(self, path, content), self.files.filter(path=path)
        before = there.values_list("sha256", flat=True).first()
        # Also where this very request was sent before, and its answer lost.
        if before == file.sha256:
            return False
        if seen is not None and seen != (before or ""):
            raise changed_meanwhile(path, before)
        check_together({**self.files.sizes(), path: file.size})
        there.delete()
        file.save()
        self.files_changed()
        return before is None

    @transaction.atomic
    def remove_file(self, path: str) -> None:
        self.lock_files()
        if path == self.entrypoint:
            words = f"{path!r} is the entrypoint, and stays; make another file the entrypoint first."
            raise BadEntrypoint(words, {"entrypoint": [words]})
        if not self.files.filter(path=path).delete()[0]:
            raise self.no_file(path)
        self.files_changed()

    @transaction.atomic
    def rename_file(self, path: str, to: str) -> None:
        """The entrypoint stays the entrypoint under its new name."""
        to = checked_path(to, BadFile)
        self.lock_files()
        sizes = self.files.sizes()
        if path not in sizes:
            raise self.no_file(path)
        if to == path:
            return
        if to in sizes:
            words = f"There is a file {to!r} already; remove it first, or choose another path."
            raise Conflict(words, {"path": [words]})
        size = sizes.pop(path)
        check_together({**sizes, to: size})
        self.files.filter(path=path).update(path=to)
        self.entrypoint = to if path == self.entrypoint else self.entrypoint
        self.files_changed()

    @transaction.atomic
    def change(self, **fields: Any) -> None:
        entrypoint = fields.pop("entrypoint", None)
        super().change(**fields)
        if entrypoint is not None:
            self.choose_entrypoint(entrypoint)

    @transaction.atomic
    def choose_entrypoint(self, path: str) -> None:
        self.lock_files()
        paths = self.files.sizes()
        if path not in paths:
            raise not_among(paths, path)
        if path != self.entrypoint:
            self.entrypoint = path
            self.files_changed()

    def lock_files(self) -> None:
        """Before its files or its entrypoint change. What Slurm was given stays as it was given."""
        self.lock()
        if self.sweep_id is not None:
            raise InUse(f"{self.name} is a point of a sweep, so its files stay as they are; clone it, and change that.")
        if self.submissions.exists():
            raise InUse(f"{self.name} was submitted, so its files stay as they are; clone it, and change the clone.")

    def files_changed(self) -> None:
        """After its files or its entrypoint have changed, under the same lock."""
        if self.version_id is not None:
            self.edited_at = now()
        self.take(check(self.read_entrypoint(), version=settings.SLURM_VERSION))
        self.save(update_fields=["entrypoint", "edited_at", "findings", "resources"])

    def take(self, check: Check) -> None:
        """What was found in the entrypoint, in the columns."""
        self.findings = [finding.as_json() for finding in check.findings]
        self.resources = check.resources.as_json()


def not_among(files: Iterable[str], entrypoint: str) -> BadEntrypoint:
    words = f"{entrypoint!r} is not among the files; name one as the entrypoint: {', '.join(sorted(files)[:20])}."
    return BadEntrypoint(words, {"entrypoint": [words]})


def changed_meanwhile(path: str, sha256: str | None) -> ChangedMeanwhile:
    now_it_is = "it is gone" if sha256 is None else f"its sha256 is {sha256}"
    return ChangedMeanwhile(f"{path!r} is not what you have seen: {now_it_is}. Look at it again, then replace it.")


def check_together(sizes: Mapping[str, int]) -> None:
    """Whether files may be beside each other in one script."""
    for path, size in sizes.items():
        if size > MAX_FILE:
            raise BadFile(f"{path!r} is larger than {MAX_FILE // 2**20} MiB.")
    check_sizes(sizes, BadFile)
    if (words := misfit(sizes)) is not None:
        raise Conflict(words, {"path": [words]})


class JobScriptFile(models.Model):
    """One file of a job script, under the path that it is written to."""

    script = models.ForeignKey("jobscripts.JobScript", on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=MAX_PATH)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    objects = FileQuerySet["JobScriptFile"].as_manager()

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["script", "path"], name="file_path_once_per_script"),
            models.CheckConstraint(condition=~Q(path=""), name="script_file_has_a_path"),
        ]

    def __str__(self) -> str:
        return self.path

    @classmethod
    def of(cls, script: Any, path: str, content: bytes) -> "JobScriptFile":
        sha256 = hashlib.sha256(content).hexdigest()
        return cls(script=script, path=path, content=content, size=len(content), sha256=sha256)
