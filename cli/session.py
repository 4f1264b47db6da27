"""What a command works with: the settings, the client and the output, each made when it is first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from cli.output import FORMATS, Output

if TYPE_CHECKING:
    from cli.client import Client
    from cli.config import Settings


class Session:
    def __init__(self, server: str | None = None, output_format: str | None = None) -> None:
        self.server_option = server
        self.output_format = output_format
        self._clients: list[Client] = []

    @cached_property
    def settings(self) -> Settings:
        from cli.config import read_settings

        return read_settings(self.server_option)

    @cached_property
    def output(self) -> Output:
        return Output(self.output_format or "table")

    @cached_property
    def client(self) -> Client:
        return self.new_client()

    def new_client(self, *, timeout: float | None = None) -> Client:
        from cli.client import Client

        settings = self.settings
        client = Client(
            settings.server,
            settings.tokens,
            username=settings.username,
            credentials=settings.credentials,
            timeout=timeout,
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()


pass_session = click.make_pass_decorator(Session)


def output_option(**extra: Any) -> click.Option:
    return click.Option(
        ["-o", "--output"], type=click.Choice(FORMATS), help="Format of the data on standard output.", **extra
    )


def server_option(**extra: Any) -> click.Option:
    return click.Option(["--server"], metavar="URL", help="The server to speak to.", **extra)


class Command(click.Command):
    """A command that takes `--output` and `--server` as the program itself does, and prefers its own."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += [
            output_option(expose_value=False, callback=_prefer_format),
            server_option(expose_value=False, callback=_prefer_server),
        ]


class Noun(click.Group):
    """`jobbergate NOUN VERB`."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the file, which is the order of a row's life."""
        return list(self.commands)


def _prefer_format(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    session = context.find_object(Session)
    if value and session:
        session.output_format = value
    return value


def _prefer_server(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    session = context.find_object(Session)
    if value and session:
        session.server_option = value
    return value
