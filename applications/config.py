"""`jobbergate.yaml`: what it says, checked, with the line where it is wrong."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from applications.forms import Form
from applications.questions import InvalidForm
from jobbergate.core.errors import DomainError

NAME = "jobbergate.yaml"
PROGRAM = "jobbergate.py"
MAX_SIZE = 256 * 1024
MAX_NODES, MAX_DEPTH, MAX_DIGITS = 20_000, 100, 300
MAX_TEXT = 4096
LISTS = ("template_files", "supporting_files", "verbatim_files")
TEXTS = ("default_template", "job_script_name", "output_directory")
SECTIONS = ("jobbergate_config", "application_config", "questions")

# The C loader, where PyYAML was built with it, reads a file ten times faster.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadConfig(DomainError):
    """`jobbergate.yaml` cannot be read as a configuration."""

    code = "bad_config"

    def __init__(self, problem: str, line: int | None = None) -> None:
        self.problem, self.line = problem, line
        detail = f"{NAME}, line {line}: {problem}" if line else f"{NAME}: {problem}"
        super().__init__(detail, {"archive": [detail]})


@dataclass(frozen=True)
class Config:
    """The sections of `jobbergate.yaml`, with the types that the file gave its values."""

    jobbergate_config: dict[str, Any] = field(default_factory=dict)
    application_config: dict[str, Any] = field(default_factory=dict)
    form: Form | None = None

    def with_computed(self, computed: Mapping[str, Any]) -> "Config":
        """The configuration as the application's own code left it."""
        if not computed:
            return self
        merged = {**self.jobbergate_config, **computed}
        check_keys(merged, lambda key: None)
        return Config(merged, self.application_config, self.form)

    def texts(self, key: str) -> list[str]:
        value = self.jobbergate_config.get(key) or []
        return [value] if isinstance(value, str) else list(value)

    def text(self, key: str) -> str:
        return self.jobbergate_config.get(key) or ""

    def output_names(self) -> dict[str, list[str]]:
        """Template → the paths that it is written to."""
        given = self.jobbergate_config.get("supporting_files_output_name") or {}
        return {name: [value] if isinstance(value, str) else list(value) for name, value in given.items() if value}

    @property
    def declarative(self) -> bool:
        return self.form is not None

    @property
    def undefined_is_error(self) -> bool:
        default = "error" if self.declarative else "warn"
        return bool(self.jobbergate_config.get("undefined", default) == "error")

    def as_json(self) -> dict[str, Any]:
        return {
            "jobbergate_config": jsonable(self.jobbergate_config),
            "application_config": jsonable(self.application_config),
        }


def parse(content: bytes, strict: bool = False) -> Config:
    """`strict` when it is published: what was published once stays readable, whatever rules came later."""
    node = compose(content)
    value = construct(node)
    lines = Lines(node)
    if not isinstance(value, dict):
        raise BadConfig(f"it holds {kind(value)}; give a mapping with jobbergate_config and application_config.", 1)
    for key in value:
        close = difflib.get_close_matches(str(key), SECTIONS, n=1)
        if key not in SECTIONS and close:
            raise BadConfig(f"there is no {key!r}; {close[0]!r} is meant?", lines.of(key))
    sections = {name: section(value, name, lines) for name in SECTIONS[:2]}
    check_keys(sections["jobbergate_config"], lambda key: lines.of("jobbergate_config", key))
    try:
        form = Form.declared(value["questions"], strict) if value.get("questions") is not None else None
    except InvalidForm as error:
        raise BadConfig(f"questions: {error.detail}", lines.of("questions", *error.place)) from None
    return Config(**sections, form=form)


