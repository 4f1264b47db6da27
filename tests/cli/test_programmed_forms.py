"""All that old jobbergate.py files use, at the real server by the real program: every mode gives the same script."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.cli.terminal import at_a_terminal
from tests.cli.test_applications import PROGRAMMED, write_folder
from tests.cli.test_workflow import FOLDERS, HEAD, application

__all__ = ["application"]

DEFAULTS: dict[str, Any] = {
    "case": "wing",
    "remark": "r",
    "workdir": "/tmp",
    "source": "/",
    "mesh": "/nonexistent/mesh",
    "log": "/l",
    "release": "12.0",
    "sizes": [1, 2],
    "partition": "debug",
    "memory": 16,
    "modules": ["gcc/12"],
    "nodes": 2,
    "tasks": 0,
    "gpu": False,
    "avx": True,
    "mail": False,
}


@pytest.fixture
def everything(by_alice: Jobbergate) -> Jobbergate:
    """Makes a script of the folder with every type of question, and gives its answers or what was refused."""
    by_alice("applications", "create", FOLDERS / "everything", "--identifier", "everything", "--trust")
    return by_alice


def made(program: Jobbergate, *words: str) -> dict[str, Any]:
    result = program("job-scripts", "create", "everything", *words, "-o", "json")
    assert result.exit_code == 0, result.stderr
    return dict(JobScript.objects.get(pk=json.loads(result.stdout)["id"]).answers)


def exact(answers: dict[str, Any]) -> str:
    """1 is not 1.0, and true is not 1."""
    return json.dumps(answers, sort_keys=True)


def test_fast_takes_every_default_in_its_type(everything: Jobbergate) -> None:
    assert exact(made(everything, "--fast", "-a", "remark=r", "-a", "log=/l")) == exact(DEFAULTS)


def test_answers_from_the_command_line_are_typed_by_their_questions(everything: Jobbergate) -> None:
    texts = {name: value for name, value in DEFAULTS.items() if name not in ("sizes", "modules")}
    words = [word for name, value in texts.items() for word in ("-a", f"{name}={value}")]

    found = made(everything, *words, "-a", "modules=gcc/12, MPI", "-a", "memory=small", "-a", "nodes=+4")

    assert exact(found) == exact({**DEFAULTS, "modules": ["gcc/12", "openmpi/4"], "nodes": 4})


@pytest.mark.parametrize("as_text", [True, False])
def test_answers_from_a_file_are_typed_by_their_questions(
    everything: Jobbergate, tmp_path: Path, as_text: bool
) -> None:
    kept = ("sizes", "modules", "release")
    answers = {name: str(value) if as_text and name not in kept else value for name, value in DEFAULTS.items()}
    (tmp_path / "answers.json").write_text(json.dumps(answers))

    assert exact(made(everything, "--answers", str(tmp_path / "answers.json"))) == exact(DEFAULTS)


def test_answers_at_a_terminal_are_typed_by_their_questions(everything: Jobbergate) -> None:
    given = {**DEFAULTS, "nodes": 4}
    asked = ("nodes", "gpu", "avx", "mail")
    words = [word for name, value in given.items() if name not in (*asked, "sizes", "modules", "release")
             for word in ("-a", f"{name}={value}")]  # fmt: skip

    talk, code = at_a_terminal(
        ["job-scripts", "create", "everything", *words, "-a", "modules=gcc/12"],
        [("Nodes?", "\x7f4\n"), ("GPUs?", "n\n"), ("AVX?", "y\n"), ("Mail at the end?", "n\n")],
    )

    assert code == 0, talk
    assert exact(JobScript.objects.get().answers) == exact(given)


# --- questions of a branch ------------------------------------------------------------------------------------------

BRANCHES = """
def mainflow(self, data):
    return [appform.BooleanList(
        "gpu", "GPU?",
        [appform.Integer("gpus", "GPUs?", 1, 8), appform.BooleanList("mps", "MPS?", [appform.Integer("percent", "?", 1, 100)])],
        [appform.Integer("threads", "Threads?", 1)],
        default=True,
    )]
