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

_CHANGES = (
    click.option("-n", "--name", help="The script's name."),
    click.option("--description", help="What this script is for."),
    click.option(
        "-p", "--sbatch-parameter", "sbatch_parameters", multiple=True, help="An option of sbatch, such as --time=10."
    ),
    click.option("--answers", "answers_file", metavar="FILE", help="Answers as JSON or YAML; - is standard input."),
    click.option("-a", "--answer", "pairs", multiple=True, metavar="KEY=VALUE", help="One answer."),
    click.option("--fast", is_flag=True, help="Take every default; ask only what has none."),
    click.option("--trust", is_flag=True, help="Run the application's jobbergate.py without asking."),
    click.option("--force", is_flag=True, help="Make it although sbatch would refuse its directives."),
)
_VERSION = click.option("--version", type=click.IntRange(min=1), metavar="N", help="A version; the latest by default.")


def change_options(command: Any) -> Any:
    """The options of every command that makes a script from another one."""
    for option in reversed(_CHANGES):
        command = option(command)
    return command


def answer_options(command: Any) -> Any:
    """The options of every command that makes a script from an application."""
    return change_options(_VERSION(command))


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
    force: bool


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
    with trusted_folder(session, row, version, trust=wishes.trust) as folder:
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


@dataclass(frozen=True)
class Changes:
    """What is to be another when a script is rendered again; its fields are named as the options are."""

    name: str | None
    description: str | None
    sbatch_parameters: tuple[str, ...]
    answers_file: str | None
    pairs: tuple[str, ...]
    fast: bool
    trust: bool
    force: bool
    latest: bool


def copy_script(session: Session, number: int, changes: Changes) -> dict[str, Any]:
    """The files as they are, unless something is to be rendered differently."""
    from cli.client import at

    if changes.answers_file or changes.pairs or changes.sbatch_parameters:
        return render_again(session, number, changes)
    copy = session.client.create(at("job-scripts", number, "clone"), wanted(changes))
    show_warnings(session, copy)
    return copy


def render_again(session: Session, number: int, changes: Changes) -> dict[str, Any]:
    from cli.client import at

    body = prepare_again(session, session.client.get(at("job-scripts", number)), changes)
    with session.output.progress("Rendering"):
        script = session.client.create(at("job-scripts", number, "rerun"), body)
    show_warnings(session, script)
    return script


def prepare_again(session: Session, script: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """The body of `rerun`. An application's code runs again where it may give something else than it did before."""
    from cli.asking import read_answers
    from cli.client import at
    from cli.workflow import run_application

    answers = read_answers(changes.answers_file, changes.pairs)
    body = {**wanted(changes), "answers": answers, "latest": changes.latest}
    if changes.sbatch_parameters:
        # sbatch takes the last value that it meets.
        body["sbatch_parameters"] = [*script["sbatch_parameters"], *changes.sbatch_parameters]
    if script["computed"] is None or not (answers or changes.latest):
        return body
    if script["application"] is None:
        raise CliError(f"The application of script {script['id']} was deleted, so its code cannot run again.")
    row = session.client.get(at("applications", script["application"]))
    number = "latest" if changes.latest else script["version"]
    version = session.client.get(at("applications", row["id"], "versions", number))
    with trusted_folder(session, row, version, trust=changes.trust) as folder:
        supplied = {**script["answers"], **answers}
        outcome = run_application(folder, supplied, fast=changes.fast, asker=asker_for())
    return {**body, "answers": outcome.answers, "computed": outcome.computed}


def create_script(session: Session, application: str, wishes: Wishes) -> dict[str, Any]:
    body = prepare(session, application, wishes)
    with session.output.progress("Rendering"):
        script = session.client.create("/api/job-scripts/", body)
    show_warnings(session, script)
    return script


def show_warnings(session: Session, script: dict[str, Any]) -> None:
    for warning in script["warnings"]:
        session.output.warn(warning["message"])
    show_serious(session, script)


def show_serious(session: Session, script: dict[str, Any]) -> None:
    from cli.findings import show_findings

    # Notes are for `check`: what was meant needs no mention each time.
    serious = [finding for finding in script["findings"] if finding["severity"] != "note"]
    show_findings(session, serious, script["entrypoint"], talk=True)


def wanted(wishes: Wishes | Changes) -> dict[str, Any]:
    body: dict[str, Any] = {"force": True} if wishes.force else {}
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
def trusted_folder(session: Session, row: dict[str, Any], version: dict[str, Any], *, trust: bool) -> Iterator[Path]:
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
    if not may_run(session, content, purpose=purpose, trust=trust):
        raise CliError(
            f"{named} runs its own code on this machine, and version {version['number']} of {row['owner']} "
            f"(sha256 {content.sha256[:16]}…) is not trusted yet; read it (`jobbergate applications download "
            f"{row['id']}`), then add --trust or answer at a terminal.{about_earlier(session, content)}"
        )
    with laid_out(content.files) as folder:
        yield folder
