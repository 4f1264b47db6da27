"""`jobbergate job-submissions`: scripts handed to Slurm, and what became of them."""

# isort: off
# In the order in which help lists the verbs.
from cli.commands.job_submissions import rows
from cli.commands.job_submissions import making
from cli.commands.job_submissions import following
from cli.commands.job_submissions import steering

# isort: on
from cli.commands.job_submissions.noun import job_submissions

__all__ = ["following", "job_submissions", "making", "rows", "steering"]
