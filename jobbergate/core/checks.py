"""System checks: `manage.py check` says what is wrong with the settings before anybody meets it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def environment_is_readable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"{problem.variable}: {problem.message}.", hint=problem.hint, id="jobbergate.E001")
        for problem in settings.ENVIRONMENT.problems
    ]


@register()
def secret_key_is_long_enough(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if len(settings.SECRET_KEY.encode()) >= 32:
        return []
    return [
        Error(
            "JOBBERGATE_SECRET_KEY is shorter than 32 bytes.",
            hint="It signs every token. Unset it to have one generated, or give at least 32 random bytes.",
            id="jobbergate.E002",
        )
    ]


@register(deploy=True)
def every_host_is_named(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Warning(
            "JOBBERGATE_ALLOWED_HOSTS has '*': any Host header is believed.",
            hint="Name the hosts that people use.",
            id="jobbergate.W001",
        )
    ]
