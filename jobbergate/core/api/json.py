"""JSON in and out. orjson writes a page of 50 rows about ten times faster than the standard library."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

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
        return b"" if data is None else orjson.dumps(data, default=plain, option=OPTIONS)


class JSONParser(BaseParser):
    """Strict JSON: no NaN, no Infinity, and no NUL characters, which PostgreSQL cannot store."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read()
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        if b"\\u0000" in text and "\\u0000" in orjson.dumps(value).decode():
            raise ParseError("The body has a NUL character (\\u0000), which cannot be stored.")
        return value
