"""People and groups by their names, as a request gives them; who is not there is told under the field's name.

And those accounts that are no people: a cluster's agent has one, for that cluster's submissions and nothing else.
"""

from django.contrib.auth.models import Group, User

from jobbergate.core.errors import DomainError


def person(username: str, field: str) -> User:
    """Somebody who can sign in; what would be given to anybody else would be lost."""
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise nobody(f"There is no active account {username!r}; give a username.", field)
    return found


def group(name: str, field: str) -> Group:
    found = Group.objects.filter(name=name).first()
    if found is None:
        raise nobody(f"There is no group {name!r}; groups are made by superusers, in the admin.", field)
    return found


def nobody(words: str, field: str) -> DomainError:
    return DomainError(words, {field: [words]})


def cluster_of_agent(user: User) -> int | None:
    """The cluster that it is the agent of. Asked once of each user; of a request's, `TokenAuthentication` knows it."""
    if "cluster_of_agent" not in user.__dict__:
        user.__dict__["cluster_of_agent"] = User.objects.filter(pk=user.pk).values_list("cluster", flat=True).first()
    found: int | None = user.__dict__["cluster_of_agent"]
    return found


def is_agent(user: User) -> bool:
    return cluster_of_agent(user) is not None
