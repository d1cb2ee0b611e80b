"""The organization's lag curve, from what was reported at each age."""

from __future__ import annotations

from datetime import timedelta

from django.core.cache import caches

from campaigns.domain.maturity import Evidence, by_now, estimate_shares
from campaigns.selectors import frames
from xmagnet.core.clock import media_now
from xmagnet.core.scope import require_organization_id

#: days of evidence; older lags say little about today's
EVIDENCE_DAYS = 30
#: the curve moves by the day; seconds
_KEPT_FOR = 600


def arrived_shares() -> tuple[float, ...]:
    """Share of billed conversions that has arrived by now, by age of the day 0…7, in the organization in scope."""
    organization_id, now = require_organization_id(), media_now()
    today = now.date()
    key = f"campaigns.arrived_shares:{organization_id}:{today}"
    shares: tuple[float, ...] | None = caches["process"].get(key)
    if shares is None:
        rows = frames.maturity_evidence(organization_id, since=today - timedelta(days=EVIDENCE_DAYS))
        shares = estimate_shares(Evidence(*row) for row in rows)
        caches["process"].set(key, shares, _KEPT_FOR)
    return by_now(shares, hour=now.hour, minute=now.minute)
