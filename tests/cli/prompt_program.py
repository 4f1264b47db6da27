"""Asks one question of each type on the terminal, and prints the answers as JSON; started by test_prompts.py."""

import json
import sys

import click

from cli.asking import TerminalAsker, answer
from cli.questions import (
    BooleanList,
    Checkbox,
    Confirm,
    Const,
    Directory,
    File,
    Integer,
    List,
    Text,
    question_from_form,
)

OPTIONAL = {
    "variable": "queue",
    "type": "choice",
    "message": "Queue?",
    "required": False,
    "help": "Leave it to the site.",
    "choices": [{"value": "a", "label": "A"}],
}
QUESTIONS = {
    "text": Text("name", "Name?", default="job"),
    "integer": Integer("nodes", "Nodes?", 1, 64),
    "list": List("partition", "Partition?", [("Debug", "debug"), ("Long", None), "other"], "Long"),
    "long_list": List("node", "Node?", [f"node{number}" for number in range(40)]),
    "checkbox": Checkbox("modules", "Modules?", ["gcc", "mpi", "python"], default=["gcc"]),
    "confirm": Confirm("mail", "Mail?", default=True),
    "boolean_list": BooleanList("gpu", "GPU?", [Integer("gpus", "GPUs?")], [Text("memory", "Memory?")], default=False),
    "directory": Directory("workdir", "Workdir?", exists=True),
    "file": File("mesh", "Mesh?", exists=False),
    "const": Const("release", default="12.0"),
    "optional": question_from_form(OPTIONAL),
}

if __name__ == "__main__":
    asked = [QUESTIONS[name] for name in sys.argv[1:]]
    try:
        print(json.dumps(answer(asked, {}, fast=False, asker=TerminalAsker())))
    except click.Abort:
        print("aborted")
