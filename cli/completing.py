"""Values that a shell completes from the server: quickly or not at all, and never with an error message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.shell_completion import CompletionItem

from cli.errors import CliError
from cli.output import printable
from cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from cli.client import Client

# Somebody holds the Tab key down meanwhile.
SECONDS = 2.0
OFFERED = 100


def applications(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    rows = _rows(ctx, "/api/applications/", search=incomplete or None)
    return _offers({row["identifier"] or row["id"]: row["name"] for row in rows}, incomplete)


def tags(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    rows = _rows(ctx, "/api/applications/", search=f"#{incomplete.casefold()}")
    return _offers(dict.fromkeys(sorted({tag for row in rows for tag in row["tags"]}), ""), incomplete.casefold())


def versions(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    rows = _rows_of_application(ctx, "versions")
    return _offers({row["number"]: row["note"] for row in rows}, incomplete)


def sharing_users(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return _sharing(ctx, "user", incomplete)


def sharing_groups(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return _sharing(ctx, "group", incomplete)


def job_scripts(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    rows = _rows(ctx, "/api/job-scripts/", owner="me")
    return _offers({row["id"]: row["name"] for row in rows}, incomplete)


def job_scripts_and_files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return [*job_scripts(ctx, parameter, incomplete), CompletionItem(incomplete, type="file")]


def sweeps(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    rows = _rows(ctx, "/api/sweeps/", owner="me")
    return _offers({row["id"]: f"{row['name']} ({row['points']} points)" for row in rows}, incomplete)


def script_files(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    script = _named(ctx, "script")
    found = _asked(ctx, lambda client: client.get(f"/api/job-scripts/{script}/")["files"]) if script else []
    return _offers({row["path"]: "" for row in found}, incomplete)


def job_submissions(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    rows = _rows(ctx, "/api/job-submissions/", owner="me")
    return _offers({row["id"]: f"{row['name']} ({row['status']})" for row in rows}, incomplete)


def clusters(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return _offers({row["name"]: row["description"] for row in _rows(ctx, "/api/clusters/")}, incomplete)


def _rows(ctx: click.Context, path: str, **params: Any) -> list[dict[str, Any]]:
    return _asked(ctx, lambda client: list(client.pages(path, limit=OFFERED, **params)))


def _asked(ctx: click.Context, ask: Callable[[Client], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    session = Session(ctx.find_root().params.get("server"))
    try:
        return ask(session.new_client(timeout=SECONDS))
    except (CliError, OSError):
        return []
    finally:
        session.close()


def _sharing(ctx: click.Context, kind: str, incomplete: str) -> list[CompletionItem[str]]:
    script = _named(ctx, "script") if "script" in _parameters(ctx) else None
    rows = _rows(ctx, f"/api/job-scripts/{script}/shares/") if script else _rows_of_application(ctx, "shares")
    return _offers({row[kind]: row["role"] for row in rows if row[kind]}, incomplete)


def _rows_of_application(ctx: click.Context, what: str) -> list[dict[str, Any]]:
    """Of the application that the line names already."""
    application = _named(ctx, "application")
    return _rows(ctx, f"/api/applications/{application}/{what}/") if application else []


def _named(ctx: click.Context, parameter: str) -> str:
    """What the line names already, for a path; empty where it names nothing."""
    from urllib.parse import quote

    # Behind an option that still waits for its value click has read words, and not yet what each of them is.
    return quote(str(ctx.params.get(parameter) or next(iter(ctx.args), "")), safe="")


def _parameters(ctx: click.Context) -> set[str | None]:
    return {parameter.name for parameter in ctx.command.params}


def _offers(names: dict[Any, str], incomplete: str) -> list[CompletionItem[str]]:
    texts = {str(name): " ".join(printable(text or "").split()) for name, text in names.items()}
    return [CompletionItem(name, help=text or None) for name, text in texts.items() if name.startswith(incomplete)]
