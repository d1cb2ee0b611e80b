"""Whose data may be touched now: one organization, carried by a context variable.

The database backend (``xmagnet.core.postgres``) copies the scope into every transaction, where row-level security
reads it. Nothing outlives the transaction, so a pooled connection cannot leak a tenant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

ORGANIZATION_SETTING = "app.organization"
USER_SETTING = "app.user"


class ScopeRequired(RuntimeError):
    """Tenant rows were asked for outside a scope: a programming error, never a person's."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What row-level security sees: the organization's rows, and a person's own memberships anywhere."""

    organization_id: int | None = None
    user_id: int | None = None

    def as_settings(self) -> dict[str, str]:
        """The transaction-local settings; an empty string matches nothing."""
        return {
            ORGANIZATION_SETTING: "" if self.organization_id is None else str(self.organization_id),
            USER_SETTING: "" if self.user_id is None else str(self.user_id),
        }


NOBODY = Scope()
_current: ContextVar[Scope] = ContextVar("xmagnet_scope", default=NOBODY)


def current_scope() -> Scope:
    """The scope of this thread or task; ``NOBODY`` outside."""
    return _current.get()


def require_organization_id() -> int:
    """The organization in scope, or ``ScopeRequired``."""
    organization_id = _current.get().organization_id
    if organization_id is None:
        raise ScopeRequired("Open a scope (the gate does) before touching tenant rows.")
    return organization_id


@contextmanager
def organization_scope(organization_id: int) -> Iterator[None]:
    """Only this organization's rows exist inside."""
    with _scope(Scope(organization_id=organization_id)):
        yield


@contextmanager
def user_scope(user_id: int) -> Iterator[None]:
    """Only this person's own memberships exist inside: for choosing an organization."""
    with _scope(Scope(user_id=user_id)):
        yield


@contextmanager
def _scope(scope: Scope) -> Iterator[None]:
    from django.db import connection

    token = _current.set(scope)
    try:
        connection.apply_scope()  # type: ignore[attr-defined]
        yield
    finally:
        _current.reset(token)
        connection.apply_scope()  # type: ignore[attr-defined]
