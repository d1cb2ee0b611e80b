"""Errors that a service may raise and every mouth (page, API, command, job) knows how to answer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one input. ``detail`` is for people; ``code`` is for programs and never translated."""

    pointer: str  # RFC 6901, "/rows/17/budget"
    code: str
    detail: str
    column: str = ""  # spreadsheet column, where the input was a table


class DomainError(Exception):
    """Foreseen; the message is for people, translated where it is raised."""

    slug = "conflict"
    status = 409
    title = "Conflict"

    def __init__(self, detail: str = "", *, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors


class InvalidInput(DomainError):
    slug = "validation-error"
    status = 422
    title = "The request is not valid"


class NotFound(DomainError):
    """Also the answer for another tenant's object: its existence is not told."""

    slug = "not-found"
    status = 404
    title = "Not found"


class Forbidden(DomainError):
    slug = "forbidden-scope"
    status = 403
    title = "You may not do this"


class Unauthenticated(DomainError):
    slug = "unauthenticated"
    status = 401
    title = "Sign in first"


class Conflict(DomainError):
    pass


@dataclass(frozen=True, slots=True)
class ErrorList:
    """Collects field errors, then raises once."""

    items: list[FieldError] = field(default_factory=list)

    def add(self, pointer: str, code: str, detail: str) -> None:
        """Note one error."""
        self.items.append(FieldError(pointer, code, detail))

    def raise_if_any(self, detail: str = "") -> None:
        """Raise ``InvalidInput`` with everything noted."""
        if self.items:
            raise InvalidInput(detail or self.items[0].detail, errors=tuple(self.items))
