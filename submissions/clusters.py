"""The Slurm clusters that submissions go to, and what their agents tell of them."""

import secrets
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils.timezone import now

from jobbergate.core.errors import Conflict, DomainError
from jobbergate.core.people import is_agent

NEVER, FRESH, STALE = CONTACTS = ("never", "fresh", "stale")
# Facts about the cluster that change with it, and not with every look.
FACTS = ("slurm_version", "partitions", "limits", "load")


class NoCluster(DomainError):
    """A submission for an agent has to say, or leave no doubt, which cluster it is for."""

    code = "no_cluster"


class NameTaken(Conflict):
    """There is a cluster, or somebody else's account, of that name."""

    code = "name_taken"


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def called(self, name: str) -> Self:
        # Slurm itself tells the ClusterName in lower case, however slurm.conf writes it.
        return self.filter(name__iexact=name)

    def visible_to(self, user: User) -> Self:
        """People see all of them, an agent's account its own."""
        return self.filter(agent=user) if is_agent(user) else self


class Cluster(models.Model):
    """A Slurm cluster, by the name that Slurm itself gives it."""

    name = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z", "Give the ClusterName of slurm.conf.")],
    )
    description = models.TextField(blank=True)
    agent = models.OneToOneField(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="cluster",
        help_text="The account of its agent.",
    )
    last_contact_at = models.DateTimeField("last contact", null=True, blank=True, editable=False)
    slurm_version = models.CharField("Slurm version", max_length=64, blank=True, editable=False)
    # As the agent reports them: a list of partitions; limits by name; nodes, CPUs and jobs by state.
    partitions = models.JSONField(default=list, blank=True, editable=False)
    limits = models.JSONField(default=dict, blank=True, editable=False)
    load = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField("created", auto_now_add=True)

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # As Slurm tells it: names are compared.
        self.name = self.name.lower()
        if self.name and Cluster.objects.called(self.name).exclude(pk=self.pk).exists():
            raise ValidationError({"name": f"There is a cluster {self.name!r} already; capitals do not count."})

    @classmethod
    @transaction.atomic
    def create(cls, name: str, description: str = "") -> tuple["Cluster", str]:
        """A cluster with an account for its agent, and that account's password, which is kept nowhere."""
        name = name.lower()
        cluster = cls(name=name, description=description)
        cluster.clean_fields(exclude=["agent"])
        if cls.objects.called(name).exists():
            raise NameTaken(f"There is a cluster {name!r} already; choose another name, or give it a new password.")
        if User.objects.filter(username__iexact=f"agent-{name}").exists():
            raise NameTaken(f"There is an account agent-{name} already; rename it first.")
        password = secrets.token_urlsafe(24)
        cluster.agent = User.objects.create_user(f"agent-{name}", password=password)
        cluster.save()
        return cluster, password

    def new_password(self) -> str:
        """For its agent's account, which is made if there is none; what was signed in with the old one is no more."""
        password = secrets.token_urlsafe(24)
        if self.agent is None:
            self.agent = User.objects.create_user(f"agent-{self.name}", password=password)
            self.save(update_fields=["agent"])
        else:
            self.agent.set_password(password)
            self.agent.save(update_fields=["password"])
        return password

    def heard(self, facts: dict[str, Any], at: datetime) -> None:
        """Its agent spoke; written seldom, for an agent speaks often."""
        changed = {name: facts[name] for name in FACTS if name in facts}
        if changed or self.last_contact_at is None or at - self.last_contact_at > settings.CONTACT_WRITTEN:
            Cluster.objects.filter(pk=self.pk).update(last_contact_at=at, **changed)

    @property
    def contact(self) -> str:
        return contact(self.last_contact_at, now())


def contact(last: datetime | None, at: datetime) -> str:
    """`never`, `fresh`, or `stale` where the agent has been silent for longer than agents are."""
    if last is None:
        return NEVER
    return STALE if at - last > settings.AGENT_STALE else FRESH


def the_only_cluster() -> Cluster:
    found = list(Cluster.objects.only("name")[:2])
    if len(found) == 1:
        return found[0]
    words = "Name the cluster; GET /api/clusters/ lists them." if found else "There is no cluster yet; ask an operator."
    raise NoCluster(words, {"cluster": [words]})


def get_cluster(name: str) -> Cluster:
    found = Cluster.objects.called(name).first()
    if found is None:
        names = ", ".join(Cluster.objects.values_list("name", flat=True)) or "none"
        words = f"There is no cluster {name!r}; there are: {names}."
        raise NoCluster(words, {"cluster": [words]})
    return found
