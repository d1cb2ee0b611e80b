"""Why a request body is not taken."""

from __future__ import annotations

from xmagnet.core.errors import DomainError, FieldError, InvalidInput


class PayloadTooLarge(DomainError):
    slug, status, title = "payload-too-large", 413, "The request is too large"


class UnsupportedMedia(DomainError):
    slug, status, title = "unsupported-media", 415, "Unsupported content type"


def unreadable(detail: str, code: str, pointer: str = "") -> InvalidInput:
    """The refusal of a body, or of the place in it that the pointer names."""
    return InvalidInput(detail, errors=(FieldError(pointer, code, detail),))
