"""`jobbergate job-scripts`: scripts made from applications and answers, or uploaded as they are."""

# isort: off
# In the order in which help lists the verbs.
from cli.commands.job_scripts import rows
from cli.commands.job_scripts import making
from cli.commands.job_scripts import checking
from cli.commands.job_scripts import files
from cli.commands.job_scripts import sharing

# isort: on
from cli.commands.job_scripts.noun import job_scripts

__all__ = ["checking", "files", "job_scripts", "making", "rows", "sharing"]
