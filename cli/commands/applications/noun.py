"""The noun, and what several of its verbs take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import completing
from cli.session import Noun

if TYPE_CHECKING:
    from collections.abc import Callable

VISIBILITIES = ("private", "shared", "public")

application_argument = click.argument("application", shell_complete=completing.applications)
applications_argument = click.argument(
    "names", metavar="APPLICATION...", nargs=-1, required=True, shell_complete=completing.applications
)
visibility_option = click.option(
    "--visibility",
    type=click.Choice(VISIBILITIES),
    help="Who sees it beside you, its editors and staff: nobody, its readers, or everybody.",
)
note_option = click.option("--note", help="What is new in this version.")
trust_option = click.option("--trust", is_flag=True, help="Run the folder's jobbergate.py without asking.")
force_option = click.option("--force", is_flag=True, help="Publish although its own tests fail; its note says so.")


def tag_option(help: str) -> Callable[[Any], Any]:
    return click.option(
        "--tag", "tags", metavar="TAG", multiple=True, shell_complete=completing.tags, help=f"{help} May be repeated."
    )


@click.group(cls=Noun)
def applications() -> None:
    """Recipes for job scripts.

    An application is named by its id or by its identifier.

    \b
    Example:
        jobbergate applications list --mine
        jobbergate applications create ./my-application --identifier my-application
    """
