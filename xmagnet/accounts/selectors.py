"""Reading about people and organizations."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from xmagnet.accounts.models import Membership
from xmagnet.core.scope import user_scope


@dataclass(frozen=True, slots=True)
class OrganizationChoice:
    """An organization that a person may enter."""

    slug: str
    name: str
    role: str


def organizations_of(user_id: int) -> tuple[OrganizationChoice, ...]:
    """The person's active organizations, by name. The one question asked outside an organization.

    Agencies cannot be seen from there: whether the person's is still active, the gate asks inside.
    """
    with user_scope(user_id), transaction.atomic():
        rows = (
            Membership.all_tenants.filter(user_id=user_id, is_active=True, organization__is_active=True)
            .order_by("organization__name")
            .values_list("organization__slug", "organization__name", "role")
        )
        return tuple(OrganizationChoice(*row) for row in rows)
