"""Data for people and for programs."""

import csv
import io
import json
import os
import pty
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from cli.output import Output, printable, shown

ROWS = [
    {"id": 1, "name": "Ein Name, mit Komma", "owner": "alice", "answers": {"nodes": 2}, "ended_at": None},
    {"id": 22, "name": "名前", "owner": "bob", "answers": {}, "ended_at": "2026-03-01T12:00:00Z"},
]
FIELDS = ("id", "name", "owner", "answers", "ended_at")
TABLE = ("id", "name", "owner")


def printed(output_format: str, rows: list[dict[str, Any]]) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    Output(output_format, stdout, stderr).rows(rows, table=TABLE, fields=FIELDS)
    return stdout.getvalue(), stderr.getvalue()


def printed_one(output_format: str, row: dict[str, Any]) -> str:
    stdout = io.StringIO()
    Output(output_format, stdout, io.StringIO()).row(row)
    return stdout.getvalue()


@contextmanager
def terminal(columns: int) -> Iterator[tuple[Any, int]]:
    reader, writer = pty.openpty()
    os.environ["COLUMNS"] = str(columns)
    try:
        with os.fdopen(writer, "w") as stdout:
            yield stdout, reader
    finally:
        del os.environ["COLUMNS"]
        os.close(reader)


def test_json_is_everything_the_server_said() -> None:
    assert json.loads(printed("json", ROWS)[0]) == ROWS
    assert json.loads(printed_one("json", ROWS[0])) == ROWS[0]


def test_json_keeps_the_letters_of_a_name() -> None:
    assert "名前" in printed("json", ROWS)[0]


def test_json_of_no_rows_is_an_empty_list() -> None:
    assert printed("json", []) == ("[]\n", "")


def test_yaml_is_everything_the_server_said() -> None:
    assert yaml.safe_load(printed("yaml", ROWS)[0]) == ROWS
    assert yaml.safe_load(printed_one("yaml", ROWS[1])) == ROWS[1]


def test_yaml_of_no_rows_is_an_empty_list() -> None:
    assert yaml.safe_load(printed("yaml", [])[0]) == []


def test_csv_has_a_header_and_a_line_for_each_row() -> None:
    lines = list(csv.reader(io.StringIO(printed("csv", ROWS)[0])))

    assert lines == [
        ["id", "name", "owner", "answers", "ended_at"],
        ["1", "Ein Name, mit Komma", "alice", '{"nodes": 2}', ""],
        ["22", "名前", "bob", "{}", "2026-03-01T12:00:00Z"],
    ]


def test_csv_of_no_rows_is_its_header() -> None:
    assert printed("csv", []) == ("id,name,owner,answers,ended_at\n", "")


def test_ids_stand_one_on_a_line() -> None:
    assert printed("id", ROWS)[0] == "1\n22\n"
    assert printed("id", [])[0] == ""
    assert printed_one("id", ROWS[1]) == "22\n"


def test_a_table_for_a_program_is_never_cut() -> None:
    long = [{"id": 1, "name": "x" * 500, "owner": "alice"}]

    assert printed("table", long)[0].splitlines()[1].split() == ["1", "x" * 500, "alice"]


def test_a_table_has_one_line_for_each_row_and_no_trailing_blanks() -> None:
    lines = printed("table", ROWS)[0].splitlines()

    assert len(lines) == 3
    assert all(line == line.rstrip() for line in lines)


def test_an_empty_table_says_so_on_standard_error() -> None:
    assert printed("table", []) == ("", "Nothing found.\n")


def test_a_table_fits_the_terminal_and_hides_nothing() -> None:
    with terminal(columns=40) as (stdout, reader):
        row = {"id": 1, "name": "word " * 20, "owner": "alice"}
        Output("table", stdout, io.StringIO()).rows([row], table=TABLE, fields=FIELDS)
        text = os.read(reader, 100_000).decode()

    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert text.count("word") == 20
    assert "alice" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 40


def test_a_name_cannot_speak_to_the_terminal() -> None:
    evil = {"id": 1, "name": "\x1b[2Jgone\x9b1m\u202e[bold]", "owner": "mallory\r\n"}

    table = printed("table", [evil])[0] + printed_one("table", evil)

    assert not {"\x1b", "\x9b", "\u202e", "\r"} & set(table)
    # What looks like markup is text.
    assert table.count("[bold]") == 2


def test_a_program_gets_the_name_as_it_is() -> None:
    assert json.loads(printed("json", [{"id": 1, "name": "\x1b[2J"}])[0])[0]["name"] == "\x1b[2J"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ("2026", "2026"),
        ("not-a-timeTxxxxxxxxxxx", "not-a-timeTxxxxxxxxxxx"),
        ({"nodes": 2, "gpus": ["a", "b"]}, "nodes: 2\ngpus: a, b"),
        ([{"path": "job.sh", "size": 12}], "path job.sh, size 12"),
        ([], ""),
    ],
)
def test_a_value_is_shown_as_a_person_reads_it(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_time_is_shown_by_the_readers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert shown("2026-03-01T12:00:05.123456Z") == "2026-03-01 21:00:05"
    time.tzset()


def test_a_file_s_text_is_unchanged_for_a_program() -> None:
    stdout = io.StringIO()
    Output("table", stdout, io.StringIO()).text("#!/bin/bash\n\x1b[1mbold\n")

    assert stdout.getvalue() == "#!/bin/bash\n\x1b[1mbold\n"


def test_lines_and_tabs_stay_as_they_are() -> None:
    assert printable("a\tb\nc") == "a\tb\nc"


def test_a_narrow_terminal_leaves_out_what_names_no_row_and_says_so() -> None:
    row = {"id": 1234, "identifier": "motorbike", "name": "Motor bike", "tags": ["cfd", "openfoam"], "owner": "alice"}
    row |= {"latest_version": 12, "updated_at": "2026-03-01T12:00:05Z"}
    talk = io.StringIO()
    with terminal(columns=55) as (stdout, reader):
        Output("table", stdout, talk).rows([row], table=list(row), fields=list(row))
        text = re.sub(r"\x1b\[[0-9;]*m", "", os.read(reader, 100_000).decode())

    heads, _, cells = [line.split() for line in text.splitlines() if line.strip()][-3:]
    assert (heads[:3], cells[:4]) == (["id", "identifier", "name"], ["1234", "motorbike", "Motor", "bike"])
    assert talk.getvalue() == "The terminal is too narrow for: tags, updated; `--output csv` has everything.\n"
