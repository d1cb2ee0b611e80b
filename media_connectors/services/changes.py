"""Batches of changes to live plans, and what an earlier attempt made of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from media_connectors.choices import CommandState
from media_connectors.contracts import PlanChange
from media_connectors.gateway.connectors import connector_for
from media_connectors.models import OutboundCommand


def split_changes(platform: str, changes: Sequence[PlanChange]) -> tuple[tuple[PlanChange, ...], ...]:
    """Changes of one field each, grouped into batches that the media takes as one call."""
    return connector_for(platform).split_changes(changes)


def earlier_change(account_id: int, *, job_id: str, change: PlanChange) -> tuple[CommandState, Any] | None:
    """State and error of the job's last command that carried this change, or None when none was ever opened."""
    wanted = {name: getattr(change, name) for name in PlanChange.__slots__ if getattr(change, name) is not None}
    row = (
        OutboundCommand.objects.filter(
            account_id=account_id, job_id=job_id, operation="change_plans", payload__changes__contains=[wanted]
        )
        .order_by("-id")
        .values_list("state", "error")
        .first()
    )
    return (CommandState(row[0]), row[1]) if row is not None else None
