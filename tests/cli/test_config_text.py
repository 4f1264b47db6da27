"""jobbergate.yaml with questions: the author's own text where it can stay, and always what is meant."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.conversion.config_text import config_text

QUESTIONS = [{"variable": "a", "type": "text"}]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "jobbergate_config:\n  undefined: warn\n\n"),
        ("jobbergate_config: {a: 1} # one\n", "jobbergate_config:\n  a: 1\n  undefined: warn\n"),
        (
            "jobbergate_config:   # mine\n\n    # two\n    a: 1\n",
            "jobbergate_config:   # mine\n    undefined: warn\n\n    # two\n    a: 1\n\n",
        ),
        ("jobbergate_config:\n  a: 1\nmore: 2\n...\n", "jobbergate_config:\n  a: 1\n  undefined: warn\nmore: 2\n"),
        ("\ufeffjobbergate_config:\n  a: 1", "jobbergate_config:\n  undefined: warn\n  a: 1\n\n"),
        ("---\njobbergate_config:\r\n  a: 1\r\n", None),
        ("jobbergate_config: &x\n  a: 1\nmore: *x\n", None),
        ("jobbergate_config:\n  a: |\n    text\n    application_config:\n", None),
    ],
)
def test_lines_come_on_top_or_the_file_is_written_anew(before, after):
    there = yaml.safe_load(before.removeprefix("\ufeff")) or {}
    sections = {
        "jobbergate_config": {**(there.get("jobbergate_config") or {}), "undefined": "warn"},
        "questions": QUESTIONS,
    }

    found = config_text(before.encode(), sections)

    assert yaml.safe_load(found) == {**there, **sections}
    assert after is None or found == f"{after}questions:\n  - variable: a\n    type: text\n"


def test_a_file_in_another_encoding_is_written_in_utf_8():
    found = config_text("jobbergate_config: {a: \u00e9}\n".encode("utf-16"), {"questions": QUESTIONS})

    assert yaml.safe_load(found.encode()) == {"jobbergate_config": {"a": "\u00e9"}, "questions": QUESTIONS}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=6,
)
sections = st.dictionaries(st.text("abc", min_size=1), values, max_size=4)


@given(sections, sections, st.booleans())
def test_what_is_written_is_what_is_meant(old, new, flow):
    before = yaml.safe_dump({"jobbergate_config": old}, default_flow_style=flow).encode()
    wanted = {"jobbergate_config": {**old, **new}, "application_config": new, "questions": QUESTIONS}

    found = yaml.safe_load(config_text(before, wanted))

    assert {key: found.get(key) or {} for key in wanted} == wanted
