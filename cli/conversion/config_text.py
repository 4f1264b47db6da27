"""jobbergate.yaml with `questions`, as a person would have written it. Pure.

Where only lines come on top, the author's own text stays, with its comments; else the file is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

WIDTH = 110


class Pair(list[Any]):
    """A label and its value, on one line."""


class Dumper(yaml.SafeDumper):
    """Lists are set in below their key, and no value is written as a reference to another."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_representer(Pair, lambda dumper, pair: dumper.represent_sequence("tag:yaml.org,2002:seq", pair, True))


def config_text(before: bytes, sections: Mapping[str, Any]) -> str:
    """The whole file; `sections` are those that have changed, or are new."""
    there = yaml.safe_load(before) or {}
    wanted = {**there, **sections}
    # Other encodings are YAML too: then this text means something else, and is given up below.
    text = before.decode("utf-8-sig", "replace")
    for name, section in sections.items():
        old = there.get(name)
        if isinstance(old, dict):
            text = with_keys(text, name, {key: value for key, value in section.items() if key not in old})
        elif section:
            text = f"{text.rstrip()}\n\n{dumped({name: section})}".lstrip("\n")
    return text if means(text, wanted) else dumped({key: value for key, value in wanted.items() if value})


def with_keys(text: str, section: str, new: Mapping[str, Any]) -> str:
    """New keys as the first ones of a section, set in as the line after them is."""
    if not new:
        return text
    found = re.search(rf"^{section}:[ \t]*(#.*)?\n(?:[ \t]*(?:#.*)?\n)*?(?P<indent>[ ]+)(?![ #\n])", text, re.MULTILINE)
    if found is None:
        return text
    lines = "".join(f"{found['indent']}{line}\n" for line in dumped(new).splitlines())
    at = text.index("\n", found.start()) + 1
    return text[:at] + lines + text[at:]


def comments(text: str) -> int:
    """How many lines have one, as far as a look at lines can tell."""
    return sum(bool(re.search(r"(^|\s)#", line)) for line in text.splitlines())


def means(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return False
    return isinstance(found, dict) and repr(without_nothing(found)) == repr(without_nothing(wanted))


def without_nothing(sections: Mapping[str, Any]) -> dict[str, Any]:
    """In one order; types count, so that 1 is not true."""
    return {str(key): in_order(sections[key]) for key in sorted(sections, key=str) if sections[key]}


def in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=str)}
    return [in_order(one) for one in value] if isinstance(value, list) else value


def dumped(value: Any) -> str:
    return str(yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH))
