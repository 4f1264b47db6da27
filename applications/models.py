"""Applications, and whom they are shared with. What they consist of is in `versions.py`."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Q

from applications import archive, selftests, tags
from applications.archive import Files
from applications.versions import ApplicationVersion
from jobbergate.core.errors import Conflict, NotThere
from jobbergate.core.models import (
    Resource,
    ResourceQuerySet,
    Share,
    Shared,
    ShareQuerySet,
    resource_constraints,
    resource_indexes,
    share_constraints,
)

# Names of actions that stand where an identifier would: /api/applications/check/.
RESERVED = frozenset({"check"})

identifier_is_a_word = RegexValidator(
    r"^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9_-]*\Z",
    "Give letters, digits, - and _, beginning with a letter or digit, and not digits alone: those are an id.",
)


def not_reserved(identifier: str) -> None:
    if identifier.casefold() in RESERVED:
        raise ValidationError(f"{identifier!r} means something of its own here; choose another.")


class ApplicationQuerySet(ResourceQuerySet["Application"]):
    def visible_to(self, user: User) -> Self:
        if user.is_staff:
            return self
        # Shares are looked up by key and never joined: a person may have several of one application.
        shares = ApplicationShare.objects.meant_for(user)
        public, shared = Application.Visibility.PUBLIC, Application.Visibility.SHARED
        return self.filter(
            Q(visibility=public)
            | Q(owner=user)
            | Q(visibility=shared, pk__in=shares.values("application"))
            | Q(pk__in=shares.editing().values("application"))
        )

    def tagged(self, tag: str) -> Self:
        """The search's index finds them, and whoever merely writes of `#tag` is left out again."""
        word = tags.tag_of(tag)
        return self.search(f"#{word}").filter(tags__icontains=f'"{word}"')

    def named(self, text: str) -> Self:
        """The application that a person means by an id or an identifier."""
        return self.filter(pk=int(text)) if re.fullmatch("[0-9]{1,18}", text) else self.filter(identifier=text)

    def delete(self) -> tuple[int, dict[str, int]]:
        """One by one: versions that job scripts were made from have to stay."""
        with transaction.atomic():
            deleted = [application.delete() for application in self]
        return len(deleted), {"applications.Application": len(deleted)}


