"""`jobbergate applications`: recipes for job scripts, and their versions."""

# isort: off
# In the order in which help lists the verbs.
from cli.commands.applications import rows
from cli.commands.applications import versions
from cli.commands.applications import sharing
from cli.commands.applications import authoring
from cli.commands.applications import converting
from cli.commands.applications import trust

# isort: on
from cli.commands.applications.noun import applications

__all__ = ["applications", "authoring", "converting", "rows", "sharing", "trust", "versions"]
