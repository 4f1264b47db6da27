"""Where output went, when Slurm has forgotten the job: as Slurm itself works it out."""

import os
from pathlib import Path
from typing import Any

import pytest

from cli.logs import MOST, NoLog, Piece, read_piece
from cli.output_paths import NoPath, output_path
from cli.slurm_text import Paths, output_paths
from cli.tailing import last_lines, start_of

ROW = {
    "slurm_job_id": 4711,
    "execution_directory": "/home/bob/run",
    "stdout": "",
    "stderr": "",
    "nodes": "n[08-10,12],m1",
}


@pytest.mark.parametrize(
    ("pattern", "task", "path"),
    [
        ("", None, "/home/bob/run/slurm-4711.out"),
        ("", 3, "/home/bob/run/slurm-4711_3.out"),
        ("/logs/%j", None, "/logs/4711"),
        ("logs/%8j-%u-%N.txt", None, "/home/bob/run/logs/00004711-bob-n08.txt"),
        ("%A_%4a", 7, "/home/bob/run/4711_0007"),
        ("%a", None, "/home/bob/run/4294967294"),
        ("%99j", None, "/home/bob/run/0000004711"),
        ("100%%-%j %", None, "/home/bob/run/100%-4711 %"),
        ("a\\%j", None, "/home/bob/run/a%j"),
        ("%t-%n-%J", None, "/home/bob/run/0-0-4711"),
    ],
)
def test_a_pattern_stands_for_a_file(pattern: str, task: int | None, path: str) -> None:
    assert output_path({**ROW, "stdout": pattern}, "stdout", task, "bob") == path


def test_error_output_goes_with_the_other_unless_something_else_is_said() -> None:
    assert output_path({**ROW, "stdout": "a"}, "stderr", None, "bob") == "/home/bob/run/a"
    assert output_path({**ROW, "stdout": "a", "stderr": "b"}, "stderr", None, "bob") == "/home/bob/run/b"


@pytest.mark.parametrize(("pattern", "task"), [("%j", 3), ("%x", None), ("%Q", None)])
def test_what_is_not_known_is_no_guess(pattern: str, task: int | None) -> None:
    with pytest.raises(NoPath, match="is not known here"):
        output_path({**ROW, "stdout": pattern}, "stdout", task, "bob")


SHOWN = """\
JobId=12 ArrayJobId=10 ArrayTaskId=2 JobName=a
   UserId=bob(1000) Comment=jobbergate:ab own words
   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
   Comment=jobbergate:ab own words
   StdErr=/home/bob/my run/10_2.err
   StdIn=/dev/null
   StdOut=/home/bob/my run/10_2.out
   Power=

JobId=10 ArrayJobId=10 ArrayTaskId=3-4%2 JobName=a
   StdErr=/home/bob/10_4294967294.out
   StdOut=/home/bob/10_4294967294.out
"""


def test_slurm_says_where_tasks_that_have_begun_write_to() -> None:
    stdout, stderr = "/home/bob/my run/10_2.out", "/home/bob/my run/10_2.err"

    assert output_paths(SHOWN) == {2: Paths(12, stdout, stderr, "jobbergate:ab own words")}
    assert output_paths("slurm_load_jobs error: Invalid job id specified") == {}


# --- pieces ---------------------------------------------------------------------------------------------------------


def test_a_piece_is_of_a_place_and_bounded(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"0123456789")

    assert read_piece(str(file)) == Piece(str(file), 0, 10, b"0123456789")
    assert read_piece(str(file), 4, 3).content == b"456"
    assert read_piece(str(file), size=3, from_end=True) == Piece(str(file), 7, 10, b"789")
    assert read_piece(str(file), 99).content == b""
    file.write_bytes(b"x" * (MOST + 5))
    assert len(read_piece(str(file), size=10 * MOST).content) == MOST


def test_what_is_told_of_a_piece_is_heard_as_it_is() -> None:
    piece = Piece("/out", 3, 9, b"\x00\xff\n")

    assert Piece.heard(piece.told()) == piece
    for bad in ({}, {**piece.told(), "content": "?"}, {**piece.told(), "offset": None}):
        with pytest.raises(NoLog):
            Piece.heard(bad)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")

    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero"), tmp_path / "missing", tmp_path / "a\0b"):
        with pytest.raises(NoLog):
            read_piece(str(path))


@pytest.mark.parametrize("last", ["", "\n"])
@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4, 99])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_last_lines_are_found_from_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int, last: str, size: int
) -> None:
    monkeypatch.setattr("cli.tailing.MOST", size)
    file = tmp_path / "out"
    text = f"one\n\nthr\ree\nfour{last}".encode()
    file.write_bytes(text)

    def read(offset: int, most: int, from_end: bool) -> Any:
        return read_piece(str(file), offset, most, from_end=from_end)

    whole = [b"one\n", b"\n", b"thr\ree\n", b"four" + last.encode()]
    expected = b"".join(whole[-lines:]) if lines else b""
    assert text[start_of(read, lines) :] == expected == last_lines(text, lines)
