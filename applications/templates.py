"""Which files of an application become part of a job script, under which names, and do they compile? Pure.

Templates are anybody's: they are compiled for Jinja2's sandbox, and reach the version's own files only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any
from weakref import ref

from jinja2 import BaseLoader, Environment, Template, TemplateNotFound, TemplateSyntaxError, Undefined

from applications.archive import BadArchive, Files, check_whole, checked_path
from applications.budget import TooMuch
from applications.config import Config
from applications.sandbox import BoundedEnvironment
from jobbergate.core.errors import DomainError

FOLDER = "templates/"
SUFFIXES = (".j2", ".jinja2")
MAX_NAMES_SHOWN = 30


class TemplateProblem(DomainError):
    """A template cannot be found, read, compiled or rendered."""

    code = "template_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"template": [detail]})


@dataclass(frozen=True)
class Output:
    """One file of a version that becomes part of a job script, under one or more names."""

    source: str
    names: tuple[str, ...]
    rendered: bool = True


class OwnFiles(BaseLoader):
    """Templates by their path in the folder, with or without `templates/`."""

    def __init__(self, owner: "TemplateSet") -> None:
        # An environment and its templates point at each other, so they stay until the garbage is looked through.
        # The files, up to 50 MiB of them, go with the set.
        self.owner = ref(owner)

    @property
    def files(self) -> Mapping[str, bytes]:
        owner = self.owner()
        return owner.files if owner is not None else {}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        path = find(self.files, template)
        if path is None:
            raise TemplateNotFound(template)
        try:
            return self.files[path].decode(), path, None
        except UnicodeDecodeError:
            raise TemplateProblem(f"{path}: it is not UTF-8, so it cannot be included.") from None


def find(files: Iterable[str], name: str) -> str | None:
    """The path that a person means by a template's name."""
    return next((path for path in (FOLDER + name, name) if path in files), None)


class TemplateSet:
    """One version's files and configuration; compiled templates are kept, so keep the set to render again."""

    def __init__(self, files: Files, config: Config, undefined: type[Undefined] = Undefined) -> None:
        self.files, self.config = files, config
        # No bytecode of one version may serve another: each set has its own environment.
        self.environment = BoundedEnvironment(
            loader=OwnFiles(self),
            undefined=undefined,
            keep_trailing_newline=True,
            cache_size=-1,
            auto_reload=False,
        )

    def check(self, programmed: bool) -> None:
        """Everything that will be rendered is there and compiles, with all that it includes by a constant name.

        A program may choose its template when it runs; what is named in the configuration has to be right all the same.
        """
        named = not programmed or bool(self.config.text("default_template"))
        for output in self.outputs(self.config) if named else self.supporting(self.config):
            self.compile_with_includes(output)

    def compile_with_includes(self, output: Output) -> None:
        todo, seen = [output.source] if output.rendered else [], set[str]()
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            seen.add(path)
            self.template(path)
            todo += [found for name in self.environment.referenced[path] if (found := find(self.files, name))]

    def template(self, path: str) -> Template:
        try:
            return self.environment.get_template(path)
        except TemplateSyntaxError as error:
            raise TemplateProblem(f"{error.name or path}, line {error.lineno}: {error.message}") from None
        except TooMuch as error:
            raise TemplateProblem(f"{path}, {error}.") from None
        except (RecursionError, MemoryError, OverflowError):
            raise TemplateProblem(f"{path}: it is nested too deeply to be read.") from None
        except (SyntaxError, ValueError) as error:
            # Of the Python that Jinja2 makes of it: 20 loops within each other, a number of 5,000 digits.
            raise TemplateProblem(f"{path}: it cannot be compiled: {error}"[:1000]) from None

    # --- what becomes part of a job script ---

    @cached_property
    def own_outputs(self) -> list[Output]:
        """Those of the configuration as it was published: finding them costs more than a rendering does."""
        return self.outputs_of(self.config)

    def outputs(self, config: Config) -> list[Output]:
        """The entrypoint first; no two of them under one name."""
        return self.own_outputs if config is self.config else self.outputs_of(config)

    def outputs_of(self, config: Config) -> list[Output]:
        outputs = [self.entrypoint(config), *self.supporting(config)]
        names = [name for output in outputs for name in output.names]
        for name in names:
            if names.count(name) > 1:
                raise TemplateProblem(f"Two files would be written as {name!r}; see supporting_files_output_name.")
        try:
            check_whole(dict.fromkeys(names, b""))
        except BadArchive as error:
            raise TemplateProblem(f"{error.detail} See supporting_files_output_name.") from None
        return outputs

    def entrypoint(self, config: Config) -> Output:
        name = config.text("default_template") or self.sole_template(config)
        output = self.output(name, config)
        if not output.rendered:
            raise TemplateProblem(f"{output.source}: the entrypoint is not UTF-8.")
        self.template(output.source)
        return output

    def sole_template(self, config: Config) -> str:
        others = {self.found(name) for key in ("supporting_files", "verbatim_files") for name in config.texts(key)}
        templates = [path for path in self.files if path.startswith(FOLDER) and path not in others]
        if len(templates) == 1:
            return templates[0]
        listed = ", ".join(sorted(templates)[:MAX_NAMES_SHOWN]) or f"no file below {FOLDER}"
        raise TemplateProblem(f"jobbergate.yaml: name the default_template; there is {listed}.")

    def supporting(self, config: Config) -> list[Output]:
        entry = find(self.files, config.text("default_template"))
        rendered = [self.output(name, config) for name in config.texts("supporting_files") if self.found(name) != entry]
        return rendered + [self.output(name, config, verbatim=True) for name in config.texts("verbatim_files")]

    def output(self, name: str, config: Config, verbatim: bool = False) -> Output:
        source = self.found(name)
        given = {self.found(key): names for key, names in config.output_names().items() if find(self.files, key)}
        names = given.get(source) or [output_name(source, keep_suffix=verbatim)]
        try:
            checked = tuple(checked_path(name) for name in names)
        except BadArchive as error:
            raise TemplateProblem(f"jobbergate.yaml: output name of {source}: {error.detail}") from None
        return Output(source, checked, rendered=not verbatim and is_text(self.files[source]))

    def found(self, name: str) -> str:
        path = find(self.files, name)
        if path is None:
            listed = ", ".join(sorted(path for path in self.files if path.startswith(FOLDER))[:MAX_NAMES_SHOWN])
            raise TemplateProblem(f"jobbergate.yaml: there is no template {name!r}; there are: {listed or 'none'}.")
        return path


def output_name(source: str, keep_suffix: bool = False) -> str:
    path = PurePosixPath(source.removeprefix(FOLDER))
    return str(path if keep_suffix or path.suffix not in SUFFIXES else path.with_suffix(""))


def is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