def compose(content: bytes, loader: Any = Loader) -> yaml.Node:
    if len(content) > MAX_SIZE:
        raise BadConfig(f"it is larger than {MAX_SIZE // 1024} KiB.")
    try:
        text = content.decode("utf-8-sig")
        refuse_depth(text)
        node: yaml.Node | None = yaml.compose(text, Loader=loader)
    except UnicodeDecodeError as error:
        raise BadConfig("it is not UTF-8.", content[: error.start].count(b"\n") + 1) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadConfig(error.problem or error.context or "broken", mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise BadConfig(f"it is not YAML: {str(error).splitlines()[0]}.") from None
    if node is None:
        raise BadConfig("it is empty; give a mapping with jobbergate_config and application_config.")
    refuse_bomb(node)
    return node


def refuse_depth(text: str) -> None:
    """Building nodes goes as deep as they are nested, in C without a bound: their beginnings are counted before."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else None
            raise BadConfig(f"it is nested more than {MAX_DEPTH} levels deep.", line)


def refuse_bomb(node: yaml.Node) -> None:
    """Aliases of aliases can make a small file stand for billions of values: count what it stands for."""
    counted: dict[int, int] = {}
    open_nodes: set[int] = set()

    def count(node: yaml.Node) -> int:
        if id(node) in open_nodes:
            raise BadConfig("a value contains itself.", node.start_mark.line + 1)
        if id(node) not in counted:
            open_nodes.add(id(node))
            refuse_huge_number(node)
            counted[id(node)] = 1 + sum(map(count, children(node)))
            open_nodes.discard(id(node))
        return counted[id(node)]

    if count(node) > MAX_NODES:
        raise BadConfig(f"it stands for more than {MAX_NODES} values.")


def refuse_huge_number(node: yaml.Node) -> None:
    """Python takes long to read and refuses to print integers of thousands of digits."""
    if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":int") and len(node.value) > MAX_DIGITS:
        raise BadConfig(f"a number has more than {MAX_DIGITS} digits.", node.start_mark.line + 1)


def children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def construct(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise BadConfig(error.problem or "broken", line) from None
    except ValueError as error:  # A date such as 2024-13-45.
        raise BadConfig(f"{error}.") from None
    finally:
        loader.dispose()


class Lines:
    """Where a key stands in the file, for messages."""

    def __init__(self, root: yaml.Node) -> None:
        self.root = root

    def of(self, *place: Any) -> int | None:
        node, line = self.root, None
        for step in place:
            pairs = enumerate(node.value) if isinstance(node, yaml.SequenceNode) else pairs_of(node)
            found = [(key, value) for key, value in pairs if (key if isinstance(key, int) else key.value) == step]
            if not found:
                break
            key, node = found[-1]
            line = (node if isinstance(key, int) else key).start_mark.line + 1
        return line


def pairs_of(node: yaml.Node) -> Any:
    return node.value if isinstance(node, yaml.MappingNode) else []


def section(value: dict[Any, Any], name: str, lines: Lines) -> dict[str, Any]:
    found = value.get(name) or {}
    if not isinstance(found, dict):
        raise BadConfig(f"{name} holds {kind(found)}; give a mapping.", lines.of(name))
    for key, inner in found.items():
        if not isinstance(key, str):
            raise BadConfig(f"{name} has the key {key!r}; give text.", lines.of(name))
        if isinstance(inner, float) and not math.isfinite(inner):
            raise BadConfig(f"{name}.{key} is {inner}; give a finite number.", lines.of(name, key))
    return found


def check_keys(config: Mapping[str, Any], line: Any) -> None:
    """The keys that mean something to us have the types that we can use."""
    for key in TEXTS:
        if not isinstance(config.get(key) or "", str):
            raise BadConfig(f"{key} is {kind(config[key])}; give text.", line(key))
        if len(config.get(key) or "") > MAX_TEXT:
            raise BadConfig(f"{key} is longer than {MAX_TEXT} characters.", line(key))
    for key in LISTS:
        if not is_text_or_texts(config.get(key) or []):
            raise BadConfig(f"{key} is {kind(config[key])}; give a list of file names.", line(key))
    names = config.get("supporting_files_output_name") or {}
    if not isinstance(names, dict) or not all(is_text_or_texts(value or []) for value in names.values()):
        raise BadConfig(
            "supporting_files_output_name: give a mapping from template to name or list of names.",
            line("supporting_files_output_name"),
        )
    if config.get("undefined", "warn") not in ("error", "warn"):
        raise BadConfig(f"undefined is {config['undefined']!r}; give error or warn.", line("undefined"))


def is_text_or_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def jsonable(value: Any) -> Any:
    """YAML's dates as ISO text, its sets and tuples as lists, its keys as text, what is not a number as null."""
    if isinstance(value, dict):
        return {storable(str(key)): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [jsonable(inner) for inner in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    return storable(value) if isinstance(value, str) else value if isinstance(value, int | float | None) else str(value)


def storable(text: str) -> str:
    """Text that every database takes: no NUL, no half of a surrogate pair."""
    if "\0" in text or (not text.isascii() and text != text.encode("utf-8", "ignore").decode()):
        raise BadConfig(f"{text!r} has a character that cannot be stored.")
    return text
