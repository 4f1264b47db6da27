"""The program `jobbergate`: what it is made of, and how every error becomes one sentence and an exit code.

`--help` and completion must be instant, so a noun's module is imported only when the noun is called, and a
collaborator (requests, rich, yaml, questionary) only where it is used.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from cli.errors import CliError
from cli.output import printable
from cli.session import Session, output_option, server_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

# name: (module, attribute, the first line of its help)
COMMANDS = {
    "login": ("cli.commands.login", "login", "Sign in, and stay signed in."),
    "logout": ("cli.commands.login", "logout", "Revoke and forget this sign-in."),
    "whoami": ("cli.commands.login", "whoami", "Show who is signed in, and where."),
    "applications": ("cli.commands.applications", "applications", "Recipes for job scripts."),
    "job-scripts": ("cli.commands.job_scripts", "job_scripts", "Scripts made from applications and answers."),
    "sweeps": ("cli.commands.sweeps", "sweeps", "Many sets of answers, made and submitted together."),
    "job-submissions": ("cli.commands.job_submissions", "job_submissions", "Scripts handed to Slurm, and their fate."),
    "clusters": ("cli.commands.clusters", "clusters", "Slurm clusters that this server knows."),
    "agent": ("cli.commands.agent", "agent", "Submit and watch for this login node's cluster."),
    "run": ("cli.commands.run", "run", "Make a job script and submit it."),
    "completion": ("cli.commands.completion", "completion", "Print the completion script of a shell."),
}

# As a shell reports programs that were stopped by SIGINT, and by SIGPIPE.
INTERRUPTED = 130
BROKEN_PIPE = 141


class Program(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        from click.shell_completion import CompletionItem

        names = [(name, summary) for name, (_, _, summary) in COMMANDS.items() if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=summary) for name, summary in names] + options

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has seen enough. What is still buffered must not fail again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(BROKEN_PIPE)
        return result

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(self._exit_code(args, prog_name, complete_var, **extra))

    def _exit_code(
        self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, **extra: Any
    ) -> int:
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            return error.exit_code
        except click.UsageError as error:
            where = f" See `{error.ctx.command_path} --help`." if error.ctx else ""
            return _refuse(f"{error.format_message()}{where}", error.exit_code)
        except click.ClickException as error:
            return _refuse(error.format_message(), error.exit_code)
        except CliError as error:
            return _refuse(str(error), error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            return _refuse("Stopped.", INTERRUPTED)
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            return _refuse(f"{named}{error.strerror or error}.", CliError.exit_code)
        # A command ends by itself with nothing, or by `ctx.exit(code)`, which arrives here as that number.
        return result if isinstance(result, int) else 0


def _refuse(sentence: str, code: int) -> int:
    click.echo("Error: " + printable(sentence), err=True)
    return code


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"jobbergate {version('jobbergate')}")
    ctx.exit()


@click.command(
    cls=Program,
    params=[
        server_option(),
        output_option(),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Show the version and exit.",
        ),
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def jobbergate(ctx: click.Context, server: str | None, output: str | None) -> None:
    """Turn applications into job scripts, hand them to Slurm, and follow them to their end.

    \b
    Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not signed in,
    4 the server cannot be reached, 130 stopped.

    \b
    Example:
        jobbergate login --server https://jobbergate.example.org
        jobbergate run my-application --wait
    """
    ctx.obj = session = Session(server, output)
    ctx.call_on_close(session.close)


def main() -> None:
    # A name that the terminal cannot show is shown by its code; it must not end the command.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    jobbergate(prog_name="jobbergate")


if __name__ == "__main__":
    main()
