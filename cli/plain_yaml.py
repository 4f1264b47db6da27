"""YAML as people mean it in a file of answers.

YAML 1.1 reads `10:30:00` as 37800, `007` as 7, and `no` as false: a walltime, an id and a word. Here only what JSON
would take for a number, true, false or null is one (and `~`, and nothing at all); all else is text until its question
types it.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

RULES = (
    ("tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), "tTfF"),
    ("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"), "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\Z"),
        "-+0123456789",
    ),
    ("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), "<"),
)


class PlainLoader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}


for tag, pattern, first in RULES:
    PlainLoader.add_implicit_resolver(tag, pattern, list(first))
