"""The script that teaches a shell to complete `jobbergate`."""

from __future__ import annotations

import click

from cli.session import Command, Session, pass_session


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
@pass_session
def completion(session: Session, ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    Load it from the shell's start file; then commands, options, applications and ids complete with the Tab key.

    \b
    Example:
        echo 'eval "$(jobbergate completion bash)"' >> ~/.bashrc
        echo 'eval "$(jobbergate completion zsh)"' >> ~/.zshrc
        jobbergate completion fish > ~/.config/fish/completions/jobbergate.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells of the argument"  # noqa: S101
    script = kind(ctx.find_root().command, {}, "jobbergate", "_JOBBERGATE_COMPLETE").source()
    session.output.text(script + "\n")
