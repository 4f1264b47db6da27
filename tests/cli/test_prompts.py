"""Prompts on a real terminal: a pseudo-terminal holds the keyboard and the screen, standard output is a pipe."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

ENTER, DOWN, UP, SPACE, TAB, CTRL_C, CTRL_D, CLEAR = "\r", "\x1b[B", "\x1b[A", " ", "\t", "\x03", "\x04", "\x15"
PATIENCE = 30.0


class Terminal:
    """The program at a terminal; `expect` waits for text on the screen, `type` presses keys."""

    def __init__(self, *questions, stderr_to=None, directory=None):
        self.keyboard, screen = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.prompt_program", *questions],
            stdin=screen,
            stdout=subprocess.PIPE,
            stderr=stderr_to or screen,
            # Without a reply to "where is the cursor?" the library waits for one.
            env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm", "PYTHONPATH": str(Path.cwd())},
            cwd=directory,
            preexec_fn=self.take_terminal,
        )
        os.close(screen)

    @staticmethod
    def take_terminal():
        os.setsid()
        # The first terminal that a session's leader opens is its own: /dev/tty.
        os.close(os.open(os.ttyname(0), os.O_RDWR))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.close(self.keyboard)

    def expect(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self.keyboard], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} did not appear; on the screen: {self.seen!r}"
            raw = os.read(self.keyboard, 65536).decode(errors="replace")
            self.seen += re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>])", "", raw)
        self.seen = self.seen.partition(text)[2]

    def type(self, keys):
        os.write(self.keyboard, keys.encode())

    def output(self):
        out, _ = self.process.communicate(timeout=PATIENCE)
        return out.decode()

    def answers(self):
        return json.loads(self.output())


@pytest.mark.parametrize(
    ("question", "shown", "keys", "answers"),
    [
        ("text", "Name?", ENTER, {"name": "job"}),
        ("text", "Name?", CLEAR + "other" + ENTER, {"name": "other"}),
        ("text", "Name?", CLEAR + ENTER, {"name": ""}),
        ("integer", "Nodes?", "12" + ENTER, {"nodes": 12}),
        ("list", "Partition?", ENTER, {"partition": None}),
        ("list", "Partition?", UP + ENTER, {"partition": "debug"}),
        ("list", "Partition?", DOWN + ENTER, {"partition": "other"}),
        ("long_list", "Node?", "node37" + ENTER, {"node": "node37"}),
        ("checkbox", "Modules?", ENTER, {"modules": ["gcc"]}),
        ("checkbox", "Modules?", SPACE + DOWN + DOWN + SPACE + ENTER, {"modules": ["python"]}),
        ("confirm", "Mail?", ENTER, {"mail": True}),
        ("confirm", "Mail?", "n" + ENTER, {"mail": False}),
        ("file", "Mesh?", "new.msh" + ENTER, {"mesh": "new.msh"}),
        ("file", "Mesh?", ENTER, {"mesh": ""}),
        ("directory", "Workdir?", "/" + ENTER, {"workdir": "/"}),
        ("optional", "Queue?", ENTER, {"queue": None}),
    ],
)
def test_a_question_is_answered_at_the_keyboard(question, shown, keys, answers):
    with Terminal(question) as terminal:
        terminal.expect(shown)
        terminal.type(keys)

        assert terminal.answers() == answers


def test_questions_follow_the_answer_that_they_hang_on():
    with Terminal("boolean_list") as terminal:
        terminal.expect("GPU?")
        terminal.type("y" + ENTER)
        terminal.expect("GPUs?")
        terminal.type("4" + ENTER)

        assert terminal.answers() == {"gpu": True, "gpus": 4}


def test_a_constant_is_not_asked():
    with Terminal("const") as terminal:
        assert terminal.answers() == {"release": "12.0"}


def test_an_answer_that_is_refused_can_be_corrected():
    with Terminal("integer") as terminal:
        terminal.expect("Nodes?")
        terminal.type("65" + ENTER)
        terminal.expect("Give an integer from 1 to 64.")
        terminal.type(CLEAR + "64" + ENTER)

        assert terminal.answers() == {"nodes": 64}


def test_a_directory_is_completed_and_has_to_exist(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "reports.txt").touch()
    with Terminal("directory", directory=tmp_path) as terminal:
        terminal.expect("Workdir?")
        terminal.type("re" + ENTER)
        terminal.expect("Give the path of a directory that exists.")
        terminal.type(TAB)
        terminal.expect("sults")
        terminal.type(ENTER)

        assert terminal.answers() == {"workdir": "results"}


def test_help_is_shown_before_the_question():
    with Terminal("optional") as terminal:
        terminal.expect("Leave it to the site.")
        terminal.expect("Queue?")
        terminal.type(UP + ENTER)

        assert terminal.answers() == {"queue": "a"}


@pytest.mark.parametrize(
    ("question", "key"),
    [("text", CTRL_C), ("integer", CTRL_D), ("confirm", CTRL_C), ("list", CTRL_C), ("checkbox", CTRL_C)],
)
def test_ctrl_c_and_ctrl_d_give_up(question, key):
    with Terminal(question) as terminal:
        terminal.expect("?")
        terminal.expect("?")
        terminal.type(key)

        assert terminal.output() == "aborted\n"


def test_the_question_is_seen_where_standard_error_is_a_file(tmp_path):
    with (tmp_path / "err").open("wb") as err, Terminal("text", stderr_to=err) as terminal:
        terminal.expect("Name?")
        terminal.type(ENTER)

        assert terminal.answers() == {"name": "job"}
    assert (tmp_path / "err").read_bytes() == b""
