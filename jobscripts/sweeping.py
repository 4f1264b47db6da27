"""From points to a saved sweep: every point is rendered, or nothing is saved."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from applications.archive import MAX_TOTAL
from applications.versions import ApplicationVersion
from jobbergate.core.errors import DomainError
from jobscripts import arrays, points
from jobscripts.drafts import Draft, recipes
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript, refuse_errors
from jobscripts.points import Point, bad
from jobscripts.sweeps import Sweep

# Of CPU, for all points together: no sweep keeps a worker from other people for longer.
MAX_SECONDS = 30.0
SCRIPTS_AT_ONCE = 500


def render(
    owner: User,
    version: ApplicationVersion,
    given: Sequence[Point],
    common: Mapping[str, Any],
    *,
    sbatch_parameters: tuple[str, ...] = (),
    name: str = "",
    max_queued: int | None = None,
    force: bool = False,
    **columns: str,
) -> Sweep:
    """A saved sweep with a job script for each point; nothing is saved where one of them is at fault."""
    wanted = points.checked(given)
    drafts = list(rendered(version, wanted, common, sbatch_parameters, name, force))
    points.refuse_duplicates(points.as_text([draft.answers, draft.computed]) for draft in drafts)
    fallback = version.application.name if version.application else drafts[0].entrypoint
    sweep = Sweep(
        owner=owner,
        version=version,
        name=(name or drafts[0].name or fallback)[:255],
        variables=points.varying([point.answers for point in wanted], [draft.answers for draft in drafts]),
        size=len(drafts),
        as_array=can_be_an_array(drafts),
        max_queued=max_queued,
        **columns,
    )
    save(sweep, drafts)
    return sweep


def rendered(
    version: ApplicationVersion,
    wanted: Iterable[Point],
    common: Mapping[str, Any],
    sbatch_parameters: tuple[str, ...],
    name: str,
    force: bool,
) -> Iterator[Draft]:
    recipe, until, size = recipes.of(version), time.thread_time() + MAX_SECONDS, 0
    for number, point in enumerate(wanted):
        answers = {**common, **point.answers}
        try:
            draft = recipe.draft(answers, point.computed, sbatch_parameters, name)
            refuse_errors(draft, force)
        except DomainError as error:
            raise points.of_point(number, error, answers) from None
        size += sum(map(len, draft.files.values()))
        if size > MAX_TOTAL:
            raise bad(f"With point {number} the files are larger than {MAX_TOTAL // 2**20} MiB together.", "points")
        if time.thread_time() > until:
            words = f"To render them takes more than {MAX_SECONDS:.0f} s; up to point {number} there was time."
            raise bad(f"{words} Make several sweeps of them.", "points")
        yield draft


def can_be_an_array(drafts: Sequence[Draft]) -> bool:
    entrypoints = {draft.entrypoint for draft in drafts}
    return len(entrypoints) == 1 and arrays.alike(
        draft.files[draft.entrypoint].decode("utf-8", "replace") for draft in drafts
    )


@transaction.atomic
def save(sweep: Sweep, drafts: Sequence[Draft]) -> None:
    sweep.save()
    scripts = [script_of(sweep, number, draft) for number, draft in enumerate(drafts)]
    JobScript.objects.bulk_create(scripts, SCRIPTS_AT_ONCE)
    contents = {f"{number}/{path}": file for number, draft in enumerate(drafts) for path, file in draft.files.items()}

    def row(place: str) -> JobScriptFile:
        number, _, path = place.partition("/")
        return JobScriptFile.of(scripts[int(number)], path, contents[place])

    JobScriptFile.objects.store(contents, row)


def script_of(sweep: Sweep, number: int, draft: Draft) -> JobScript:
    script = JobScript.of(draft, sweep.owner, sweep.version, sweep=sweep, point=number)
    if place := points.described(draft.answers, sweep.variables):
        script.name = f"{script.name}, {place}"[:255]
    script.make_searchable()
    return script
