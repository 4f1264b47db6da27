"""What sbatch will make of a script's directives, before it is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import completing
from cli.commands.job_scripts.noun import job_scripts
from cli.errors import CliError
from cli.listing import columns
from cli.session import Command, Session, pass_session

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = columns("line severity code message suggestion")


@job_scripts.command(cls=Command)
@click.argument("script", metavar="FILE|ID", shell_complete=completing.job_scripts_and_files)
@click.option("--slurm-version", metavar="VERSION", help="As this Slurm reads it, such as 23.11.")
@click.option("--environment", is_flag=True, help="With the SBATCH_* variables that are set here.")
@click.argument("sbatch_arguments", nargs=-1, metavar="[-- SBATCH_ARGUMENTS]")
@click.pass_context
@pass_session
def check(
    session: Session,
    ctx: click.Context,
    script: str,
    slurm_version: str | None,
    environment: bool,
    sbatch_arguments: tuple[str, ...],
) -> None:
    """Show what is wrong with a script's directives, and what they ask of Slurm.

    It ends with 1 where sbatch would refuse the script.

    \b
    Example:
        jobbergate job-scripts check job.sh
        jobbergate job-scripts check 12 -- --nodes=4
    """
    from cli.findings import show_findings, show_resources

    body: dict[str, Any] = {"sbatch_arguments": list(sbatch_arguments)}
    if slurm_version:
        body["slurm_version"] = slurm_version
    if environment:
        body["environment"] = sbatch_variables(os.environ)
    found, file = _checked(session, script, body)
    if session.output.format in ("csv", "id"):
        session.output.rows(found["findings"], table=FIELDS, fields=FIELDS, named_by="code")
    elif session.output.format != "table":
        session.output.row(found)
    else:
        show_findings(session, found["findings"], file)
        show_resources(session, found["resources"])
    if any(finding["severity"] == "error" for finding in found["findings"]):
        ctx.exit(1)


def sbatch_variables(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("SBATCH_")}


def _checked(session: Session, script: str, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A file of that name comes before an id, as nothing else than a path could mean it."""
    from cli.client import at
    from cli.folder import read_file

    path = Path(script)
    if path.is_file():
        content = read_file(path, script).decode("utf-8", "replace")
        if "\0" in content:
            raise CliError(f"{script} has a NUL character in it; sbatch takes no such script.")
        return session.client.post(at("job-scripts", "check"), {**body, "content": content}), script
    if not (script.isascii() and script.isdecimal()):
        raise CliError(f"{script} is neither a file nor the id of a job script.")
    found: dict[str, Any] = session.client.post(at("job-scripts", script, "check"), body)
    return found, found["entrypoint"]
