"""Which version of an application a person means."""

from typing import Any

from applications.models import Application
from applications.versions import ApplicationVersion
from jobbergate.core.errors import NotThere


def get_version(user: Any, application: str, number: int | None) -> ApplicationVersion:
    found = Application.objects.visible_to(user).named(application).filter(is_archived=False).first()
    if found is None:
        raise NotThere(f"There is no application {application!r}.")
    return found.version(number)
