"""The noun, and what several of its verbs take."""

from __future__ import annotations

import click

from cli import completing
from cli.session import Noun

application_argument = click.argument("application", shell_complete=completing.applications)
visibility_option = click.option(
    "--private/--public", "private", default=None, help="Who may see it: you alone, or everybody who is signed in."
)
note_option = click.option("--note", help="What is new in this version.")
trust_option = click.option("--trust", is_flag=True, help="Run the folder's jobbergate.py without asking.")
force_option = click.option("--force", is_flag=True, help="Publish although its own tests fail; its note says so.")


@click.group(cls=Noun)
def applications() -> None:
    """Recipes for job scripts.

    An application is named by its id or by its identifier.

    \b
    Example:
        jobbergate applications list --mine
        jobbergate applications create ./my-application --identifier my-application
    """
