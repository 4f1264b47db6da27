"""Applications, their versions and the versions' files."""

import re
from contextlib import suppress
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar

import orjson
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q

from applications import archive, config
from applications.archive import Files
from applications.config import Config
from applications.forms import Form
from applications.questions import InvalidForm
from applications.templates import TemplateSet
from jobbergate.core.copying import copy
from jobbergate.core.errors import Conflict, NotThere
from jobbergate.core.models import Resource, ResourceQuerySet, resource_constraints, resource_indexes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

M = TypeVar("M", bound=models.Model)

identifier_is_a_word = RegexValidator(
    r"^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9_-]*\Z",
    "Give letters, digits, - and _, beginning with a letter or digit, and not digits alone: those are an id.",
)


class ApplicationQuerySet(ResourceQuerySet["Application"]):
    def visible_to(self, user: User) -> Self:
        return self if user.is_staff else self.filter(Q(visibility=Application.Visibility.PUBLIC) | Q(owner=user))

    def named(self, text: str) -> Self:
        """The application that a person means by an id or an identifier."""
        return self.filter(pk=int(text)) if re.fullmatch("[0-9]{1,18}", text) else self.filter(identifier=text)

    def delete(self) -> tuple[int, dict[str, int]]:
        """One by one: versions that job scripts were made from have to stay."""
        with transaction.atomic():
            deleted = [application.delete() for application in self]
        return len(deleted), {"applications.Application": len(deleted)}


class Application(Resource):
    """A reusable recipe. What it consists of is in its versions."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", "everybody who is signed in"
        PRIVATE = "private", "its owner and staff"

    identifier = models.CharField(max_length=64, null=True, blank=True, unique=True, validators=[identifier_is_a_word])
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.PUBLIC)
    latest_version = models.PositiveIntegerField(default=0, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta(Resource.Meta):
        constraints = [
            *resource_constraints("application"),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "private"]), name="application_visibility_is_known"
            ),
        ]
        indexes = resource_indexes("application")

    def searched(self) -> tuple[str, ...]:
        return (self.name, self.identifier or "", self.description)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.identifier = self.identifier or None
        super().save(*args, **kwargs)

    def version(self, number: int | None = None) -> "ApplicationVersion":
        """The version of that number, or the newest."""
        wanted = self.latest_version if number is None else number
        found = self.versions.filter(number=wanted).first()
        if found is None:
            raise NotThere(f"{self.name} has no version {wanted}; the newest is {self.latest_version}.")
        return found

    @transaction.atomic
    def publish(self, files: Files, by: User, form: Any = None, note: str = "") -> "ApplicationVersion":
        """The next version, made of `files`. The same files as the newest version's make no new one."""
        Application.objects.select_for_update().get(pk=self.pk)
        self.refresh_from_db(fields=["latest_version"])
        sha256 = archive.sha256(files)
        newest = self.versions.filter(number=self.latest_version).first()
        if newest is not None and newest.sha256 == sha256:
            return newest
        version = ApplicationVersion.from_files(files, form)
        version.application, version.number, version.sha256 = self, self.latest_version + 1, sha256
        version.created_by, version.note = by, note
        version.save()
        version.add(files)
        self.latest_version = version.number
        self.save(update_fields=["latest_version"])
        return version

    @classmethod
    @transaction.atomic
    def create(cls, files: Files, owner: User, form: Any = None, note: str = "", **fields: Any) -> "Application":
        application = cls(owner=owner, **fields)
        application.save_with_identifier()
        application.publish(files, owner, form, note)
        return application

    def save_with_identifier(self) -> None:
        """Saves; an identifier that is taken, also by a request at the same moment, is a conflict."""
        try:
            with transaction.atomic():
                self.save()
        except IntegrityError:
            others = Application.objects.exclude(pk=self.pk)
            if self.identifier and others.filter(identifier=self.identifier).exists():
                raise taken(self.identifier) from None
            raise

    @transaction.atomic
    def clone(self, owner: User, **fields: Any) -> "Application":
        """A new application of `owner` whose first version is this one's newest."""
        version = self.version()
        named = {"name": self.name, "description": self.description, "visibility": self.visibility, **fields}
        return Application.create(version.read_files(), owner, version.form, f"Clone of {self.name}.", **named)

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        for version in self.versions.all():
            # Where a job script was made from it, it stays, without its application, until the script goes.
            with suppress(models.ProtectedError):
                version.delete()
        return super().delete(*args, **kwargs)


def taken(identifier: str) -> Conflict:
    words = f"The identifier {identifier!r} is taken; choose another."
    return Conflict(words, {"identifier": [words]})


class ApplicationVersion(models.Model):
    """An immutable snapshot of an application's folder."""

    class Kind(models.TextChoices):
        DECLARATIVE = "declarative", "its questions are data; no code runs"
        PROGRAMMED = "programmed", "its jobbergate.py asks the questions, on its user's machine"

    application = models.ForeignKey(Application, null=True, on_delete=models.SET_NULL, related_name="versions")
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
    def from_files(cls, files: Files, form: Any) -> "ApplicationVersion":
        """An unsaved version; raises BadConfig or InvalidForm where the folder is not an application's."""
        if config.NAME not in files:
            raise config.BadConfig("it is missing at the top of the folder.")
        parsed = config.parse(files[config.NAME])
        if not parsed.declarative and config.PROGRAM not in files:
            raise config.BadConfig(f"it has no questions, and there is no {config.PROGRAM} to ask any.")
        TemplateSet(files, parsed).check(programmed=not parsed.declarative)
        asked = parsed.form or (Form.from_json(form) if form is not None else None)
        return cls(
            kind=cls.Kind.DECLARATIVE if parsed.declarative else cls.Kind.PROGRAMMED,
            config=parsed.as_json(),
            form=stored(asked),
            size=sum(map(len, files.values())),
        )

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
    if b"\\u0000" in text:
        raise InvalidForm("the form has a NUL character.")
    shown: dict[str, Any] = orjson.loads(text)
    return shown


class FileQuerySet(models.QuerySet[M]):
    """Files under their paths. However large they are together, a portion of them is under way at a time."""

    def store(self, files: "Mapping[str, bytes]", row: "Callable[[str], Any]") -> None:
        for paths in archive.portions({path: len(content) for path, content in files.items()}):
            rows = [row(path) for path in paths]
            if connection.vendor == "postgresql" and len(files[paths[0]]) > archive.PORTION:
                copy(rows)
            else:
                self.bulk_create(rows)

    def read(self) -> Files:
        return {path: bytes(content) for path, content in self.values_list("path", "content")}

    def sizes(self) -> dict[str, int]:
        return dict(self.values_list("path", "size"))

    def contents(self, sizes: "Mapping[str, int]") -> "Iterator[tuple[str, bytes]]":
        """Path and content of each, in an archive's order."""
        for paths in archive.portions(sizes):
            found = dict(self.filter(path__in=paths).values_list("path", "content"))
            if len(found) < len(paths):
                raise NotThere("It was deleted while it was read.")
            yield from ((path, bytes(found[path])) for path in paths)

    def packed(self) -> IO[bytes]:
        """A tar.gz of all. A large one is on disk, in a file without a name, until its reader closes it."""
        sizes = self.sizes()
        out: IO[bytes] = BytesIO() if sum(sizes.values()) <= archive.PORTION else TemporaryFile()  # noqa: SIM115
        try:
            archive.write(out, self.contents(sizes))
        except BaseException:
            out.close()
            raise
        out.seek(0)
        return out


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
