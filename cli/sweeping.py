"""From an application and several values of an answer to one request that makes a sweep."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cli.errors import CliError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.asking import Asker
    from cli.points import Points
    from cli.preparing import Wishes
    from cli.session import Session

_OPTIONS = (
    click.option("--sweep", is_flag=True, help="A script for every combination: -a nodes=1,2,4 -a solver=cg,gmres."),
    click.option("--zip", "side_by_side", is_flag=True, help="A sweep of the first values, of the second ones, …"),
    click.option("--sweep-file", metavar="FILE", help="A sweep of the points in a CSV, JSON or YAML file."),
    click.option(
        "--max-queued",
        type=click.IntRange(min=1),
        metavar="N",
        help="Of a sweep's jobs, at most N in the queue.",
    ),
)


def sweep_options(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class SweepWishes:
    """What the options say; its fields are named as the options are."""

    sweep: bool
    side_by_side: bool
    sweep_file: str | None
    max_queued: int | None

    @property
    def wanted(self) -> bool:
        return self.sweep or self.side_by_side or self.sweep_file is not None

    def check(self) -> None:
        if self.side_by_side and self.sweep_file is not None:
            raise UsageProblem("A file has its points side by side already; leave out --zip.")
        if self.max_queued is not None and not self.wanted:
            raise UsageProblem("--max-queued goes with --sweep, --zip or --sweep-file.")


def create_sweep(session: Session, application: str, wishes: Wishes, how: SweepWishes) -> dict[str, Any]:
    from cli.preparing import found, wanted

    points = points_of(wishes, how)
    row, version = found(session, application, wishes)
    body = {"application": row["id"], "version": version["number"], **wanted(wishes)}
    if how.max_queued is not None:
        body["max_queued"] = how.max_queued
    body["points"] = list(answered(session, row, version, wishes, points))
    with session.output.progress(f"Rendering {len(body['points'])} scripts"):
        sweep: dict[str, Any] = session.client.create("/api/sweeps/", body)
    show_warnings_of_first(session, sweep)
    return sweep


def show_warnings_of_first(session: Session, sweep: dict[str, Any]) -> None:
    """What is to be said of one point is said of nearly all: they come from the same templates."""
    from cli.client import at
    from cli.preparing import show_warnings

    for row in session.client.pages("/api/job-scripts/", limit=1, sweep=sweep["id"], ordering="id"):
        show_warnings(session, session.client.get(at("job-scripts", row["id"])))


def points_of(wishes: Wishes, how: SweepWishes) -> Points:
    from dataclasses import replace

    from cli.asking import read_answers
    from cli.points import of_file, of_pairs

    if how.sweep_file is not None:
        return of_file(how.sweep_file, read_answers(wishes.answers_file, wishes.pairs))
    found = of_pairs(wishes.pairs, side_by_side=how.side_by_side)
    return replace(found, common={**read_answers(wishes.answers_file, ()), **found.common})


def answered(
    session: Session, row: dict[str, Any], version: dict[str, Any], wishes: Wishes, points: Points
) -> Iterator[dict[str, Any]]:
    """Each point with all its answers; what nobody has answered yet is asked for once."""
    from cli.asking import answer_form
    from cli.preparing import asker_for, trusted_folder
    from cli.workflow import run_application

    if version["kind"] == "declarative":
        form = version["form"]
        asker = once(asker_for(form.get("sections", ())))
        for number, own in enumerate(points.own):
            with told_of(number, own):
                answers = answer_form(form, {**points.common, **own}, fast=wishes.fast, asker=asker)
            yield {"answers": own_first(own, answers)}
        return
    with trusted_folder(session, row, version, trust=wishes.trust) as folder:
        asker = once(asker_for())
        for number, own in enumerate(points.own):
            with told_of(number, own):
                outcome = run_application(folder, {**points.common, **own}, fast=wishes.fast, asker=asker)
            yield {"answers": own_first(own, outcome.answers), "computed": outcome.computed}


def once(asker: Asker) -> Asker:
    from cli.asking import AsksOnce, NobodyToAsk

    return asker if isinstance(asker, NobodyToAsk) else AsksOnce(asker)


def own_first(own: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """In the order in which the person named them, which is the order of the table's columns."""
    return {**{name: answers[name] for name in own if name in answers}, **answers}


@contextmanager
def told_of(number: int, own: dict[str, Any]) -> Iterator[None]:
    """Says at which point something is wrong."""
    from cli.points import described

    try:
        yield
    except CliError as error:
        raise CliError(f"Point {number} ({described(own)}): {error}") from None
