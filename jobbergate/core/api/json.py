"""JSON in and out. orjson writes a page of 50 rows about ten times faster than the standard library."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

MAX_DEPTH = 100
# Behind an odd number of backslashes: \\u0000 is a backslash and five characters.
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def plain(value: object) -> object:
    """What orjson does not know: lazy texts, and the error details of the framework."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list | tuple | set):
        return list(value)
    return str(value)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=plain, option=OPTIONS)
        except TypeError:
            # PostgreSQL keeps 1e20 as an integer, which takes more than the 64 bits that orjson writes.
            return json.dumps(data, cls=JSONEncoder).encode()


class JSONParser(BaseParser):
    """Strict JSON: no NaN, no Infinity, no NUL characters, which PostgreSQL cannot store, and no depths."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        text = stream.read(most + 1)
        if len(text) > most:
            raise RequestDataTooBig(f"The body is larger than {most} bytes.")
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        if NUL.search(text):
            raise ParseError("The body has a NUL character (\\u0000), which cannot be stored.")
        if text.count(b"[") + text.count(b"{") > MAX_DEPTH and too_deep(value):
            raise ParseError(f"The body is nested more than {MAX_DEPTH} levels deep.")
        return value


def too_deep(value: Any) -> bool:
    """What is read deeper than it can be written again, or stored, would fail later."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in children(outer)]
        if not level:
            return False
    return True


def children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