"""


@pytest.fixture
def branches(by_alice: Jobbergate, tmp_path: Path) -> Jobbergate:
    program = HEAD + "".join(f"    {line}\n" for line in BRANCHES.strip("\n").splitlines())
    files = {**PROGRAMMED, "jobbergate.py": program.encode(), "templates/job.sh.j2": b"#!/bin/bash\n"}
    folder = write_folder(tmp_path / "branches", files)
    by_alice("applications", "create", folder, "--identifier", "branches", "--trust")
    return by_alice


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ({"gpus": "2", "mps": "no"}, {"gpu": True, "gpus": 2, "mps": False}),
        ({"gpus": 2, "mps": True, "percent": "50"}, {"gpu": True, "gpus": 2, "mps": True, "percent": 50}),
        ({"gpu": "no", "threads": "4"}, {"gpu": False, "threads": 4}),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_questions_of_the_branch_taken_are_asked_and_no_others(
    branches: Jobbergate, tmp_path: Path, given: dict[str, Any], answers: dict[str, Any], fast: bool
) -> None:
    (tmp_path / "answers.json").write_text(json.dumps(given if fast else {"gpu": True, **given}))

    result = branches(
        "job-scripts", "create", "branches", "--answers", tmp_path / "answers.json", *(["--fast"] if fast else [])
    )

    assert result.exit_code == 0, result.stderr
    assert exact(JobScript.objects.get().answers) == exact(answers)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ["gpus (an integer from 1 to 8), mps (true or false (or yes or no)) have no answer"]),
        ({"mps": True, "gpus": 1}, ["percent (an integer from 1 to 100) has no answer"]),
        ({"gpus": 9, "mps": True, "percent": 0}, ["gpus: 9 is not accepted", "percent: 0 is not accepted"]),
        ({"gpu": False, "threads": "0"}, ['threads: "0" is not accepted; give an integer of at least 1.']),
        ({"gpu": "maybe"}, ['gpu: "maybe" is not accepted; give true or false']),
    ],
)
def test_what_is_wrong_or_missing_in_a_branch_is_told(
    branches: Jobbergate, tmp_path: Path, given: dict[str, Any], told: list[str]
) -> None:
    (tmp_path / "answers.json").write_text(json.dumps(given))

    result = branches("job-scripts", "create", "branches", "--answers", tmp_path / "answers.json", "--fast")

    assert result.exit_code == 1
    for words in told:
        assert words in result.stderr
    assert not JobScript.objects.exists()


# --- defaults of odd types ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("appform.Integer('a', '?', default='4')", 4),
        ("appform.Integer('a', '?', default=4 / 2)", 2),
        ("appform.Integer('a', '?', default='4', ignore=True)", 4),
        ("appform.Integer('a', '?', default=lambda known: '4')", 4),
        ("appform.Integer('a', '?', '1', '8', 4)", 4),
        ("appform.Integer('a', '?', ignore=True)", None),
        ("appform.Confirm('a', '?', 1)", True),
        ("appform.Confirm('a', '?', 'no')", False),
        ("appform.Directory('a', '?', default=__import__('pathlib').Path('/tmp'))", "/tmp"),
        ("appform.Text('a', '?', 5)", "5"),
        ("appform.List('a', '?', [('One', 1), ('Two', 2)], 'Two')", 2),
        ("appform.List('a', '?', range(3), 0)", 0),
        ("appform.Checkbox('a', '?', [('One', 1), 2], default=['One', 2])", [1, 2]),
        ("appform.Checkbox('a', '?', [1], [])", []),
        ("appform.Const('a', None)", None),
        ("appform.Const('a', {'k': [1]})", {"k": [1]}),
    ],
)
def test_a_default_counts_in_the_type_of_its_question(application, question: str, value: Any) -> None:
    from tests.cli.test_workflow import run

    found = run(application(f"def mainflow(self, data):\n    return [{question}]"))

    assert exact(found.answers) == exact({"a": value})


# --- what the code computes and where it goes on --------------------------------------------------------------------


def publish(program: Jobbergate, name: str) -> None:
    created = program("applications", "create", FOLDERS / name, "--identifier", name, "--trust")
    assert created.exit_code == 0, created.stderr


@pytest.mark.parametrize(("gpu", "template"), [("yes", "gpu.sh"), ("no", "cpu.sh")])
def test_a_template_that_the_code_chooses_is_the_script(by_alice: Jobbergate, gpu: str, template: str) -> None:
    publish(by_alice, "computed")

    result = by_alice("job-scripts", "create", "computed", "--fast", "-a", f"gpu={gpu}", "-a", "cores=100")

    script = JobScript.objects.get()
    assert result.exit_code == 0, result.stderr
    assert (list(script.read_files()), script.name) == ([template], "simulation.sh")
    partition = {"yes": "gpu", "no": "normal"}[gpu]
    assert f"#SBATCH -N 4\n#SBATCH -p {partition}\n" in script.read_entrypoint()


LOOP = """
def mainflow(self, data):
    data.setdefault("values", [])
    data["nextworkflow"] = "keep"
    return [appform.Text("value", "Value %d?" % len(data["values"])), appform.Confirm("more", "After %d?" % len(data["values"]))]

def keep(self, data):
    data["values"].append(data["value"])
    if data["more"]:
        data["nextworkflow"] = "mainflow"
"""


def test_steps_may_go_on_as_long_as_somebody_answers(by_alice: Jobbergate, tmp_path: Path) -> None:
    program = HEAD + "".join(f"    {line}\n" for line in LOOP.strip("\n").splitlines())
    template = b"#!/bin/bash\nvalues=({{ data['values'] | join(' ') }}) {{ value }}\n"
    files = {**PROGRAMMED, "jobbergate.py": program.encode(), "templates/job.sh.j2": template}
    by_alice("applications", "create", write_folder(tmp_path / "loop", files), "--identifier", "loop", "--trust")

    talk, code = at_a_terminal(
        ["job-scripts", "create", "loop"],
        [("Value 0?", "3\n"), ("After 0?", "y\n"), ("Value 1?", "5\n"), ("After 1?", "n\n")],
    )

    assert code == 0, talk
    assert JobScript.objects.get().read_entrypoint() == "#!/bin/bash\nvalues=(3 5) 5\n"
