"""How fast the limits let us create, as far as they are known today, and who waits for them now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from time import monotonic

from django.db.models import Q
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


def creation_seconds(plans: Mapping[tuple[str, str], int]) -> float | None:
    """How long new plans, counted by (platform, the media's id of the account), take under the limits known today.

    Media of one vendor share its limits. Known are the configured rates and what the media told since (kept by the
    limiter, shared by all workers); None when no limit of a vendor concerned is known.
    """
    by_vendor: dict[Vendor, dict[str, int]] = {}
    for (platform, account), count in plans.items():
        if count:
            by_vendor.setdefault(VENDOR_OF[Platform(platform)], {})[account] = count
    spans = [_seconds(vendor, accounts) for vendor, accounts in by_vendor.items()]
    known = [span for span in spans if span is not None]
    return max(known) if known and len(known) == len(spans) else None


def _seconds(vendor: Vendor, accounts: Mapping[str, int]) -> float | None:
    """Of one vendor's accounts: what the application's limits and each account's own allow, the slowest counts."""
    endpoints = reduce(or_, (Q(key__endswith=f":{endpoint}") for endpoint in _CREATING[vendor]))
    slots = LimiterSlot.objects.filter(endpoints, key__startswith=f"{vendor}:", rate_per_second__gt=0)
    told = dict(slots.values_list("key", "rate_per_second"))
    configured = rates_of(vendor)
    spans = []
    for endpoint in _CREATING[vendor]:
        own = f"{vendor}:account:"
        shared = [rate for key, rate in told.items() if key.endswith(f":{endpoint}") and not key.startswith(own)]
        shared.append(configured.of_application(endpoint))
        spans += [sum(accounts.values()) / rate for rate in shared if rate]
        for account, count in accounts.items():
            rates = (told.get(f"{own}{account}:{endpoint}"), configured.of_account(endpoint))
            spans += [count / rate for rate in rates if rate]
    return max(spans, default=None)