class Application(Shared):
    """A reusable recipe. What it consists of is in its versions."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", "everybody who is signed in"
        SHARED = "shared", "its owner, whom it is shared with, and staff"
        PRIVATE = "private", "its owner, its editors and staff"

    identifier = models.CharField(
        max_length=64, null=True, blank=True, unique=True, validators=[identifier_is_a_word, not_reserved]
    )
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.PUBLIC)
    tags = models.JSONField(default=list, blank=True)
    latest_version = models.PositiveIntegerField(default=0, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta(Resource.Meta):
        constraints = [
            *resource_constraints("application"),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "shared", "private"]), name="application_visibility_is_known"
            ),
        ]
        indexes = resource_indexes("application")

    def searched(self) -> tuple[str, ...]:
        return (self.name, self.identifier or "", self.description, *(f"#{tag}" for tag in self.tags))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.identifier = self.identifier or None
        self.tags = tags.normalised(self.tags)
        super().save(*args, **kwargs)

    def version(self, number: int | None = None) -> ApplicationVersion:
        """The version of that number, or the newest."""
        wanted = self.latest_version if number is None else number
        found = self.versions.filter(number=wanted).first()
        if found is None:
            raise NotThere(f"{self.name} has no version {wanted}; the newest is {self.latest_version}.")
        return found

    def publish(
        self,
        files: Files,
        by: User,
        form: Any = None,
        note: str = "",
        runs: selftests.Runs | None = None,
        force: bool = False,
    ) -> ApplicationVersion:
        """The next version, made of `files`. The same files as the newest version's make no new one.

        Unless that one has no form, and one is given.
        """
        sha256 = archive.sha256(files)
        if (newest := self.newest_of(sha256, form)) is not None:
            return newest
        # Tests take seconds, in which nobody else has to wait for our transaction.
        return self.append(ApplicationVersion.tested(files, form, note, runs, force, sha256), files, by)

    def newest_of(self, sha256: str, form: Any = None) -> ApplicationVersion | None:
        """The newest version, if it is made of just these files, and has a form where one is given."""
        same = self.versions.filter(number=self.latest_version, sha256=sha256)
        # A program's form may come later than its files; a version never changes, so it comes as the next one.
        return (same if form is None else same.filter(form__isnull=False)).first() if self.latest_version else None

    @transaction.atomic
    def append(self, version: ApplicationVersion, files: Files, by: User) -> ApplicationVersion:
        """Saves a new version as the next one, unless another request has just saved the same."""
        self.lock()
        if (newest := self.newest_of(version.sha256, version.form)) is not None:
            return newest
        version.application, version.number, version.created_by = self, self.latest_version + 1, by
        version.save()
        version.add(files)
        self.latest_version = version.number
        self.save(update_fields=["latest_version"])
        return version

    def restore(self, number: int | None, by: User, note: str = "") -> ApplicationVersion:
        """What an earlier version holds, as the newest one; a version itself never changes and never goes."""
        version = self.version(number)
        files, note = version.read_files(), note or f"Restores version {version.number}."
        # It was published once: its tests are not asked again, whether it passed them or was forced.
        return self.append(ApplicationVersion.from_files(files, version.form, note, strict=False), files, by)

    @classmethod
    def create(
        cls,
        files: Files,
        owner: User,
        form: Any = None,
        note: str = "",
        runs: selftests.Runs | None = None,
        force: bool = False,
        **fields: Any,
    ) -> "Application":
        return cls.begin(ApplicationVersion.tested(files, form, note, runs, force), files, owner, **fields)

    @classmethod
    @transaction.atomic
    def begin(cls, version: ApplicationVersion, files: Files, owner: User, **fields: Any) -> "Application":
        """A new application with its first version."""
        application = cls(owner=owner, **fields)
        with application.identifier_told():
            application.save()
        application.append(version, files, owner)
        return application

    def change(self, **fields: Any) -> None:
        with self.identifier_told():
            super().change(**fields)

    @contextmanager
    def identifier_told(self) -> Iterator[None]:
        """An identifier that is taken when it is saved, also by a request at the same moment, is a conflict."""
        try:
            with transaction.atomic():
                yield
        except IntegrityError:
            others = Application.objects.exclude(pk=self.pk)
            if self.identifier and others.filter(identifier=self.identifier).exists():
                raise taken(self.identifier) from None
            raise

    @transaction.atomic
    def clone(self, owner: User, **fields: Any) -> "Application":
        """A new application of `owner` whose first version is this one's newest; nothing is tested again.

        It is shared with nobody.
        """
        version = self.version()
        files = version.read_files()
        public, private = Application.Visibility.PUBLIC, Application.Visibility.PRIVATE
        visibility = public if self.visibility == public else private
        copied = {"name": self.name, "description": self.description, "tags": self.tags, "visibility": visibility}
        copy = ApplicationVersion.from_files(files, version.form, f"Clone of {self.name}.", strict=False)
        return Application.begin(copy, files, owner, **{**copied, **fields})

    def show_to(self, shares: Iterable[Share]) -> None:
        """New readers of a private application would see nothing: it becomes shared."""
        if self.visibility == self.Visibility.PRIVATE and any(share.role == Share.Role.READER for share in shares):
            self.visibility = self.Visibility.SHARED
            self.save(update_fields=["visibility"])

    @transaction.atomic
    def transfer(self, to: User) -> None:
        """Another owner; the former one stays as an editor."""
        former = self.owner
        self.lock()
        if self.owner_id != former.pk:
            raise Conflict(f"{former} gave it to somebody else meanwhile; look again.")
        if to == former:
            return
        # A key is one person's: the new owner may have used the same one.
        self.owner, self.idempotency_key, self.idempotency_fingerprint = to, None, ""
        self.save(update_fields=["owner", "idempotency_key", "idempotency_fingerprint"])
        self.shares.filter(user=to).delete()
        self.shares.update_or_create(user=former, defaults={"role": Share.Role.EDITOR})

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        # Nobody adds a version meanwhile, nor takes the last script of one away.
        self.lock()
        for version in self.versions.select_for_update():
            # Where a job script was made from it, it stays, without its application, until the script goes.
            with suppress(models.ProtectedError):
                version.delete()
        return super().delete(*args, **kwargs)


def taken(identifier: str) -> Conflict:
    words = f"The identifier {identifier!r} is taken; choose another."
    return Conflict(words, {"identifier": [words]})


class ApplicationShare(Share):
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="shares")

    objects = ShareQuerySet.as_manager()

    class Meta(Share.Meta):
        constraints = share_constraints("application")
