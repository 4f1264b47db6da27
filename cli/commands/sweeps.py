"""`jobbergate sweeps`: many sets of answers, made and submitted together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import completing
from cli.listing import columns, fetch, listing_options
from cli.session import Command, Noun, Session, pass_session

FIELDS = columns(
    "id name description owner application application_name version variables points as_array max_queued is_archived"
    " created_at updated_at"
)
TABLE = columns("id name application_name version variables points owner created_at")
BEFORE, BEHIND = columns("point status"), columns("exit_code submission slurm_job_id task name")

sweep_argument = click.argument("sweep", metavar="ID", type=int, shell_complete=completing.sweeps)
refresh_option = click.option("--refresh", is_flag=True, help="Ask the Slurm of this login node first.")
queued_option = click.option(
    "--max-queued", type=click.IntRange(min=1), metavar="N", help="Single jobs, at most N of them in the queue."
)


@click.group(cls=Noun)
def sweeps() -> None:
    """Many sets of answers, made and submitted together.

    \b
    Example:
        jobbergate job-scripts create my-application -a nodes=1,2,4 -a solver=cg,gmres --sweep
        jobbergate sweeps submit 12 --wait
        jobbergate sweeps points 12 --status failed
    """


@sweeps.command("list", cls=Command)
@listing_options(archived=True)
@click.option("--application", metavar="ID", type=int, help="Only those made from this application.")
@pass_session
def list_(session: Session, /, application: int | None, **listing: Any) -> None:
    """List sweeps.

    \b
    Example:
        jobbergate sweeps list --mine
    """
    rows = fetch(session, "/api/sweeps/", application=application, **listing)
    session.output.rows(rows, table=TABLE, fields=FIELDS, nothing="There are no such sweeps.")


@sweeps.command(cls=Command)
@sweep_argument
@refresh_option
@pass_session
def get(session: Session, sweep: int, refresh: bool) -> None:
    """Show one sweep, and how many of its points are in which state.

    \b
    Example:
        jobbergate sweeps get 12 --refresh
    """
    from cli.client import at
    from cli.sweep_jobs import refreshed

    if refresh:
        refreshed(session, sweep)
    session.output.row(session.client.get(at("sweeps", sweep)))


@sweeps.command(cls=Command)
@sweep_argument
@click.option("--status", metavar="STATUS[,STATUS]", help="Only these, such as failed,unsubmitted.")
@refresh_option
@pass_session
def points(session: Session, sweep: int, status: str | None, refresh: bool) -> None:
    """List the points of a sweep: the answers that are their own, and what became of them.

    \b
    Example:
        jobbergate sweeps points 12 --status failed,timeout --refresh
    """
    from cli.client import at
    from cli.sweep_jobs import refreshed

    if refresh:
        refreshed(session, sweep)
    variables = session.client.get(at("sweeps", sweep))["variables"]
    rows = list(session.client.pages(at("sweeps", sweep, "points"), status=status))
    # A variable may be called as a column is.
    titles = {name: name if name not in (*BEFORE, *BEHIND, "id", "answers") else f"answer {name}" for name in variables}
    flat = [{**row, **{titles[name]: value for name, value in row["answers"].items()}} for row in rows]
    table = (BEFORE[0], *titles.values(), BEFORE[1], *BEHIND)
    shown = flat if session.output.format in ("table", "csv") else rows
    session.output.rows(shown, table=table, fields=table, named_by="id", nothing="There are no such points.")


@sweeps.command(cls=Command)
@sweep_argument
@queued_option
@click.option("--array-limit", type=click.IntRange(min=1), metavar="N", help="Of an array, at most N tasks at a time.")
@click.option("--single", is_flag=True, help="Single jobs, even where an array could be.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Which cluster it goes to.")
@click.option("-d", "--execution-directory", metavar="DIRECTORY", help="Where the points get a directory each.")
@click.option("--wait", is_flag=True, help="Wait for all of it to end; exit code 0 only if all points completed.")
@click.argument("sbatch_arguments", nargs=-1, metavar="[-- SBATCH_ARGUMENTS]")
@click.pass_context
@pass_session
def submit(
    session: Session,
    ctx: click.Context,
    sweep: int,
    max_queued: int | None,
    array_limit: int | None,
    single: bool,
    cluster: str | None,
    execution_directory: str | None,
    wait: bool,
    sbatch_arguments: tuple[str, ...],
) -> None:
    """Submit a sweep: as Slurm arrays where that can be, else as single jobs. Once more goes on with what is left.

    \b
    Example:
        jobbergate sweeps submit 12 --wait
        jobbergate sweeps submit 12 --max-queued 20 -d /scratch/me/sweep -- --time=10
    """
    from cli.submitting import Destination
    from cli.sweep_jobs import Manner
    from cli.sweep_jobs import submit as bring

    destination = Destination(cluster, execution_directory, sbatch_arguments)
    row = bring(session, sweep, destination, Manner(max_queued, array_limit, single))
    end(session, ctx, row, wait=wait)


def end(session: Session, ctx: click.Context, row: dict[str, Any], *, wait: bool) -> None:
    from cli.sweep_jobs import completed, described, wait_for_end

    if wait:
        row = wait_for_end(session, row)
    session.output.talk(f"Sweep {row['id']}: {described(row)}.")
    session.output.row(row)
    if row["states"].get("rejected") or (wait and not completed(row)):
        ctx.exit(1)


@sweeps.command(cls=Command)
@sweep_argument
@pass_session
def cancel(session: Session, sweep: int) -> None:
    """Cancel all points of a sweep that have not ended.

    On a login node scancel is called here; elsewhere the cluster's agent does it.

    \b
    Example:
        jobbergate sweeps cancel 12
    """
    from cli.sweep_jobs import cancel as cancel_all

    session.output.row(cancel_all(session, sweep))


@sweeps.command(cls=Command)
@sweep_argument
@click.option("--failed", is_flag=True, default=True, help="Those that ended and did not complete; the default.")
@click.option("--wait", is_flag=True, help="Wait for all of it to end; exit code 0 only if all points completed.")
@click.pass_context
@pass_session
def resubmit(session: Session, ctx: click.Context, sweep: int, failed: bool, wait: bool) -> None:
    """Submit the points once more that ended and did not complete, the cancelled ones too.

    \b
    Example:
        jobbergate sweeps resubmit 12 --failed
    """
    from cli.sweep_jobs import resubmit as bring

    end(session, ctx, bring(session, sweep), wait=wait)


@sweeps.command(cls=Command)
@sweep_argument
@click.option("-n", "--name", help="Its new name.")
@click.option("--description", help="Its new description.")
@queued_option
@click.option("--archive/--unarchive", "archived", default=None, help="Hide it from listings, or show it again.")
@pass_session
def update(
    session: Session,
    sweep: int,
    name: str | None,
    description: str | None,
    max_queued: int | None,
    archived: bool | None,
) -> None:
    """Change the name, the description or the bound of a sweep.

    \b
    Example:
        jobbergate sweeps update 12 --name "Grid study" --archive
    """
    from cli.client import at
    from cli.publishing import changes, refuse_no_change

    new = changes(name=name, description=description, is_archived=archived, max_queued=max_queued)
    refuse_no_change(new, "--name, --description, --max-queued, --archive or --unarchive")
    session.output.row(session.client.patch(at("sweeps", sweep), new))


@sweeps.command(cls=Command)
@sweep_argument
@pass_session
def delete(session: Session, sweep: int) -> None:
    """Delete a sweep with all its job scripts, unless it was submitted.

    \b
    Example:
        jobbergate sweeps delete 12
    """
    from cli.client import at

    session.client.delete(at("sweeps", sweep))
    session.output.gone("sweep", {"id": sweep})


@sweeps.command(cls=Command)
@sweep_argument
@click.option(
    "-d",
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Where to; the current directory by default.",
)
@click.option("--force", is_flag=True, help="Overwrite files that differ.")
@pass_session
def download(session: Session, sweep: int, directory: Path, force: bool) -> None:
    """Write the files of each point into a directory of its own, `points/N`.

    \b
    Example:
        jobbergate sweeps download 12 -d ./sweep-12
    """
    from cli.client import at
    from cli.folder import read_archive, write_files

    rows = list(session.client.pages(at("sweeps", sweep, "points")))
    written = []
    with session.output.bar("Downloading") as move:
        for done, row in enumerate(rows):
            move(done, len(rows), "")
            place = directory / "points" / str(row["point"])
            archive = session.client.download(at("job-scripts", row["id"], "archive"))
            written += write_files(read_archive(archive), place, force=force)
    session.output.talk(f"{len(written)} files written to {directory}.")
    shown = [{"path": str(path), "size": path.stat().st_size} for path in written]
    session.output.rows(shown, table=columns("path size"), fields=columns("path size"), named_by="path")
