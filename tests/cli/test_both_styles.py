"""One application in both styles: every way of answering gives byte-identical scripts.

The declarative twin hides questions with `when` and a section; the programmed one with a BooleanList and a next step.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from django.contrib.auth.models import User

from applications.archive import Files
from applications.models import Application
from cli.workflow import capture_form
from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.cli.terminal import at_a_terminal
from tests.conftest import signed_in

CONFIG = b"jobbergate_config: {default_template: job.sh.j2, supporting_files: [case.in.j2]}\napplication_config: {solve: /opt/solve}\n"
TEMPLATES: Files = {
    "templates/job.sh.j2": b"""\
#!/bin/bash
#SBATCH --nodes={{ nodes }} --ntasks={{ nodes * 8 }}
{% if restart -%}
cp restart.{{ step + 1 }} state
{% endif -%}
srun {{ solve }} --with {{ solver }}{% if solver == "cg" %}/{{ preconditioner }}{% endif %} {{ features | join(" ") }}
""",
    "templates/case.in.j2": b"case {{ data.case }} tolerance {{ tolerance }} strict {{ strict }} kind {{ kind }}\n",
}
QUESTIONS = b"""\
questions:
  - {variable: case, type: text, message: "Case?"}
  - {variable: nodes, type: integer, message: "Nodes?", min: 1, max: 64}
  - {variable: tolerance, type: float, message: "Tolerance?", default: 0.5}
  - {variable: strict, type: boolean, message: "Strict?", default: false}
  - {variable: kind, type: constant, default: steady}
  - {variable: features, type: multiple_choice, message: "Features?", choices: [[Graphics cards, gpu], mpi, io], required: false}
  - {variable: restart, type: boolean, message: "Restart?", default: false}
  - {variable: step, type: integer, message: "Step?", when: restart}
  - {variable: solver, type: choice, message: "Solver?", choices: [jacobi, [Conjugate gradients, cg]], default: jacobi}
  - section: Conjugate gradients
    when: {variable: solver, equals: cg}
    questions:
      - {variable: preconditioner, type: choice, message: "Preconditioner?", choices: [none, ilu], default: none}
"""
PROGRAM = b"""\
from jobbergate_cli.appform import BooleanList, Checkbox, Confirm, Const, Integer, List, Text
from jobbergate_cli.application_base import JobbergateApplicationBase


class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data):
        data["nextworkflow"] = "conjugate_gradients"
        return [
            Text("case", "Case?"),
            Integer("nodes", "Nodes?", minval=1, maxval=64),
            Const("tolerance", default=0.5),
            Confirm("strict", "Strict?", default=False),
            Const("kind", default="steady"),
            Checkbox("features", "Features?", choices=[("Graphics cards", "gpu"), "mpi", "io"]),
            BooleanList("restart", "Restart?", default=False, whentrue=[Integer("step", "Step?")]),
            List("solver", "Solver?", choices=["jacobi", ("Conjugate gradients", "cg")], default="jacobi"),
        ]

    def conjugate_gradients(self, data):
        if data["solver"] == "cg":
            return [List("preconditioner", "Preconditioner?", choices=["none", "ilu"], default="none")]
