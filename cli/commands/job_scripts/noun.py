"""The noun, and what several of its verbs take."""

from __future__ import annotations

import click

from cli import completing
from cli.session import Noun

script_argument = click.argument("script", metavar="ID", type=int, shell_complete=completing.job_scripts)
scripts_argument = click.argument(
    "scripts", metavar="ID...", type=int, nargs=-1, required=True, shell_complete=completing.job_scripts
)
path_argument = click.argument("path", shell_complete=completing.script_files)
force_option = click.option("--force", is_flag=True, help="Overwrite files that differ.")


@click.group(cls=Noun)
def job_scripts() -> None:
    """Scripts made from applications and answers.

    \b
    Example:
        jobbergate job-scripts create my-application -a nodes=2 --fast
        jobbergate job-scripts download 12
    """
