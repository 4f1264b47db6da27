"""An application's versions, which never change, and their files."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from applications import archive, config, selftests
from applications.archive import Files
from applications.config import Config
from applications.files import FileQuerySet
from applications.forms import Form
from applications.questions import InvalidForm
from applications.templates import TemplateSet


class ApplicationVersion(models.Model):
    """An immutable snapshot of an application's folder."""

    class Kind(models.TextChoices):
        DECLARATIVE = "declarative", "its questions are data; no code runs"
        PROGRAMMED = "programmed", "its jobbergate.py asks the questions, on its user's machine"

    application = models.ForeignKey(
        "applications.Application", null=True, on_delete=models.SET_NULL, related_name="versions"
    )
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    sha256 = models.CharField(max_length=64)
    config = models.JSONField()
    form = models.JSONField(null=True)
    note = models.TextField(blank=True)
    size = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("created", auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="version_number_once_per_application"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_1"),
            models.CheckConstraint(condition=Q(kind__in=["declarative", "programmed"]), name="version_kind_is_known"),
        ]

    def __str__(self) -> str:
        name = self.application.name if self.application else "(deleted application)"
        return f"{name}, version {self.number}"

    @classmethod
    def from_files(
        cls, files: Files, form: Any, note: str = "", sha256: str = "", strict: bool = True
    ) -> "ApplicationVersion":
        """An unsaved version; raises BadConfig or InvalidForm where the folder is not an application's."""
        if config.NAME not in files:
            raise config.BadConfig("it is missing at the top of the folder.")
        parsed = config.parse(files[config.NAME], strict)
        if not parsed.declarative and config.PROGRAM not in files:
            raise config.BadConfig(f"it has no questions, and there is no {config.PROGRAM} to ask any.")
        TemplateSet(files, parsed).check(programmed=not parsed.declarative)
        asked = parsed.form or (Form.from_json(form) if form is not None else None)
        return cls(
            kind=cls.Kind.DECLARATIVE if parsed.declarative else cls.Kind.PROGRAMMED,
            config=parsed.as_json(),
            form=stored(asked),
            note=note,
            sha256=sha256 or archive.sha256(files),
            size=sum(map(len, files.values())),
        )

    @classmethod
    def tested(
        cls,
        files: Files,
        form: Any = None,
        note: str = "",
        runs: selftests.Runs | None = None,
        force: bool = False,
        sha256: str = "",
    ) -> "ApplicationVersion":
        """As `from_files`; raises FailedTests where its own tests fail, or, with `force`, says so in its note."""
        version = cls.from_files(files, form, note, sha256)
        found = version.results(files, runs)
        if not force:
            selftests.refuse_failed(found)
        version.note = "\n".join(filter(None, [note, selftests.reservation(found)]))
        return version

    def results(
        self, files: Files, runs: selftests.Runs | None = None, defaults: bool = False
    ) -> list[selftests.Result]:
        return selftests.results(files, self.read_form, runs, defaults)

    def add(self, files: "Mapping[str, bytes]") -> None:
        ApplicationFile.objects.store(files, lambda path: ApplicationFile.of(self, path, files[path]))

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("A version never changes; publish another.")
        super().save(*args, **kwargs)

    def read_files(self) -> Files:
        files = self.files.all()
        return files.read() if self.size <= archive.PORTION else dict(files.contents(files.sizes()))

    def read_config(self) -> Config:
        """From the file itself: JSON would have lost the types of some values."""
        return config.parse(bytes(self.files.values_list("content", flat=True).get(path=config.NAME)))

    def read_form(self) -> Form | None:
        if self.form is None:
            return None
        return Form.from_json(self.form) if self.form["captured"] else Form.declared(self.form["questions"])


def stored(form: Form | None) -> dict[str, Any] | None:
    """The form as JSON that every database takes and every client reads: no NUL, no integers beyond 64 bits."""
    if form is None:
        return None
    try:
        text = orjson.dumps(form.as_json())
    except TypeError as error:
        raise InvalidForm(f"the form cannot be stored: {error}.") from None
    # Without its escaped backslashes: a text may say `\u0000` in six letters.
    if b"\\u0000" in text.replace(b"\\\\", b""):
        raise InvalidForm("the form has a NUL character.")
    shown: dict[str, Any] = orjson.loads(text)
    return shown


class ApplicationFile(models.Model):
    """One file of a version, under its path in the folder."""

    version = models.ForeignKey(ApplicationVersion, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=archive.MAX_PATH)
    content = models.BinaryField()
    size = models.PositiveIntegerField()

    objects = FileQuerySet["ApplicationFile"].as_manager()

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["version", "path"], name="file_path_once_per_version"),
            models.CheckConstraint(condition=Q(size__gte=0) & ~Q(path=""), name="file_has_a_path"),
        ]

    def __str__(self) -> str:
        return self.path

    @classmethod
    def of(cls, version: ApplicationVersion, path: str, content: bytes) -> "ApplicationFile":
        return cls(version=version, path=path, content=content, size=len(content))
