"""Data on standard output, in the format that was asked for; talk on standard error.

A table is for people: it fits the terminal, shows local time, and shows no control characters of other people's texts.
The other formats are for programs: everything the server said, as it said it.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from click import style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# Of the lines of a diff, by how they begin.
COLOURS = {"+": "green", "-": "red", "@": "cyan"}
FORMATS = ("table", "json", "yaml", "csv", "id")
# A table that is read by a program is never cut.
UNBOUNDED = 100_000
DIRECTION_MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# What a row of a table is called by, and what may take several lines, or be left out first, in a narrow terminal.
NAMES = ("id", "identifier", "name", "number", "sha256")
WRAPPED = ("identifier", "name", "description", "reason", "note", "tags", "created_at", "updated_at", "trusted_at")
WRAPPED_WIDTH = 10
# Columns of rich's table stand so far apart.
BETWEEN = 3


class Output:
    def __init__(self, output_format: str = "table", stdout: IO[str] | None = None, stderr: IO[str] | None = None):
        self.format = output_format
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr

    # --- data -------------------------------------------------------------------------------------------------------

    def rows(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        table: Sequence[str],
        fields: Sequence[str],
        named_by: str = "id",
        nothing: str = "Nothing found.",
    ) -> None:
        """`table` names what a person sees; `fields` names the columns of CSV, which has its header even of no rows."""
        if self.format == "json":
            return self._write_json(rows)
        if self.format == "yaml":
            return self._write_yaml([dict(row) for row in rows])
        if self.format == "csv":
            return self._write_csv(rows, fields)
        if self.format == "id":
            return self._write_lines(str(row[named_by]) for row in rows)
        if not rows:
            return self.talk(nothing)
        self._write_table(rows, table)

    def row(self, row: Mapping[str, Any], *, named_by: str = "id") -> None:
        if self.format == "json":
            return self._write_json(row)
        if self.format == "yaml":
            return self._write_yaml(dict(row))
        if self.format == "csv":
            return self._write_csv([row], list(row))
        if self.format == "id":
            return self._write_lines([str(row[named_by])])
        self._write_properties(row)

    def gone(self, noun: str, row: Mapping[str, Any], *, named_by: str = "id") -> None:
        """What was deleted: nothing is left of it to show but its name."""
        self.talk(f"The {noun} {row[named_by]} is deleted.")
        if self.format != "table":
            self.row({named_by: row[named_by], "deleted": True}, named_by=named_by)

    def text(self, text: str) -> None:
        """A file's own text: as it is for a program, without control characters for a terminal."""
        self._write(printable(text) if self.stdout.isatty() else text)

    def raw(self, content: bytes) -> None:
        """For a program, as they are, whatever they mean."""
        self.stdout.flush()
        self.stdout.buffer.write(content)  # type: ignore[union-attr]
        self.stdout.flush()

    def json_line(self, row: Mapping[str, Any]) -> None:
        """Of rows that come one after the other."""
        self._write(json.dumps(row, ensure_ascii=False) + "\n")

    def line(self, *pieces: str | tuple[str, str | None], talk: bool = False) -> None:
        """Pieces of text, some with a colour, which is for people at a terminal who have not set NO_COLOR."""
        stream = self.stderr if talk else self.stdout
        is_coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        pairs = [(piece, None) if isinstance(piece, str) else piece for piece in pieces]
        words = [
            style(printable(text), fg=colour if is_coloured else None, reset=is_coloured) for text, colour in pairs
        ]
        stream.write("".join(words) + "\n")
        stream.flush()

    def diff(self, text: str, *, talk: bool = False) -> None:
        for line in text.removesuffix("\n").split("\n"):
            self.line(("    " + line, COLOURS.get(line[:1])), talk=talk)

    # --- talk -------------------------------------------------------------------------------------------------------

    def talk(self, sentence: str) -> None:
        self.stderr.write(printable(sentence) + "\n")
        self.stderr.flush()

    def warn(self, sentence: str) -> None:
        self.talk(f"Warning: {sentence}")

    @contextmanager
    def progress(self, doing: str) -> Iterator[None]:
        """Show on a terminal that something long is going on; elsewhere say nothing."""
        if not self.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.text import Text

        with Console(file=self.stderr).status(Text(printable(doing))):
            yield

    @contextmanager
    def bar(self, doing: str) -> Iterator[Callable[[int, int, str], None]]:
        """A bar on a terminal, moved by `move(done, total, words)`; elsewhere nothing is said."""
        if not self.stderr.isatty():
            yield lambda _done, _total, _words: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        about, states = TextColumn("{task.description}"), TextColumn("{task.fields[words]}")
        columns = (about, BarColumn(), MofNCompleteColumn(), states)
        with Progress(*columns, console=Console(file=self.stderr), transient=True) as progress:
            task = progress.add_task(printable(doing), total=None, words="")

            def move(done: int, total: int, words: str) -> None:
                progress.update(task, completed=done, total=total, words=words)

            yield move

    @contextmanager
    def live(self, fields: Sequence[str]) -> Iterator[Callable[[Sequence[Mapping[str, Any]]], None]]:
        """A table on a terminal that is drawn anew by `draw(rows)`, with as many of them as there is room for."""
        from rich.live import Live

        console = self._console()
        with Live(console=console, auto_refresh=False, transient=False, vertical_overflow="ellipsis") as live:
            yield lambda rows: live.update(self._table(rows, fields)[0], refresh=True)

    # --- formats ----------------------------------------------------------------------------------------------------

    def _write_json(self, value: object) -> None:
        self._write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def _write_yaml(self, value: object) -> None:
        import yaml

        self._write(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))

    def _write_csv(self, rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> None:
        import csv

        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(fields)
        writer.writerows([_cell(row.get(field)) for field in fields] for row in rows)
        self.stdout.flush()

    def _write_lines(self, lines: Any) -> None:
        self._write("".join(f"{line}\n" for line in lines))

    def _write_table(self, rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> None:
        table, left_out = self._table(rows, fields)
        self._print(table)
        if left_out:
            named = ", ".join(map(_title, left_out))
            self.talk(f"The terminal is too narrow for: {named}; `--output csv` has everything.")

    def _table(self, rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> tuple[Any, list[str]]:
        """And the columns that there is no room for."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        columns = {field: [shown(row.get(field)).replace("\n", " ") for row in rows] for field in fields}
        narrowest = {field: _narrowest(field, cells) for field, cells in columns.items()}
        kept = self._fitting(narrowest)
        table = Table(box=SIMPLE_HEAD if self.stdout.isatty() else None, pad_edge=False, header_style="bold")
        for field in kept:
            table.add_column(_title(field), overflow="fold", min_width=narrowest[field])
        for cells in zip(*(columns[field] for field in kept), strict=True):
            table.add_row(*map(Text, cells))
        return table, [field for field in fields if field not in kept]

    def _fitting(self, narrowest: Mapping[str, int]) -> list[str]:
        """The columns that the terminal has room for; those that name a row stay, whatever room there is."""
        kept, width = list(narrowest), self._console().width
        spare = [field for field in kept if field not in NAMES and field not in WRAPPED]
        spare += [field for field in kept if field not in NAMES and field in WRAPPED]
        while spare and sum(narrowest[field] + BETWEEN for field in kept) > width:
            kept.remove(spare.pop())
        return kept

    def _write_properties(self, row: Mapping[str, Any]) -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for field, value in row.items():
            table.add_row(_title(field), Text(shown(value)))
        self._print(table)

    def _console(self) -> Any:
        from rich.console import Console

        return Console(file=self.stdout, width=None if self.stdout.isatty() else UNBOUNDED)

    def _print(self, table: Any) -> None:
        console = self._console()
        # Trailing blanks are rich's padding of the last column.
        with console.capture() as captured:
            console.print(table)
        self._write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))

    def _write(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def printable(text: str) -> str:
    """Text of others without what moves a terminal's cursor, colours it, or turns its lines around."""
    return "".join(letter if _is_plain(letter) else "\N{REPLACEMENT CHARACTER}" for letter in text)


def on_one_line(value: object) -> str:
    """Words of others within ours: they cannot look like a line of our own."""
    return printable(" ".join(str(value).split()))


def _is_plain(letter: str) -> bool:
    if letter < " ":
        return letter in "\n\t"
    return not "\x7f" <= letter <= "\x9f" and letter not in DIRECTION_MARKS


def shown(value: object) -> str:
    """One value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_inline(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "\n".join(_inline(item) for item in value)
    return printable(_local_time(str(value)))


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_inline(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_inline(item) for item in value)
    return shown(value)


def _local_time(text: str) -> str:
    """`2026-03-01T12:00:05.123456Z` as the reader's own clock shows it; any other text as it is."""
    if len(text) < 20 or text[4] != "-" or text[10] != "T":
        return text
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return text


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _narrowest(field: str, cells: Sequence[str]) -> int:
    """How many columns of the terminal a column needs; a number, a state or a person's name stays in one piece."""
    from rich.cells import cell_len

    longest = max(map(cell_len, cells))
    if field in WRAPPED:
        longest = min(longest, WRAPPED_WIDTH)
    return max(longest, *map(cell_len, _title(field).split()))


def _title(field: str) -> str:
    return field.replace("_", " ").removesuffix(" at")
