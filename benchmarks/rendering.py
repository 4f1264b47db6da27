"""python -m benchmarks.rendering    a template of 2 KB with 20 variables, beside bare Jinja2; in process, no database

Ours renders in the sandbox, watches time and size, and finds every hole. The limit is `jinja2.Template.render` of the
same template, compiled before, with the same values.
"""

from __future__ import annotations

from pathlib import Path

import jinja2

from applications.archive import Files
from applications.config import parse
from applications.forms import Answers, Form
from applications.rendering import NotedUndefined, render
from applications.templates import TemplateSet
from benchmarks.timing import alternating, heading, line, verdict

FOLDER = Path(__file__).parent / "folder"
TEMPLATE = "templates/job.sh.j2"
ROUNDS, A_ROUND = 15, 400


def read_folder() -> Files:
    return {str(path.relative_to(FOLDER)): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}


def default_answers(files: Files) -> Answers:
    form = parse(files["jobbergate.yaml"]).form or Form(())
    return form.validate({})


def bare(files: Files) -> jinja2.Template:
    return jinja2.Environment(keep_trailing_newline=True).from_string(files[TEMPLATE].decode())  # no HTML is made here


def main() -> None:
    files = read_folder()
    answers, template = default_answers(files), bare(files)
    templates = TemplateSet(files, parse(files["jobbergate.yaml"]), NotedUndefined)
    rendering = render(templates, answers)
    if rendering.files[rendering.entrypoint].decode() != template.render(answers):
        raise SystemExit("Ours and bare Jinja2 do not write the same.")

    def ours() -> None:
        for _ in range(A_ROUND):
            render(templates, answers)

    def limit() -> None:
        for _ in range(A_ROUND):
            template.render(answers)

    mine, theirs = alternating(ours, limit, ROUNDS)
    heading("Rendering, in process", ["", "ours/s", "limit/s", "ratio", "wanted"])
    ratio = theirs / mine
    size = f"{len(files[TEMPLATE])} bytes, {len(answers)} variables"
    line([size, f"{A_ROUND / mine:.0f}", f"{A_ROUND / theirs:.0f}", f"{ratio:.2f}", f"0.25 {verdict(ratio >= 0.25)}"])


if __name__ == "__main__":
    main()
