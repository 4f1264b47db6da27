"""Submissions followed: waited for, watched, their output read."""

from __future__ import annotations

import re
from typing import Any

import click

from cli import completing
from cli.commands.job_submissions.noun import (
    FIELDS,
    TABLE,
    job_submissions,
    some_submissions_argument,
    submission_argument,
    submissions_argument,
)
from cli.errors import UsageProblem
from cli.listing import columns, fetch, listing_options
from cli.session import Command, Session, pass_session

WATCHED = columns("id name status reason slurm_job_id started_at")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic in some versions of click alone
    """Seconds, or a number with a unit."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, str]:
        found = re.fullmatch(r"(\d{1,9})([smhd]?)", str(value))
        if found is None:
            self.fail(f"{value!r} is not accepted; give seconds, or such as 90s, 10m, 2h.", param, ctx)
        return float(int(found[1]) * UNITS[found[2]]), f"{value}{'' if found[2] else ' s'}"


@job_submissions.command(cls=Command)
@submissions_argument
@click.option("--timeout", type=Duration(), metavar="SECONDS", help="Wait no longer; also 10m or 2h.")
@click.pass_context
@pass_session
def wait(session: Session, ctx: click.Context, submissions: tuple[int, ...], timeout: tuple[float, str] | None) -> None:
    """Wait until submissions have ended; exit code 0 only if all of them completed.

    Ctrl-C, and a timeout, leave the jobs alone.

    \b
    Example:
        jobbergate job-submissions wait 31 32 --timeout 2h
    """
    from cli.following import describe_end, describe_unended, is_final, looked_at, wait_for_all
    from cli.submitting import submissions_of

    rows = submissions_of(session, submissions)
    try:
        rows = wait_for_all(session, looked_at(session, rows), timeout[0] if timeout else None)
    except KeyboardInterrupt:
        session.output.talk("The jobs go on; only the waiting has ended.")
        raise
    for row in filter(is_final, rows):
        session.output.talk(describe_end(row))
    if timeout and not all(map(is_final, rows)):
        session.output.talk(describe_unended(rows, timeout[1]))
    if len(rows) == 1:
        session.output.row(rows[0])
    else:
        session.output.rows(rows, table=TABLE, fields=FIELDS)
    if any(row["status"] != "completed" for row in rows):
        ctx.exit(1)


@job_submissions.command(cls=Command)
@some_submissions_argument
@listing_options(archived=True)
@click.option("--status", metavar="STATUS[,STATUS]", help="Only these, such as running,pending.")
@click.option("--job-script", metavar="ID", type=int, help="Only those of this job script.")
@click.option("--cluster", metavar="NAME", shell_complete=completing.clusters, help="Only those for this cluster.")
@click.option("--sweep", metavar="ID", type=int, shell_complete=completing.sweeps, help="Only those of this sweep.")
@pass_session
def watch(
    session: Session,
    /,
    submissions: tuple[int, ...],
    status: str | None,
    job_script: int | None,
    cluster: str | None,
    sweep: int | None,
    **listing: Any,
) -> None:
    """Watch submissions until all of them have ended: a table that lives, or a line for each change.

    Without ids those that have not ended when you begin, as options select them. Ctrl-C leaves the jobs alone.

    \b
    Example:
        jobbergate job-submissions watch --mine
        jobbergate job-submissions watch 31 32 | tee changes
    """
    from cli.following import looked_at
    from cli.following import watch as follow
    from cli.submitting import submissions_of

    filters: dict[str, Any] = {"status": status, "job_script": job_script, "cluster": cluster, "sweep": sweep}
    if submissions and any(value is not None for value in filters.values()):
        raise UsageProblem("Name submissions by their ids or by options, and not by both.")
    if submissions:
        rows = submissions_of(session, submissions)
    else:
        rows = fetch(session, "/api/job-submissions/", unfinished=True, **filters, **listing)
    if not rows:
        return session.output.talk("There are no such submissions that have not ended.")
    follow(session, looked_at(session, rows), WATCHED)


@job_submissions.command(cls=Command)
@submission_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option("--stderr", "stream", flag_value="stderr", default="stdout", help="The error output.")
@click.option("--task", type=click.IntRange(min=0), metavar="INDEX", help="Of which task of an array.")
@click.option("--lines", type=click.IntRange(min=0), metavar="N", help="The last N lines only.")
@pass_session
def log(session: Session, submission: int, follow: bool, stream: str, task: int | None, lines: int | None) -> None:
    """Print the output of a submission's job.

    On a login node your own jobs' files are read here; else the cluster's agent reads the end of them.

    \b
    Example:
        jobbergate job-submissions log 31 --follow
        jobbergate job-submissions log 31 --task 3 --stderr --lines 20
    """
    from cli.following import looked_at
    from cli.submitting import submission_of
    from cli.tailing import log as print_log

    row = looked_at(session, [submission_of(session, submission)])[0]
    try:
        print_log(session, row, stream, task, lines, follow=follow)
    except KeyboardInterrupt:
        if follow:
            session.output.talk("The job goes on; only the following has ended.")
        raise
