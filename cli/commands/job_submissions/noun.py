"""The noun, and what several of its verbs take."""

from __future__ import annotations

import click

from cli import completing
from cli.listing import columns
from cli.session import Noun

FIELDS = columns(
    "id name description owner job_script cluster slurm_cluster slurm_job_id status reason exit_code signal nodes"
    " partition account tasks submitted_at attempts queued_at started_at ended_at is_archived created_at updated_at via"
    " tag comment hold released cancel_requested execution_directory sbatch_arguments lease_holder leased_until"
    " requested_cpus requested_memory time_limit cpu_time peak_memory stdout stderr after_ok after_any explanation"
)
TABLE = columns("id name status reason slurm_cluster slurm_job_id job_script created_at")

submission_argument = click.argument("submission", metavar="ID", type=int, shell_complete=completing.job_submissions)
refresh_option = click.option("--refresh", is_flag=True, help="Ask the Slurm of this login node first.")
submissions_argument = click.argument(
    "submissions", metavar="ID...", type=int, nargs=-1, required=True, shell_complete=completing.job_submissions
)
some_submissions_argument = click.argument(
    "submissions", metavar="[ID]...", type=int, nargs=-1, shell_complete=completing.job_submissions
)


@click.group(cls=Noun)
def job_submissions() -> None:
    """Scripts handed to Slurm, and their fate.

    \b
    Example:
        jobbergate job-submissions create 12 -- --time=10
        jobbergate job-submissions list --unfinished --refresh
        jobbergate job-submissions log 31 --follow
    """
