"""Campaigns in sight."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from campaigns.choices import Status
from campaigns.models import Campaign
from xmagnet.accounts.actor import Actor


def list_campaigns(actor: Actor, *, account_id: int | None = None, after_id: int = 0) -> QuerySet[Campaign]:
    """Live campaigns by id, after ``after_id``."""
    actor.require("plans:read")
    rows: Any = Campaign.objects.all().visible_to(actor).filter(id__gt=after_id).exclude(status=Status.DELETED)
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    found: QuerySet[Campaign] = rows.order_by("id")
    return found
