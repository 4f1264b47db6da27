"""`jobbergate job-submissions`: scripts handed to Slurm, and what became of them."""

from __future__ import annotations

from typing import Any

import click

from cli import completing
from cli.listing import columns, fetch, listing_options, show_each
from cli.session import Command, Noun, Session, pass_session

FIELDS = columns(
    "id name description owner job_script cluster slurm_cluster slurm_job_id status reason exit_code signal nodes"
    " partition account tasks submitted_at attempts queued_at started_at ended_at is_archived created_at updated_at via"
    " tag comment hold released cancel_requested execution_directory sbatch_arguments lease_holder leased_until"
    " requested_cpus requested_memory time_limit cpu_time peak_memory explanation"
)
TABLE = columns("id name status reason slurm_cluster slurm_job_id job_script created_at")

submission_argument = click.argument("submission", metavar="ID", type=int, shell_complete=completing.job_submissions)
refresh_option = click.option("--refresh", is_flag=True, help="Ask the Slurm of this login node first.")


@click.group(cls=Noun)
def job_submissions() -> None:
    """Scripts handed to Slurm, and their fate.

    \b
    Example:
        jobbergate job-submissions create 12 -- --time=10
        jobbergate job-submissions list --unfinished --refresh
    """


@job_submissions.command("list", cls=Command)
@listing_options(archived=True)
@click.option("--status", metavar="STATUS[,STATUS]", help="Only these, such as running,pending.")
@click.option("--unfinished/--finished", default=None, help="Only those that have not ended, or that have.")
@click.option("--job-script", metavar="ID", type=int, help="Only those of this job script.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Only those for this cluster.")
@click.option("--slurm-job-id", metavar="ID", type=int, help="Only the one that Slurm knows by this id.")
@refresh_option
@pass_session
def list_(
    session: Session,
    /,
    status: str | None,
    unfinished: bool | None,
    job_script: int | None,
    cluster: str | None,
    slurm_job_id: int | None,
    refresh: bool,
    **listing: Any,
) -> None:
    """List submissions.

    \b
    Example:
        jobbergate job-submissions list --status failed,timeout --ordering -ended_at
    """
    from cli.submitting import refreshed

    rows = fetch(
        session,
        "/api/job-submissions/",
        status=status,
        unfinished=unfinished,
        job_script=job_script,
        cluster=cluster,
        slurm_job_id=slurm_job_id,
        **listing,
    )
    if refresh:
        details = refreshed(session, rows)
        rows = [{field: detail[field] for field in row} for row, detail in zip(rows, details, strict=True)]
    session.output.rows(rows, table=TABLE, fields=FIELDS, nothing="There are no such submissions.")


@job_submissions.command(cls=Command)
@submission_argument
@refresh_option
@pass_session
def get(session: Session, submission: int, refresh: bool) -> None:
    """Show one submission: its state, its times, and what it used.

    \b
    Example:
        jobbergate job-submissions get 31 --refresh --output json
    """
    from cli.client import at
    from cli.submitting import refreshed

    row = session.client.get(at("job-submissions", submission))
    session.output.row(refreshed(session, [row])[0] if refresh else row)


@job_submissions.command(cls=Command)
@click.argument("script", metavar="SCRIPT", type=int, shell_complete=completing.job_scripts)
@click.option("-n", "--name", help="The submission's name; that of the script by default.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Which cluster it goes to.")
@click.option("-d", "--execution-directory", metavar="DIRECTORY", help="Where the job runs, on the cluster.")
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
    sbatch_arguments: tuple[str, ...],
) -> None:
    """Submit a job script, exactly once.

    On a login node sbatch is called here and now, as you; elsewhere, or for another cluster, its agent takes it.

    \b
    Example:
        jobbergate job-submissions create 12
        jobbergate job-submissions create 12 --cluster hpc1 -d /scratch/me/run-12 -- --time=10 --nodes=2
    """
    from cli.submitting import Destination, submit

    destination = Destination(cluster, execution_directory, sbatch_arguments)
    submission = submit(session, script, destination, name=name)
    session.output.row(submission)
    _fail_if_rejected(ctx, submission)


@job_submissions.command(cls=Command)
@submission_argument
@click.option("-n", "--name", help="Its new name.")
@click.option("--description", help="Its new description.")
@click.option("--archive/--unarchive", "archived", default=None, help="Hide it from listings, or show it again.")
@pass_session
def update(session: Session, submission: int, name: str | None, description: str | None, archived: bool | None) -> None:
    """Change the name or the description of a submission.

    \b
    Example:
        jobbergate job-submissions update 31 --name "Second try"
    """
    from cli.client import at
    from cli.publishing import changes, refuse_no_change

    new = changes(name=name, description=description, is_archived=archived)
    refuse_no_change(new, "--name, --description, --archive or --unarchive")
    session.output.row(session.client.patch(at("job-submissions", submission), new))


@job_submissions.command(cls=Command)
@submission_argument
@pass_session
def delete(session: Session, submission: int) -> None:
    """Delete a submission that has ended, or that never reached Slurm.

    \b
    Example:
        jobbergate job-submissions delete 31
    """
    from cli.client import at

    session.client.delete(at("job-submissions", submission))
    session.output.gone("submission", {"id": submission})


@job_submissions.command(cls=Command)
@click.argument(
    "submissions", metavar="ID...", type=int, nargs=-1, required=True, shell_complete=completing.job_submissions
)
@click.pass_context
@pass_session
def cancel(session: Session, ctx: click.Context, submissions: tuple[int, ...]) -> None:
    """Cancel submissions.

    On a login node scancel is called here; elsewhere the cluster's agent does it.

    \b
    Example:
        jobbergate job-submissions cancel 31 32
    """
    from cli.submitting import cancel_all

    cancelled, refused = cancel_all(session, list(submissions))
    show_each(session, ctx, cancelled, refused, asked=len(submissions), table=TABLE, fields=FIELDS)


@job_submissions.command(cls=Command)
@submission_argument
@click.pass_context
@pass_session
def resubmit(session: Session, ctx: click.Context, submission: int) -> None:
    """Submit the same script once more, with the same arguments, as a new submission.

    \b
    Example:
        jobbergate job-submissions resubmit 31
    """
    from cli.submitting import submit_again

    again = submit_again(session, submission)
    session.output.row(again)
    _fail_if_rejected(ctx, again)


def _fail_if_rejected(ctx: click.Context, submission: dict[str, Any]) -> None:
    """Slurm's words were talk already; a script has to see it by the exit code."""
    if submission["status"] == "rejected":
        ctx.exit(1)
