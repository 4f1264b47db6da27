"""`jobbergate run`: from an application to a job in one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import completing
from cli.dependencies import after_options
from cli.errors import UsageProblem
from cli.preparing import Wishes, answer_options
from cli.session import Command, Session, pass_session
from cli.sweeping import sweep_options

if TYPE_CHECKING:
    from cli.submitting import Destination


@click.command(cls=Command)
@click.argument("application", shell_complete=completing.applications)
@answer_options
@sweep_options
@click.option(
    "--submit/--no-submit", default=True, show_default=True, help="Hand the script to Slurm, or only make it."
)
@click.option("--wait", is_flag=True, help="Wait for the job to end; exit code 0 only if it completed.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Which cluster it goes to.")
@click.option("-d", "--execution-directory", metavar="DIRECTORY", help="Where the job runs, on the cluster.")
@after_options
@click.argument("sbatch_arguments", nargs=-1, metavar="[-- SBATCH_ARGUMENTS]")
@click.pass_context
@pass_session
def run(
    session: Session,
    ctx: click.Context,
    /,
    application: str,
    submit: bool,
    wait: bool,
    cluster: str | None,
    execution_directory: str | None,
    after: tuple[int, ...],
    after_any: tuple[int, ...],
    sbatch_arguments: tuple[str, ...],
    sweep: bool,
    side_by_side: bool,
    sweep_file: str | None,
    max_queued: int | None,
    **wishes: Any,
) -> None:
    """Make a job script and submit it.

    The same as `job-scripts create` and `job-submissions create`, with the options of both.

    \b
    Example:
        jobbergate run my-application -a nodes=2 --fast --wait -- --time=10
        jobbergate run my-application -a nodes=1,2,4 --sweep --wait
    """
    from cli.following import describe_end, wait_for_end
    from cli.preparing import create_script
    from cli.submitting import Destination
    from cli.submitting import submit as hand_to_slurm
    from cli.sweeping import SweepWishes, create_sweep

    if not submit and (wait or cluster or execution_directory or after or after_any or sbatch_arguments):
        raise UsageProblem(
            "With --no-submit nothing is submitted; leave out --wait, --cluster, -d, --after and SBATCH_ARGUMENTS."
        )
    destination = Destination(cluster, execution_directory, sbatch_arguments, after, after_any)
    how = SweepWishes(sweep, side_by_side, sweep_file, max_queued)
    how.check()
    if how.wanted and (after or after_any):
        raise UsageProblem("The points of a sweep wait for nothing; leave out --after and --after-any.")
    if how.wanted:
        made = create_sweep(session, application, Wishes(**wishes), how)
        return run_sweep(session, ctx, made, destination, wait=wait) if submit else session.output.row(made)
    script = create_script(session, application, Wishes(**wishes))
    if not submit:
        return session.output.row(script)
    session.output.talk(f"Made the job script {script['id']}, {script['name']}.")
    submission = hand_to_slurm(session, script["id"], destination)
    if wait:
        submission = wait_for_end(session, submission)
        session.output.talk(describe_end(submission))
    session.output.row(submission)
    if submission["status"] == "rejected" or (wait and submission["status"] != "completed"):
        ctx.exit(1)


def run_sweep(
    session: Session, ctx: click.Context, made: dict[str, Any], destination: Destination, *, wait: bool
) -> None:
    from cli.commands.sweeps import end
    from cli.sweep_jobs import Manner, submit

    session.output.talk(f"Made the sweep {made['id']}, {made['name']}, of {made['points']} points.")
    end(session, ctx, submit(session, made["id"], destination, Manner()), wait=wait)
