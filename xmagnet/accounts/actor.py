"""Who does something, where, how far they see, and on what errand. Passed first to every service and selector."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from xmagnet.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """The gate makes one; nobody else does."""

    organization_id: int
    organization_slug: str
    organization_name: str
    role: str
    permissions: frozenset[str]
    user_id: int | None = None
    user_name: str = ""
    token_id: int | None = None
    agency_id: int | None = None
    account_ids: frozenset[int] | None = None
    via: str = "web"  # web, api, job, command, system
    request_id: str = ""
    job_id: str = ""
    language: str = ""

    def can(self, permission: str) -> bool:
        """Whether the role (and the token's scopes) allow it."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise ``Forbidden`` unless allowed."""
        if permission not in self.permissions:
            raise Forbidden(_("Your role does not allow this (%(permission)s).") % {"permission": permission})

    @property
    def is_narrowed(self) -> bool:
        """Whether the actor sees less than the whole organization."""
        return self.agency_id is not None or self.account_ids is not None
