"""Submissions made: of a job script, and the same once more."""

from __future__ import annotations

from typing import Any

import click

from cli import completing
from cli.commands.job_submissions.noun import job_submissions, submission_argument
from cli.dependencies import after_options
from cli.session import Command, Session, pass_session


@job_submissions.command(cls=Command)
@click.argument("script", metavar="SCRIPT", type=int, shell_complete=completing.job_scripts)
@click.option("-n", "--name", help="The submission's name; that of the script by default.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Which cluster it goes to.")
@click.option("-d", "--execution-directory", metavar="DIRECTORY", help="Where the job runs, on the cluster.")
@after_options
@click.argument("sbatch_arguments", nargs=-1, metavar="[-- SBATCH_ARGUMENTS]")
@click.pass_context
@pass_session
def create(
    session: Session,
    ctx: click.Context,
    script: int,
    name: str | None,
    cluster: str | None,
    execution_directory: str | None,
    after: tuple[int, ...],
    after_any: tuple[int, ...],
    sbatch_arguments: tuple[str, ...],
) -> None:
    """Submit a job script, exactly once.

    On a login node sbatch is called here and now, as you; elsewhere, or for another cluster, its agent takes it.

    \b
    Example:
        jobbergate job-submissions create 12
        jobbergate job-submissions create 12 --cluster hpc1 -d /scratch/me/run-12 -- --time=10 --nodes=2
        jobbergate job-submissions create 13 --after 31
    """
    from cli.submitting import Destination, submit

    destination = Destination(cluster, execution_directory, sbatch_arguments, after, after_any)
    submission = submit(session, script, destination, name=name)
    session.output.row(submission)
    _fail_if_rejected(ctx, submission)


@job_submissions.command(cls=Command)
@submission_argument
@click.option("-d", "--execution-directory", metavar="DIRECTORY", help="Where the job runs; a new one by default.")
@click.argument("sbatch_arguments", nargs=-1, metavar="[-- SBATCH_ARGUMENTS]")
@click.pass_context
@pass_session
def resubmit(
    session: Session,
    ctx: click.Context,
    submission: int,
    execution_directory: str | None,
    sbatch_arguments: tuple[str, ...],
) -> None:
    """Submit the same script once more, as a new submission; with other arguments where some are given.

    \b
    Example:
        jobbergate job-submissions resubmit 31
        jobbergate job-submissions resubmit 31 -- --time=2:00:00
    """
    from cli.submitting import submit_again

    again = submit_again(session, submission, execution_directory, sbatch_arguments)
    session.output.row(again)
    _fail_if_rejected(ctx, again)


def _fail_if_rejected(ctx: click.Context, submission: dict[str, Any]) -> None:
    """Slurm's words were talk already; a script has to see it by the exit code."""
    if submission["status"] == "rejected":
        ctx.exit(1)