"""
STYLES: dict[str, Files] = {
    "declarative": {"jobbergate.yaml": CONFIG + QUESTIONS, **TEMPLATES},
    "programmed": {"jobbergate.yaml": CONFIG, "jobbergate.py": PROGRAM, **TEMPLATES},
}

ANSWERS = {
    "case": "wing 7", "nodes": 4, "strict": True, "features": ["gpu", "io"],
    "restart": True, "step": 9, "solver": "cg", "preconditioner": "ilu",
}  # fmt: skip
FILES = {
    "job.sh": (
        b"#!/bin/bash\n#SBATCH --nodes=4 --ntasks=32\ncp restart.10 state\nsrun /opt/solve --with cg/ilu gpu io\n"
    ),
    "case.in": b"case wing 7 tolerance 0.5 strict True kind steady\n",
}
ENTER, DOWN = "\r", "\x1b[B"
DIALOGUE = [
    ("Case?", "wing 7" + ENTER),
    ("Nodes?", "4" + ENTER),
    ("Strict?", "y" + ENTER),
    ("Features?", " " + DOWN + DOWN + " " + ENTER),
    ("Restart?", "y" + ENTER),
    ("Step?", "9" + ENTER),
    ("Solver?", DOWN + ENTER),
    ("Preconditioner?", DOWN + ENTER),
]

Make = Callable[[Jobbergate, Path], None]


@pytest.fixture(params=STYLES)
def application(request: pytest.FixtureRequest, alice: User, tmp_path: Path) -> Application:
    files, form = STYLES[request.param], None
    if "jobbergate.py" in files:
        for name, content in files.items():
            path = tmp_path / "folder" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        form = capture_form(tmp_path / "folder")
    return Application.create(files, alice, form, name="Twin", identifier="twin")


def from_a_file(jobbergate: Jobbergate, folder: Path) -> None:
    (folder / "answers.yaml").write_text(yaml.safe_dump(ANSWERS))
    made(jobbergate, "--answers", folder / "answers.yaml")


def from_options(jobbergate: Jobbergate, folder: Path) -> None:
    pairs = {**ANSWERS, "features": "gpu,io", "strict": "yes"}
    made(jobbergate, *(word for name, value in pairs.items() for word in ("-a", f"{name}={value}")))


def from_both(jobbergate: Jobbergate, folder: Path) -> None:
    (folder / "answers.json").write_text(json.dumps({**ANSWERS, "nodes": 1, "step": "9"}))
    made(jobbergate, "--answers", folder / "answers.json", "-a", "nodes=4")


def made(jobbergate: Jobbergate, *words: object) -> None:
    result = jobbergate("job-scripts", "create", "twin", "--fast", "--trust", *words)
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("make", [from_a_file, from_options, from_both])
@pytest.mark.django_db(transaction=True)
def test_prepared_answers_make_the_same_script(
    by_alice: Jobbergate, application: Application, make: Make, tmp_path: Path
) -> None:
    make(by_alice, tmp_path)

    assert JobScript.objects.get().read_files() == FILES


@pytest.mark.django_db(transaction=True)
def test_answers_at_a_terminal_make_the_same_script(by_alice: Jobbergate, application: Application) -> None:
    ask_tolerance = [("Tolerance?", ENTER)] if application.version().kind == "declarative" else []
    dialogue = [*DIALOGUE[:2], *ask_tolerance, *DIALOGUE[2:]]

    shown, code = at_a_terminal(["job-scripts", "create", "twin", "--trust"], dialogue)

    assert code == 0, shown
    assert JobScript.objects.get().read_files() == FILES


def test_a_plain_request_makes_the_same_script(application: Application, alice: User) -> None:
    answer = signed_in(alice).post("/api/job-scripts/", {"application": "twin", "answers": ANSWERS}, format="json")

    assert answer.status_code == 201, answer.content
    assert JobScript.objects.get().read_files() == FILES


@pytest.mark.django_db(transaction=True)
def test_a_heading_stands_over_its_questions(by_alice: Jobbergate, alice: User) -> None:
    Application.create(STYLES["declarative"], alice, name="Twin", identifier="twin")
    dialogue = [*DIALOGUE[:2], ("Tolerance?", ENTER), *DIALOGUE[2:]]

    shown, _ = at_a_terminal(["job-scripts", "preview", "twin"], dialogue)

    assert shown.index("Solver?") < shown.index("\nConjugate gradients\x1b") < shown.index("Preconditioner?")


@pytest.mark.django_db(transaction=True)
def test_what_is_hidden_is_refused_before_anything_is_sent(by_alice: Jobbergate, alice: User) -> None:
    Application.create(STYLES["declarative"], alice, name="Twin", identifier="twin")

    result = by_alice("job-scripts", "create", "twin", "--fast", "-a", "case=x", "-a", "nodes=1", "-a", "step=3")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "step: " in result.stderr
    assert "it is asked for only when restart is true, so leave it out." in result.stderr
