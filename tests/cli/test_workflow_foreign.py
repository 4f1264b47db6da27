"""Somebody else's code in our process: what it finds, what is left of it, and how its errors are told."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cli.asking import NobodyToAsk
from cli.errors import CliError
from cli.workflow import run_application

MAINFLOW = """
from jobbergate_cli.application_base import JobbergateApplicationBase
from jobbergate_cli import appform

class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data):
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "application"
    folder.mkdir()
    (folder / "jobbergate.yaml").write_text("jobbergate_config: {}\n")
    return folder


def run(folder, program, **supplied):
    (folder / "jobbergate.py").write_text(program)
    return run_application(folder, supplied, fast=True, asker=NobodyToAsk())


def body(*lines):
    return MAINFLOW + "".join(f"        {line}\n" for line in lines)


def told(folder, program):
    with pytest.raises(CliError) as refused:
        run(folder, program)
    return str(refused.value)


# --- imports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "from jobbergate_cli import appform as q; q.Text, q.Const, q.QuestionBase",
        "from jobbergate_cli.appform import BooleanList, Checkbox, Confirm, Directory, File, Integer, List, Text",
        "from jobbergate_cli.subapps.applications.questions import BooleanList, Const, QuestionBase, Text",
        "from jobbergate_cli.subapps.applications import questions; questions.Integer",
        "from jobbergate_cli.subapps.applications.application_base import JobbergateApplicationBase",
        "from jobbergate_cli.subapps.applications.application_helpers import get_file_list, get_running_jobs",
        "from jobbergate_cli.jobberappslib import *; get_running_jobs, get_file_list",
        "import jobbergate_cli.jobberappslib; jobbergate_cli.jobberappslib.get_file_list",
        "import jobbergate_cli; jobbergate_cli.appform.Text",
    ],
)
def test_the_imports_of_old_folders_resolve(folder, line):
    run(folder, f"{line}\n{body('pass')}")


def test_a_module_that_is_not_there_is_told(folder):
    program = "from jobbergate_cli.text_tools import dedent\n"

    assert told(folder, program) == (
        "jobbergate.py, line 1: ModuleNotFoundError: No module named 'jobbergate_cli.text_tools'"
    )


def test_an_installed_module_of_that_name_comes_back_after_the_run(folder, monkeypatch):
    installed = ModuleType("jobbergate_cli")
    inner = ModuleType("jobbergate_cli.appform")
    monkeypatch.setitem(sys.modules, "jobbergate_cli", installed)
    monkeypatch.setitem(sys.modules, "jobbergate_cli.appform", inner)

    run(folder, body("import jobbergate_cli", "data['own'] = hasattr(jobbergate_cli, 'subapps')"))

    assert (sys.modules["jobbergate_cli"], sys.modules["jobbergate_cli.appform"]) == (installed, inner)
    assert "jobbergate_cli.subapps" not in sys.modules


@pytest.mark.parametrize("ending", ["pass", "raise ValueError('x')", "raise SystemExit(3)"])
def test_everything_is_as_before_after_the_run_also_after_an_error(folder, ending, monkeypatch):
    (folder / "ownmodule.py").write_text("x = 1\n")
    (folder / "ownspace").mkdir()
    (folder / "ownspace" / "inner.py").write_text("y = 2\n")
    before = (list(sys.path), sys.stdout, sys.dont_write_bytecode, Path.cwd(), os.fstat(1).st_ino)
    modules = set(sys.modules)
    program = body("import ownmodule, ownspace.inner", "data['z'] = ownmodule.x + ownspace.inner.y", ending)

    if ending == "pass":
        assert run(folder, program).computed == {"z": 3}
    else:
        told(folder, program)

    assert (list(sys.path), sys.stdout, sys.dont_write_bytecode, Path.cwd(), os.fstat(1).st_ino) == before
    assert {name for name in set(sys.modules) - modules if "own" in name or "jobbergate_" in name} == set()
    assert not list(folder.rglob("__pycache__"))


def test_the_folders_own_modules_never_hide_installed_ones(folder):
    (folder / "json.py").write_text("raise RuntimeError\n")

    run(folder, body("import json", "data['x'] = json.loads('1')"))


def test_the_code_runs_in_the_directory_of_its_user(folder, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    found = run(folder, "import os\n" + body("data['at'] = os.getcwd()", "data['file'] = __file__"))

    assert found.computed == {"at": str(elsewhere), "file": str(folder / "jobbergate.py")}


def test_dataclasses_with_text_annotations_work(folder):
    program = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\n"
    )

    assert run(folder, program + body("data['x'] = A().x")).computed == {"x": 1}


def test_our_own_future_imports_do_not_reach_the_code(folder):
    program = "def f(x: 1 + 1): pass\n" + body("data['x'] = f.__annotations__['x']")

    assert run(folder, program).computed == {"x": 2}


def test_template_files_are_paths_in_the_folder(folder):
    (folder / "templates" / "deep").mkdir(parents=True)
    (folder / "templates" / "b.j2").touch()
    (folder / "templates" / "deep" / "a.j2").touch()

    found = run(folder, body("data['found'] = self.get_template_files()"))

    assert found.computed == {"found": ["templates/b.j2", "templates/deep/a.j2"]}


