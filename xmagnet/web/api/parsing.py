"""JSON by orjson: strict UTF-8, no NaN, no lone surrogates, bounded depth; and no NUL, which PostgreSQL cannot keep."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from xmagnet.core.errors import FieldError, InvalidInput
from xmagnet.web.api.errors import ApiProblem

#: of an object of options and ids; bulk bodies are streamed and have limits of their own
MOST_MIB = 4
MOST_BYTES = MOST_MIB * 1024 * 1024
_ESCAPED_NUL = b"\\u0000"


class FastJSONParser(BaseParser):
    """Request bodies; an empty one is an empty object."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        """The value; raises ``ParseError``, answered with 400, and a 413 problem for more than ``MOST_BYTES``."""
        content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            detail = _("At most %(mib)d MiB.") % {"mib": MOST_MIB}
            raise ApiProblem("payload-too-large", 413, "The request is too large", detail)
        if not content:
            return {}
        try:
            value = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from None
        if _ESCAPED_NUL in content and _has_nul(value):
            raise ParseError(_("The body holds a NUL character."))
        return value


def read_object(request: Request, known: Collection[str]) -> dict[str, Any]:
    """The request's JSON object, whose names are all ``known``; raises ``InvalidInput``, naming the field."""
    body = request.data
    if not isinstance(body, dict):
        raise InvalidInput(_("The body is a JSON object."))
    for name in body:
        if name not in known:
            detail = _("There is no field “%(field)s”.") % {"field": name}
            raise InvalidInput(detail, errors=(FieldError(f"/{name}", "unknown_field", detail),))
    return dict(body)


def _has_nul(value: Any) -> bool:
    """Whether a name or a text anywhere inside holds the character; nested deeper than Python calls itself, too."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if "\0" in one:
                return True
        elif isinstance(one, dict):
            left += one.keys()
            left += one.values()
        elif isinstance(one, list):
            left += one
    return False
