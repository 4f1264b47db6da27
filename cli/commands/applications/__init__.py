"""`jobbergate applications`: recipes for job scripts, and their versions."""

# In the order in which help lists the verbs.
from cli.commands.applications import rows  # isort: split

from cli.commands.applications import authoring
from cli.commands.applications.noun import applications

__all__ = ["applications", "authoring", "rows"]