def test_newest_files_come_first_whatever_their_case(folder, tmp_path, monkeypatch):
    for age, name in enumerate(["new.py", "OLD.PY", "none"]):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 100 - age))
    monkeypatch.chdir(tmp_path)

    found = run(
        folder,
        body(
            "from pathlib import Path",
            "from jobbergate_cli.jobberappslib import get_file_list",
            f"data['lists'] = [get_file_list(), get_file_list({str(tmp_path)!r}, '*.py')]",
            "data['all'] = get_file_list(Path('.'), '*')",
        ),
    )

    assert found.computed == {"lists": [["new.py", "OLD.PY"]] * 2, "all": ["new.py", "OLD.PY", "none"]}


JOBS = ["from jobbergate_cli.jobberappslib import get_running_jobs", "data['jobs'] = get_running_jobs()"]


def test_without_slurm_there_are_no_running_jobs_and_one_line_of_talk(folder, monkeypatch, capfd):
    monkeypatch.setenv("PATH", "")

    assert run(folder, body(*JOBS)).computed == {"jobs": []}
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("The list of running jobs is empty: squeue")


# --- standard output ------------------------------------------------------------------------------------------------


def test_standard_output_stays_ours_also_from_programs_that_the_code_starts(folder):
    (folder / "jobbergate.py").write_text(
        body("import os, subprocess", "print('one')", "os.system('echo two')", "subprocess.run(['echo', 'three'])")
    )
    program = (
        "import sys; from pathlib import Path; from cli.workflow import run_application; "
        "from cli.asking import NobodyToAsk; print('before'); "
        "run_application(Path(sys.argv[1]), {}, fast=True, asker=NobodyToAsk()); print('after')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "before\nafter\n"
    assert sorted(done.stderr.split()) == ["one", "three", "two"]


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (body("x = 1", "return data['nodes']"), "jobbergate.py, line 8, in mainflow: KeyError: 'nodes'"),
        ("x = (\n", "jobbergate.py, line 1: SyntaxError: '(' was never closed"),
        ("import absent_x\n", "jobbergate.py, line 1: ModuleNotFoundError: No module named 'absent_x'"),
        ("\n\n1 / 0\n", "jobbergate.py, line 3: ZeroDivisionError: division by zero"),
        (body("import sys; sys.exit('no licence')"), "jobbergate.py, line 7, in mainflow: SystemExit: no licence"),
        ("raise SystemExit\n", "jobbergate.py, line 1: it called exit()"),
        (body("class Odd(BaseException): pass", "def deep(): raise RuntimeError", "deep()"),
         "jobbergate.py, line 8, in deep: RuntimeError"),
        (body("return [appform.BooleanList('b', 'B?')]"),
         "jobbergate.py, line 7, in mainflow: ValueError: b: give questions as whentrue, whenfalse, or both."),
        (body("return [appform.List('b', 'B?', choices=lambda answers: answers['no'])]"),
         "jobbergate.py, line 7, in <lambda>: b: KeyError: 'no'"),
        (body("import os", "return [appform.Directory('d', default=os.getcwd)]"),
         "jobbergate.py, in mainflow: d: TypeError: posix.getcwd() takes no arguments (1 given)"),
        (body("def size(): return 5", "return [appform.Integer('n', ignore=size)]"),
         "jobbergate.py, line 7: n: TypeError: JobbergateApplication.mainflow.<locals>.size() takes 0 positional"
         " arguments but 1 was given"),
        (body("return [appform.List('b', 'B?', choices=lambda answers: None)]"),
         "jobbergate.py, line 7: b: TypeError: 'NoneType' object is not iterable"),
        (body("return [appform.Integer('n', 'N?', minval='one')]"),
         "jobbergate.py, line 7, in mainflow: ValueError: n: 'one' is no bound; give a number."),
        (body("return [appform.Text(5)]"),
         "jobbergate.py, line 7, in mainflow: TypeError: 5 is no name of a variable; give text."),
        (body("return [appform.BooleanList('b', 'B?', whentrue=['gpu'])]"),
         "jobbergate.py, line 7, in mainflow: TypeError: b: whentrue and whenfalse are lists of questions, and of"
         " nothing else."),
        (body("class Odd(BaseException): pass", "raise Odd('end')"),
         "jobbergate.py, line 8, in mainflow: Odd: end"),
        (body("exit()"), "jobbergate.py, line 7, in mainflow: it called exit()"),
        (body("self.jobbergate_config = None"),
         "jobbergate.py: jobbergate_config is None now; it has to stay a dictionary."),
        (body("data['self'] = data"),
         "What the code put into data contains itself, or is nested too deeply for JSON."),
        ("class JobbergateApplication:\n    def __init__(self, y):\n        y['z']\n",
         "jobbergate.py, line 3, in __init__: KeyError: 'z'"),
        ("class JobbergateApplication:\n    pass\n",
         "jobbergate.py, in __init__: TypeError: JobbergateApplication() takes no arguments"),
        ("from jobbergate_cli.application_base import *\nclass JobbergateApplication(JobbergateApplicationBase):\n"
         "    def mainflow(self): pass\n",
         "jobbergate.py, in mainflow: TypeError: JobbergateApplication.mainflow() got an unexpected keyword argument"
         " 'data'"),
        (MAINFLOW.replace("def mainflow(self, data):", "pass"),
         "jobbergate.py, in mainflow: NotImplementedError: mainflow(self, data) has to return a list of questions."),
        ("x = 1\n", "jobbergate.py defines no class JobbergateApplication."),
        ("x = '\0'\n", "jobbergate.py: ValueError: source code string cannot contain null bytes"),
    ],
)  # fmt: skip
def test_an_error_is_told_as_the_codes_own(folder, program, message):
    assert told(folder, program) == message


