"""How fast the limits let us create, as far as they are known today, and who waits for them now."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

from django.db.models import Min
from django.utils import timezone

from media_connectors.contracts import VENDOR_OF, Platform, Vendor
from media_connectors.gateway.connectors import limiter_for, rates_of
from media_connectors.models import LimiterSlot

#: the calls that carry one new plan, after its campaign
_CREATING = {
    Vendor.OCEANENGINE: ("/open_api/v3.0/promotion/create/",),
    Vendor.KUAISHOU: ("/rest/openapi/gw/dsp/unit/create", "/rest/openapi/gw/dsp/creative/create"),
}


#: a call that waits shorter than this is punctual
WAIT_SECONDS = 0.2


def limited_until(platform: str, account_remote_id: str = "") -> datetime | None:
    """When the next call of this process (to the account, or to any) has its turn; None while no call waits for one."""
    waiting = limiter_for(VENDOR_OF[Platform(platform)]).waiting(account_remote_id)
    now = monotonic()
    if waiting is None or max(now, waiting.until) - waiting.since < WAIT_SECONDS:
        return None
    return timezone.now() + timedelta(seconds=waiting.until - now)


def is_held_up() -> bool:
    """Whether calls of this process, to whichever media, wait for a limit and not for the media's work."""
    return any(limited_until(platform) is not None for platform in Platform)


def calls_for_a_plan(platform: str) -> int:
    """How many calls one new plan takes, its campaign aside."""
    return len(_CREATING[VENDOR_OF[Platform(platform)]])


def creation_rate(platform: str) -> float:
    """New plans a second that the tightest known limit allows; 0 when no limit is known.

    Known are the configured rates and what the media told since (kept by the limiter, shared by all workers).
    """
    vendor = VENDOR_OF[Platform(platform)]
    known: list[float] = []
    for endpoint in _CREATING[vendor]:
        slots = LimiterSlot.objects.filter(
            key__startswith=f"{vendor}:", key__endswith=f":{endpoint}", rate_per_second__gt=0
        )
        told = slots.aggregate(slowest=Min("rate_per_second"))["slowest"]
        rates = rates_of(vendor)
        known += [rate for rate in (told, rates.of_application(endpoint), rates.of_account(endpoint)) if rate]
    return min(known, default=0.0)
