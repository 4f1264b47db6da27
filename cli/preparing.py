"""From an application and a person's answers to the body of one request: what `job-scripts create` sends."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cli.errors import CliError
from cli.output import on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cli.asking import Asker
    from cli.session import Session

_OPTIONS = (
    click.option("-n", "--name", help="The script's name."),
    click.option("--description", help="What this script is for."),
    click.option("--version", type=click.IntRange(min=1), metavar="N", help="A version; the latest by default."),
    click.option(
        "-p", "--sbatch-parameter", "sbatch_parameters", multiple=True, help="An option of sbatch, such as --time=10."
    ),
    click.option("--answers", "answers_file", metavar="FILE", help="Answers as JSON or YAML; - is standard input."),
    click.option("-a", "--answer", "pairs", multiple=True, metavar="KEY=VALUE", help="One answer."),
    click.option("--fast", is_flag=True, help="Take every default; ask only what has none."),
    click.option("--trust", is_flag=True, help="Run the application's jobbergate.py without asking."),
)


def answer_options(command: Any) -> Any:
    """The options of every command that makes a script from an application."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Wishes:
    """What the options say; its fields are named as the options are."""

    name: str | None
    description: str | None
    version: int | None
    sbatch_parameters: tuple[str, ...]
    answers_file: str | None
    pairs: tuple[str, ...]
    fast: bool
    trust: bool


def prepare(session: Session, application: str, wishes: Wishes) -> dict[str, Any]:
    """Ask what is still to be answered, and run the application's own code where it has some and is trusted."""
    from cli.asking import answer_form, read_answers
    from cli.workflow import run_application

    supplied = read_answers(wishes.answers_file, wishes.pairs)
    row, version = found(session, application, wishes)
    body = {"application": row["id"], "version": version["number"], **wanted(wishes)}
    if version["kind"] == "declarative":
        form = version["form"]
        answers = answer_form(form, supplied, fast=wishes.fast, asker=asker_for(form.get("sections", ())))
        return {**body, "answers": answers}
    with trusted_folder(session, row, version, wishes) as folder:
        outcome = run_application(folder, supplied, fast=wishes.fast, asker=asker_for())
    if "name" not in body and isinstance(named := outcome.config.get("job_script_name"), str) and named:
        body["name"] = named
    return {**body, "answers": outcome.answers, "computed": outcome.computed}


def found(session: Session, application: str, wishes: Wishes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The application and the version that are meant."""
    from cli.client import at

    row = session.client.get(at("applications", application))
    if row["is_archived"]:
        back = f"`jobbergate applications unarchive {row['identifier'] or row['id']}` brings it back"
        raise CliError(f"{on_one_line(row['name'])} is archived; {back}.")
    return row, session.client.get(at("applications", row["id"], "versions", wishes.version or "latest"))


def create_script(session: Session, application: str, wishes: Wishes) -> dict[str, Any]:
    body = prepare(session, application, wishes)
    with session.output.progress("Rendering"):
        script = session.client.create("/api/job-scripts/", body)
    show_warnings(session, script)
    return script


def show_warnings(session: Session, script: dict[str, Any]) -> None:
    for warning in script["warnings"]:
        session.output.warn(warning["message"])


def wanted(wishes: Wishes) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if wishes.name:
        body["name"] = wishes.name
    if wishes.description:
        body["description"] = wishes.description
    if wishes.sbatch_parameters:
        body["sbatch_parameters"] = list(wishes.sbatch_parameters)
    return body


def asker_for(sections: Sequence[Mapping[str, str]] = ()) -> Asker:
    from cli.asking import NobodyToAsk, TerminalAsker

    return TerminalAsker(sections) if sys.stdin.isatty() else NobodyToAsk()


@contextmanager
def trusted_folder(session: Session, row: dict[str, Any], version: dict[str, Any], wishes: Wishes) -> Iterator[Path]:
    """The version's files, to run its jobbergate.py: exactly what the server named and its user trusts."""
    from cli.client import at
    from cli.folder import laid_out, read_archive
    from cli.trust import Content
    from cli.trusting import about_earlier, may_run

    named = on_one_line(row["identifier"] or row["name"])
    with session.output.progress("Downloading the application"):
        archive = session.client.download(at("applications", row["id"], "versions", version["number"], "archive"))
    content = Content(
        read_archive(archive),
        named,
        row["owner"],
        version["number"],
        server=session.settings.server,
        application_id=row["id"],
    )
    if content.sha256 != version["sha256"]:
        raise CliError(
            f"The files of {named} are not those of version {version['number']}: their sha256 is {content.sha256}."
        )
    purpose = "This application runs its own code on this machine, with your rights."
    if not may_run(session, content, purpose=purpose, trust=wishes.trust):
        raise CliError(
            f"{named} runs its own code on this machine, and version {version['number']} of {row['owner']} "
            f"(sha256 {content.sha256[:16]}…) is not trusted yet; read it (`jobbergate applications download "
            f"{row['id']}`), then add --trust or answer at a terminal.{about_earlier(session, content)}"
        )
    with laid_out(content.files) as folder:
        yield folder