def test_an_error_in_a_module_of_the_folder_is_told_with_that_file(folder):
    (folder / "parts").mkdir()
    (folder / "parts" / "sizes.py").write_text("def nodes():\n    raise ValueError('too many')\n")

    assert told(folder, body("from parts import sizes", "sizes.nodes()")) == (
        "parts/sizes.py, line 2, in nodes: ValueError: too many"
    )


def test_a_syntax_error_in_a_module_of_the_folder_is_told_with_that_file(folder):
    (folder / "sizes.py").write_text("nodes = 1\nnodes = = 2\n")

    assert told(folder, "import sizes\n") == "sizes.py, line 2: SyntaxError: invalid syntax"
    assert told(folder, body("import sizes")) == "sizes.py, line 2: SyntaxError: invalid syntax"


def test_a_module_that_calls_exit_while_it_is_imported_is_told(folder):
    (folder / "licence.py").write_text("import sys\nsys.exit('no licence')\n")

    assert told(folder, "import licence\n") == "licence.py, line 2: SystemExit: no licence"


def test_an_error_of_a_library_is_told_with_the_line_that_called_it(folder):
    assert told(folder, body("import json", "json.loads('{')")).startswith(
        "jobbergate.py, line 8, in mainflow: JSONDecodeError: "
    )


def test_where_the_code_goes_and_what_it_sets_is_undone(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JOBBERGATE_TEST", "before")

    for ending in ("pass", "raise ValueError"):
        program = body("import os", "os.chdir('/')", "os.environ['JOBBERGATE_TEST'] = 'after'", ending)
        run(folder, program) if ending == "pass" else told(folder, program)

        assert (Path.cwd(), os.environ["JOBBERGATE_TEST"]) == (tmp_path, "before")


def test_ctrl_c_within_the_code_is_no_error_of_it(folder):
    with pytest.raises(KeyboardInterrupt):
        run(folder, body("raise KeyboardInterrupt"))


def test_an_error_of_ours_is_not_blamed_on_the_code(folder):
    class Broken:
        def ask(self, question):
            raise RuntimeError("ours")

    (folder / "jobbergate.py").write_text(body("return [appform.Text('a')]"))
    with pytest.raises(RuntimeError, match="ours"):
        run_application(folder, {}, fast=True, asker=Broken())


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["raise GeneratorExit"], "GeneratorExit"),
        (["raise type('Bad', (Exception,), {'__str__': lambda self: 1 / 0})"], "Bad"),
        (["raise type('Bad', (Exception,), {'__str__': lambda self: None})"], "Bad"),
        (["error = SyntaxError('x')", "error.filename = 3", "raise error"], "SyntaxError: x"),
    ],
)
def test_errors_that_cannot_even_be_told_have_a_file_and_a_line(folder, lines, what):
    assert told(folder, body(*lines)) == f"jobbergate.py, line {6 + len(lines)}, in mainflow: {what}"


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_streams_that_the_code_closes_stay_open(folder, capfd, stream):
    run(folder, body(f"import sys; sys.{stream}.close()", f"with sys.{stream}: print('talk')", "print('more')"))
    print("data")

    assert not getattr(sys, stream).closed
    out, err = capfd.readouterr()
    assert (out, err) == ("data\n", "talk\nmore\n")


@pytest.mark.parametrize("place", ["mainflow", "module", "question"])
def test_a_child_that_the_code_forked_does_not_go_on_with_our_command(folder, tmp_path, place):
    fork = "import os; os.fork()\n"
    asked = "appform.Text('a', default=lambda known: __import__('os').fork() and '')"
    programs = {
        "mainflow": body("import os; os.fork()"),
        "module": fork + body("pass"),
        "question": body(f"return [{asked}]"),
    }
    (folder / "jobbergate.py").write_text(programs[place])
    ran = (
        "import sys; from pathlib import Path\n"
        "from cli.asking import NobodyToAsk; from cli.workflow import run_application\n"
        f"run_application(Path({str(folder)!r}), {{}}, fast=True, asker=NobodyToAsk())\n"
        "print('went on')"
    )

    done = subprocess.run([sys.executable, "-c", ran], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")
