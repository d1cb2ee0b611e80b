"""What people are told of plans."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.models import Plan
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify

#: names in one notice; the rest is counted
NAMED = 5


def tell_rejected(plans: Sequence[Plan]) -> None:
    """One notice for the plans of one account that a sync found refused; in the caller's transaction."""
    first = plans[0]
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
        agency_id=first.agency_id,
    )
