"""A plan's lines in the change log."""

from __future__ import annotations

from typing import Any

from campaigns.models import Plan
from xmagnet.audit.services import Entry


def plan_entry(
    action: str,
    plan: Plan,
    *,
    agency_id: int | None,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    reason: str = "",
) -> Entry:
    """What was done to a plan.

    ``agency_id`` is that of who runs the account now: they see the line. The plan's own is that of its making.
    """
    return Entry(
        action=action,
        object_type="plan",
        object_id=plan.pk,
        object_name=plan.name,
        account_id=plan.account_id,
        agency_id=agency_id,
        before=before,
        after=after,
        reason=reason,
    )
