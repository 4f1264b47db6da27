"""The columns that every resource has. Abstract only: this app has no tables."""

from collections.abc import Iterable
from typing import Any, Self, TypeVar

from django.contrib.auth.models import Group, User
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now

from jobbergate.core.errors import DomainError, NotThere

M = TypeVar("M", bound=models.Model, covariant=True)


class ResourceQuerySet(models.QuerySet[M]):
    def owned_by(self, user: User) -> Self:
        return self.filter(owner=user)

    def visible_to(self, user: User) -> Self:
        return self if user.is_staff else self.filter(owner=user)

    def archived(self, archived: bool) -> Self:
        return self.filter(is_archived=archived)

    def set_archived(self, archived: bool) -> None:
        self.update(is_archived=archived, updated_at=now())

    def search(self, text: str) -> Self:
        """Rows that have every word of `text` somewhere in their name or description, in any case."""
        found = self
        for word in text.split():
            found = found.filter(search_text__contains=word.casefold())
        return found


class Resource(models.Model):
    """Something that a person owns, names, finds again and puts away."""

    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="%(class)ss")
    is_archived = models.BooleanField("archived", default=False)
    created_at = models.DateTimeField("created", auto_now_add=True)
    updated_at = models.DateTimeField("updated", auto_now=True)
    # What is searched, in folded case: one column serves SQLite and PostgreSQL alike, whatever their collation.
    search_text = models.TextField(editable=False, default="")
    idempotency_key = models.CharField(max_length=255, null=True, editable=False)  # noqa: DJ001  (no key is not an empty key)
    idempotency_fingerprint = models.CharField(max_length=64, editable=False, default="")

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def searched(self) -> Iterable[str]:
        """The texts in which a search looks for its words."""
        return (self.name, self.description)

    def belongs_to(self, user: User) -> bool:
        """Whether it is theirs to delete, to give away and to share."""
        return user.is_staff or self.owner_id == user.pk

    def may_be_changed_by(self, user: User) -> bool:
        return self.belongs_to(user)

    def make_searchable(self) -> None:
        self.search_text = "\n".join(text for text in self.searched() if text).casefold()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.make_searchable()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_text", "updated_at"}
        super().save(*args, **kwargs)

    def lock(self) -> None:
        """The row as it is now, and nobody else's to change until the transaction ends."""
        # Without its owner in a join: PostgreSQL, once it has waited for a transfer, would find no such row any more.
        try:
            self.refresh_from_db(from_queryset=type(self)._default_manager.select_for_update())
        except ObjectDoesNotExist:
            raise NotThere(f"{self.name} was deleted meanwhile.") from None

    @transaction.atomic
    def change(self, **fields: Any) -> None:
        """These columns and no others: of two people who change it at the same moment neither undoes the other's."""
        self.lock()
        for name, value in fields.items():
            setattr(self, name, value)
        self.save()


def resource_constraints(name: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=["owner", "idempotency_key"], name=f"{name}_idempotency_key_once_per_owner"),
    ]


def resource_indexes(name: str, condition: Q | None = None) -> list[models.Index]:
    """With a condition, of the rows that lists show alone, so that the others are not skipped one by one."""
    return [
        # A person's own rows, newest first, and the two other orders that a list offers.
        models.Index(fields=["owner", "-id"], name=f"{name}_newest_of_owner", condition=condition),
        models.Index(fields=["owner", "name", "id"], name=f"{name}_by_name_of_owner", condition=condition),
        models.Index(fields=["owner", "updated_at", "id"], name=f"{name}_by_change_of_owner", condition=condition),
        # The same orders over everybody's rows: applications for all, everything for staff.
        models.Index(fields=["name", "id"], name=f"{name}_by_name", condition=condition),
        models.Index(fields=["updated_at", "id"], name=f"{name}_by_change", condition=condition),
    ]


class ShareQuerySet(models.QuerySet[M]):
    def meant_for(self, user: User) -> Self:
        """Shares of theirs, and of the groups that they are in."""
        return self.filter(Q(user=user) | Q(group__in=Group.objects.filter(user=user)))

    def keys(self, column: str, user: User) -> Any:
        """What is shared with them, for a list: with an index for their own shares and one for those of their groups.

        An OR over both would read everybody's shares.
        """
        rows = self.order_by().values(column)
        return rows.filter(user=user).union(rows.filter(group__in=Group.objects.filter(user=user)))

    def editing(self) -> Self:
        return self.filter(role=Share.Role.EDITOR)


class Share(models.Model):
    """A person, or all of a group, who may use somebody else's resource, or change it too. Says nothing of which."""

    class Role(models.TextChoices):
        READER = "reader", "may use it, while it is shared"
        EDITOR = "editor", "may always use it, and change it"

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=16, choices=Role, default=Role.READER)
    created_at = models.DateTimeField("created", auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["id"]

    # A form of many shares asks the database nothing: its choices were found a moment ago, and the constraints
    # (`share_constraints`) are held by the database in any case.

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields({*(exclude or ()), "user", "group"})

    def validate_constraints(self, exclude: Any = None) -> None:
        known = not {"user", "group"} & {*(exclude or ())}
        if known and (self.user_id is None) == (self.group_id is None):
            raise ValidationError("Give either a user or a group.")

    def __str__(self) -> str:
        return f"{self.user or self.group}, {self.role}"


def share_constraints(name: str) -> list[models.BaseConstraint]:
    one = Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False)
    return [
        models.CheckConstraint(
            condition=one,
            name=f"{name}_share_is_of_a_user_or_of_a_group",
            violation_error_message="Give either a user or a group.",
        ),
        models.CheckConstraint(condition=Q(role__in=["reader", "editor"]), name=f"{name}_share_role_is_known"),
        models.UniqueConstraint(fields=[name, "user"], name=f"{name}_share_once_per_user"),
        models.UniqueConstraint(fields=[name, "group"], name=f"{name}_share_once_per_group"),
    ]


class Shared(Resource):
    """A resource with `shares`: other people's, who may use it, or change it too.

    Shares are changed under the resource's lock: who took a share first, and the resource then, would wait for somebody
    who does it the other way round and waits for them.
    """

    shares: Any

    class Meta(Resource.Meta):
        abstract = True

    def may_be_changed_by(self, user: User) -> bool:
        return self.belongs_to(user) or bool(self.shares.editing().meant_for(user).exists())

    @transaction.atomic
    def share(self, role: str, **to: Any) -> tuple[Any, bool]:
        """With `user=` or `group=`: their share, in this role from now on, and whether it is new."""
        self.lock()
        if (user := to.get("user")) is not None and user.pk == self.owner_id:
            words = f"{user} owns it already."
            raise DomainError(words, {"user": [words]})
        share, made = self.shares.update_or_create(**to, defaults={"role": role})
        self.show_to([share])
        return share, made

    @transaction.atomic
    def unshare(self, pk: int) -> None:
        self.lock()
        if not self.shares.filter(pk=pk).delete()[0]:
            raise NotThere(f"{self.name} has no share {pk}.")

    def show_to(self, shares: Iterable[Share]) -> None:
        """What else has to change, under the lock, for these shares to be worth something."""
