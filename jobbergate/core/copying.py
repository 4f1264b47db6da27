"""PostgreSQL's COPY: rows that are sent in small pieces, however large their values are.

An INSERT is one text, in which a file has two characters for each byte; driver and protocol hold it several times.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

PIECE = 4096
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy(rows: Sequence[Model]) -> None:
    """Saves new rows of one model, with columns of numbers, text and bytes; their keys stay unknown."""
    model = type(rows[0])
    columns = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = ", ".join(connection.ops.quote_name(field.column) for field in columns)
    lines = (piece for row in rows for piece in line([getattr(row, field.attname) for field in columns]))
    with connection.wrap_database_errors, connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", Pieces(lines))


def line(values: Sequence[Any]) -> Iterator[bytes]:
    """A row as COPY reads it: backslashes begin something, tabs stand between values."""
    for number, value in enumerate(values):
        yield b"\t" if number else b""
        if isinstance(value, bytes):
            yield b"\\\\x"
            yield from (value[at : at + PIECE].hex().encode() for at in range(0, len(value), PIECE))
        else:
            yield str(value).translate(ESCAPED).encode()
    yield b"\n"


class Pieces(io.RawIOBase):
    """What the driver reads from. It asks for 8 KiB at a time, and takes what it gets; only the end is empty."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = filter(None, pieces)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return next(self.pieces, b"")
