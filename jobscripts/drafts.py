"""From a version and a person's answers to everything that a job script will hold; nothing is saved here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

from django.conf import settings

from applications.archive import Files
from applications.forms import Answers, Form
from applications.rendering import NotedUndefined, render
from applications.templates import TemplateSet
from applications.versions import ApplicationVersion
from jobscripts.sbatch import directives
from jobscripts.sbatch.checking import Check, check

KEPT_RECIPES, LARGEST_KEPT = 64, 1024 * 1024


@dataclass(frozen=True)
class Draft:
    """A job script that could be saved. `entrypoint` is a key of `files`."""

    name: str
    entrypoint: str
    files: Files
    answers: Answers = field(default_factory=dict)
    computed: dict[str, Any] | None = None
    sbatch_parameters: tuple[str, ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    output_directory: str = ""

    @cached_property
    def check(self) -> Check:
        """What sbatch would make of the entrypoint's directives."""
        return check(self.files[self.entrypoint].decode("utf-8", "replace"), version=settings.SLURM_VERSION)


@dataclass(frozen=True)
class Recipe:
    """A version as it is used: compiled templates and the form."""

    templates: TemplateSet
    form: Form | None

    @classmethod
    def of(cls, version: ApplicationVersion) -> "Recipe":
        files = version.read_files()
        return cls(TemplateSet(files, version.read_config(), NotedUndefined), version.read_form())

    def answers(self, given: Mapping[str, Any], computed: Mapping[str, Any] | None) -> Answers:
        """Typed answers. Where the application's own code ran in the client, it has asked and checked by itself:
        what it asks may depend on what was answered, so the form captured under default answers does not bind."""
        code_ran = computed is not None and not self.templates.config.declarative
        return dict(given) if code_ran or self.form is None else self.form.validate(given)

    def carried(self, stored: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[Answers, list[dict[str, Any]]]:
        """Answers to render again with, and a note for each stored one that is not asked for any more."""
        if self.form is None:
            return {**stored, **changes}, []
        answers, left = self.form.carried(stored, changes)
        words = "is not asked for any more with these answers, so the stored answer was left out."
        return answers, [note(variable, f"{variable} {words}") for variable in left]

    def draft(
        self,
        given: Mapping[str, Any],
        computed: Mapping[str, Any] | None = None,
        sbatch_parameters: Sequence[str] = (),
        name: str = "",
    ) -> Draft:
        directives.check_parameters(sbatch_parameters)
        answers = self.answers(given, computed)
        extra = None if self.templates.config.declarative or computed is None else dict(computed)
        rendering = render(self.templates, answers, extra)
        script = rendering.files[rendering.entrypoint].decode()
        return Draft(
            name=name or rendering.config.text("job_script_name"),
            entrypoint=rendering.entrypoint,
            files={**rendering.files, rendering.entrypoint: directives.insert(script, sbatch_parameters).encode()},
            answers=answers,
            computed=extra,
            sbatch_parameters=tuple(sbatch_parameters),
            warnings=tuple(hole.as_json() for hole in rendering.holes),
            output_directory=rendering.config.text("output_directory"),
        )


def note(variable: str, message: str) -> dict[str, Any]:
    """A warning that belongs to no line of a template."""
    return {"file": "", "line": 0, "variable": variable, "message": message}


class Recipes:
    """The recipes that were used last, ready to render again. Versions never change, so nothing here goes stale."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], Recipe] = {}
        self.lock = Lock()

    def of(self, version: ApplicationVersion) -> Recipe:
        # With its hash: a database that is restored under a running server may give an id to another version.
        key = (version.pk, version.sha256)
        with self.lock:
            if (found := self.kept.pop(key, None)) is not None:
                self.kept[key] = found  # The last used is the last to go.
                return found
        recipe = Recipe.of(version)
        if version.size <= LARGEST_KEPT:
            self.keep(key, recipe)
        return recipe

    def keep(self, key: tuple[int, str], recipe: Recipe) -> None:
        with self.lock:
            self.kept[key] = recipe
            while len(self.kept) > KEPT_RECIPES:
                self.kept.pop(next(iter(self.kept)))


recipes = Recipes()
