from django.apps import AppConfig


class JobScriptsConfig(AppConfig):
    name = "jobscripts"
    verbose_name = "job scripts"
