"""`jobbergate applications`: recipes for job scripts, and their versions."""

# In the order in which help lists the verbs.
from cli.commands.applications import rows, converting, trust  # isort: skip
from cli.commands.applications.noun import applications

__all__ = ["applications", "converting", "rows", "trust"]
