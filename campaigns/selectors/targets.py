"""What delivery is aimed at, for the home board and for the page that sets it."""

from __future__ import annotations

from campaigns.contracts import Targets
from campaigns.models import DeliveryTarget
from xmagnet.accounts.actor import Actor

#: the key of all media together
ALL_MEDIA = ""


def targets_as_set(actor: Actor) -> dict[str, Targets]:
    """Every target that somebody set, by media (``ALL_MEDIA``: all together). For those who set them."""
    actor.require("organization:manage")
    return _targets()


def targets_seen(actor: Actor) -> dict[str, Targets]:
    """The same for the board. Who sees a part of the delivery is not measured by the cost of all of it."""
    actor.require("overview:read")
    found = _targets()
    if actor.is_narrowed:
        return {platform: Targets(None, one.cpa_fen, one.roi) for platform, one in found.items()}
    return found


def _targets() -> dict[str, Targets]:
    rows = DeliveryTarget.objects.values_list("platform", "daily_cost_fen", "cpa_fen", "roi")
    return {platform: Targets(cost, cpa, None if roi is None else float(roi)) for platform, cost, cpa, roi in rows}
