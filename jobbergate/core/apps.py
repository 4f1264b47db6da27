from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "jobbergate.core"

    def ready(self) -> None:
        # They register themselves.
        from jobbergate.core import checks  # noqa: F401
        from jobbergate.core.api import schema  # noqa: F401
