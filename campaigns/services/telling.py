"""What people are told of plans."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.models import Plan
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify
from xmagnet.webhooks.services import emit

#: names in one notice; the rest is counted
NAMED = 5


def tell_rejected(plans: Sequence[Plan]) -> None:
    """A message for each plan of one account that a sync found refused, and one notice for all; in the caller's
    transaction. Told is who runs the account now, whoever ran it when the plans were made."""
    first = plans[0]
    agency_id = first.account.agency_id
    for plan in plans:
        told = {"plan_id": plan.pk, "account_id": plan.account_id, "review_state": str(plan.review_state)}
        emit("plan.rejected", told, agency_id=agency_id)
    notify(
        Event.PLAN_REJECTED,
        object_id=first.pk if len(plans) == 1 else first.account_id,
        data={
            "account_name": first.account.name,
            "remote_id": first.remote_id if len(plans) == 1 else first.account.remote_id,
            "count": len(plans),
            "plan_names": [plan.name for plan in plans[:NAMED]],
        },
        account_id=first.account_id,
        agency_id=agency_id,
    )
