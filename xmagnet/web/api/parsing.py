"""JSON by orjson: strict UTF-8, no NaN, no lone surrogates, bounded depth; and no NUL, which PostgreSQL cannot keep."""

from __future__ import annotations

from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

_ESCAPED_NUL = b"\\u0000"


class FastJSONParser(BaseParser):
    """Request bodies; an empty one is an empty object."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        """The value; raises ``ParseError``, answered with 400."""
        content = stream.read()
        if not content:
            return {}
        try:
            value = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from None
        if _ESCAPED_NUL in content and _has_nul(value):
            raise ParseError(_("The body holds a NUL character."))
        return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(name) or _has_nul(member) for name, member in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
