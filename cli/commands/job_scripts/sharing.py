"""Whom a job script is shared with."""

from __future__ import annotations

from cli.commands.job_scripts.noun import job_scripts, script_argument
from cli.session import Command, Session, pass_session
from cli.sharing import editor_option, with_whom, with_whom_no_more


@job_scripts.command(cls=Command)
@script_argument
@with_whom
@editor_option
@pass_session
def share(session: Session, script: int, users: tuple[str, ...], groups: tuple[str, ...], editor: bool) -> None:
    """Share a job script with people and groups.

    A reader downloads, clones and submits it. An editor changes its files and its name too. Who is named again in
    another role has that one from then on.

    \b
    Example:
        jobbergate job-scripts share 12 --user bob --group cfd
        jobbergate job-scripts share 12 --user bob --editor
    """
    from cli.client import at
    from cli.sharing import share_with, show_shared

    show_shared(session, *share_with(session, at("job-scripts", script, "shares"), users, groups, editor=editor))


@job_scripts.command(cls=Command)
@script_argument
@with_whom_no_more
@pass_session
def unshare(session: Session, script: int, users: tuple[str, ...], groups: tuple[str, ...]) -> None:
    """Share a job script no more with people and groups.

    \b
    Example:
        jobbergate job-scripts unshare 12 --user bob
    """
    from cli import sharing
    from cli.client import at

    sharing.unshare(session, at("job-scripts", script, "shares"), users, groups, "job-scripts")


@job_scripts.command(cls=Command)
@script_argument
@pass_session
def shares(session: Session, script: int) -> None:
    """List whom a job script is shared with.

    \b
    Example:
        jobbergate job-scripts shares 12
    """
    from cli.client import at
    from cli.sharing import list_shares

    list_shares(session, at("job-scripts", script, "shares"))
