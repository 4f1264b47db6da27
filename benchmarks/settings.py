"""The project's own settings, with the limits' views beside its URLs."""

from jobbergate.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.limits"
