"""Templates and values in, files out. Pure: no database, no disk, no network.

A rendering is stopped when it takes too long or writes too much. Printing a variable that nothing defines leaves a
hole in a script; every hole is found, with its template, line and name.
"""

import copy
import json
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from types import FrameType, TracebackType
from typing import Any

from jinja2 import Template, TemplateSyntaxError, Undefined, UndefinedError

from applications.archive import Files
from applications.budget import Budget, TooMuch, budget, current
from applications.config import Config
from applications.templates import MAX_NAMES_SHOWN, Output, TemplateProblem, TemplateSet
from jobbergate.core.errors import DomainError

# Of words that may be as long as an answer.
MAX_SHOWN = 1000
MAX_HOLES = 500


class UndefinedVariable(DomainError):
    """A template prints a variable that nothing defines."""

    code = "undefined_variable"


@dataclass(frozen=True)
class Hole:
    """A place where a template prints what nothing defines."""

    file: str
    line: int
    variable: str

    @property
    def message(self) -> str:
        return f"{self.file}, line {self.line}: {self.variable!r} is not defined."

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file, "line": self.line, "variable": self.variable, "message": self.message}


@dataclass(frozen=True)
class Rendering:
    """What became of one version and one set of answers. `entrypoint` is a key of `files`."""

    entrypoint: str
    files: Files
    config: Config
    holes: list[Hole] = field(default_factory=list)


# --- holes ----------------------------------------------------------------------------------------------------------

_holes: ContextVar[list[Hole]] = ContextVar("holes")


class NotedUndefined(Undefined):
    """Notes where it is printed, counted or walked through. Testing it (`if`, `default`, `is defined`) is no hole."""

    def _note(self) -> None:
        # No name: an inline `if` without an `else`, whose blank is what its author wrote.
        if self._undefined_name is not None:
            current().look()
            file, line = here(sys._getframe(2))
            hole = Hole(file, line, shortened(str(self._undefined_name)))
            if hole not in (holes := _holes.get()):
                holes.append(hole)
            if len(holes) > MAX_HOLES:
                raise TooMuch(f"it has more than {MAX_HOLES} holes, this one is {hole.variable!r}")

    def __str__(self) -> str:
        self._note()
        return ""

    __repr__ = __str__

    def __iter__(self) -> Any:
        self._note()
        return iter(())

    def __len__(self) -> int:
        self._note()
        return 0


def shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def here(frame: FrameType | None) -> tuple[str, int]:
    """The innermost template that is being rendered, and its line."""
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            return template.filename or "?", template.get_corresponding_lineno(frame.f_lineno)
        frame = frame.f_back
    return "?", 0


# --- rendering ---------------------------------------------------------------------------------------------------


def render(templates: TemplateSet, answers: Mapping[str, Any], computed: Mapping[str, Any] | None = None) -> Rendering:
    """Raises TemplateProblem, or UndefinedVariable where holes are errors."""
    config = templates.config.with_computed(computed or {})
    values = copied({**config.application_config, **config.jobbergate_config, **answers, **(computed or {})})
    context = {**values, "data": values}
    holes: list[Hole] = []
    token = _holes.set(holes)
    try:
        with budget(partial(seed, values)) as bounds:
            outputs = templates.outputs(config)
            files = dict(file for output in outputs for file in written(templates, output, context, bounds))
    finally:
        _holes.reset(token)
    if holes and config.undefined_is_error:
        raise undefined(holes, context)
    return Rendering(outputs[0].names[0], files, config, holes)


def seed(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, default=str)


def written(
    templates: TemplateSet, output: Output, context: dict[str, Any], bounds: Budget
) -> Iterable[tuple[str, bytes]]:
    content = templates.files[output.source]
    if output.rendered:
        content = rendered(templates, templates.template(output.source), context, bounds).encode("utf-8", "replace")
    return ((name, content) for name in output.names)


def rendered(templates: TemplateSet, template: Template, context: dict[str, Any], bounds: Budget) -> str:
    try:
        return "".join(bounds.watched(template.generate(context)))
    except DomainError:
        raise
    except UndefinedError as error:
        where = place(error.__traceback__, templates.files, template)
        words = shortened(str(error.message))
        raise UndefinedVariable(f"{where}: {words}.", {"template": [words]}) from None
    except TemplateSyntaxError as error:
        words = shortened(str(error.message))
        raise TemplateProblem(f"{error.name or template.name}, line {error.lineno}: {words}") from None
    except TooMuch as error:
        raise TemplateProblem(f"{place(error.__traceback__, templates.files, template)}: {error}.") from None
    except Exception as error:  # Filters raise whatever Python does with what somebody gave them.
        where = place(error.__traceback__, templates.files, template)
        raise TemplateProblem(f"{where}: {type(error).__name__}: {shortened(str(error))}") from None


def copied(values: dict[str, Any]) -> dict[str, Any]:
    """A template may change lists and dictionaries that it is given: not the ones that the next rendering gets."""
    return {key: copy.deepcopy(value) if isinstance(value, dict | list) else value for key, value in values.items()}


def undefined(holes: list[Hole], context: Mapping[str, Any]) -> UndefinedVariable:
    known = sorted(set(context) - {"data"})
    listed = ", ".join(known[:MAX_NAMES_SHOWN]) + (", …" if len(known) > MAX_NAMES_SHOWN else "")
    errors: dict[str, list[str]] = {}
    for hole in holes:
        errors.setdefault(hole.variable, []).append(hole.message)
    words = " ".join(hole.message for hole in holes)
    return UndefinedVariable(f"{words} Known here: {listed or 'nothing'}.", errors)


def place(trace: TracebackType | None, files: Mapping[str, bytes], template: Template) -> str:
    """Where in a template an error comes from: Jinja2 gives the frames of a traceback the templates' lines."""
    found = template.name or "?"
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in files:
            found = f"{trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
