"""YAML as people mean it in a file of answers, as the command line client reads it from `--answers`.

YAML 1.1 reads `10:30:00` as 37800, `007` as 7, and `no` as false: a walltime, an id and a word. Here only what JSON
would take for a number, true, false or null is one (and `~`, and nothing at all); all else is text until its question
types it.
"""

import re
from typing import Any

from applications.config import Loader

RULES = (
    ("tag:yaml.org,2002:bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    ("tag:yaml.org,2002:null", r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)\Z", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\Z", "-+0123456789"),
    ("tag:yaml.org,2002:merge", r"<<\Z", "<"),
)


class PlainLoader(Loader):  # type: ignore[misc]  # chosen at run time: in C where there is one
    yaml_implicit_resolvers: dict[str, Any] = {}


for tag, pattern, first in RULES:
    PlainLoader.add_implicit_resolver(tag, re.compile(pattern), list(first))
