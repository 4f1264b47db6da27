"""One template and its values, rendered without a database."""

from collections.abc import Mapping
from typing import Any

from applications.config import parse
from applications.rendering import NotedUndefined, Rendering, render
from applications.templates import TemplateSet

CONFIG = """\
jobbergate_config: {default_template: job.sh.j2, undefined: %s}
application_config: %s
questions: []
"""


def rendering(
    template: str | bytes,
    answers: Mapping[str, Any] | None = None,
    *,
    undefined: str = "error",
    defaults: str = "{}",
    yaml: str = "",
    **files: str | bytes,
) -> Rendering:
    """`files` are below templates/; `__` in a keyword stands for a dot, since templates are named so."""
    content = (yaml or CONFIG % (undefined, defaults)).encode()
    named = {name.replace("__", "."): text for name, text in files.items()}
    below = {f"templates/{name}": as_bytes(text) for name, text in {"job.sh.j2": template, **named}.items()}
    return render(
        TemplateSet({"jobbergate.yaml": content, **below}, parse(content), NotedUndefined), dict(answers or {})
    )


def text(template: str, answers: Mapping[str, Any] | None = None, **more: Any) -> str:
    """What the entrypoint becomes."""
    done = rendering(template, answers, **more)
    return done.files[done.entrypoint].decode()


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
