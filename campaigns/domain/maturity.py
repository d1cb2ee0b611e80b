"""What part of the conversions of a day has arrived by now, by the day's age: nothing may act on what is not in yet.

Days whose billed conversions are final tell which share of them was in at each younger age; little evidence is shrunk
to the default curve.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: back-fill ends after so many days (media-apis: billed conversions are written back within 7 days)
FINAL_AGE = 7
#: arrived share at the end of the day of that age: the lags of the benchmark market over its hours of the day, the
#: three media alike, form and payment goals half and half; a test measures them again
DEFAULT_SHARES = (0.754, 0.908, 0.949, 0.971, 0.984, 0.993, 0.998, 1.0)
#: arrived share of today's conversions at the end of each hour, from the same market: a young day has little in yet
TODAY_SHARES = (
    *(0.456, 0.543, 0.599, 0.633, 0.651, 0.640, 0.614, 0.605, 0.614, 0.630, 0.645, 0.655),
    *(0.660, 0.672, 0.688, 0.700, 0.710, 0.716, 0.718, 0.719, 0.722, 0.728, 0.739, 0.754),
)
#: a day's age is read when it is complete: the share at an age is that at the end of its last hour
READING_HOUR = 23
#: the default curve weighs as much as so many final conversions (tuning.md §2: shrinkage of the lag curve)
PRIOR_CONVERSIONS = 200.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of ``final`` conversions on days that are final, ``seen`` had been reported at the age (whole days)."""

    age: int
    seen: int
    final: int


def share_at(age: int, shares: tuple[float, ...] = DEFAULT_SHARES) -> float:
    """The arrived share of a day of that age; 1 from ``FINAL_AGE`` on."""
    return shares[max(0, age)] if age < FINAL_AGE else 1.0


def estimate_shares(
    evidence: Iterable[Evidence],
    *,
    default: tuple[float, ...] = DEFAULT_SHARES,
    prior: float = PRIOR_CONVERSIONS,
) -> tuple[float, ...]:
    """Shares by age 0…FINAL_AGE, not falling with age; the default curve where there is no evidence."""
    by_age = {item.age: item for item in evidence}
    shares: list[float] = []
    for age in range(FINAL_AGE):
        item = by_age.get(age, Evidence(age, 0, 0))
        share = (min(item.seen, item.final) + prior * default[age]) / (item.final + prior)
        shares.append(max(share, shares[-1]) if shares else share)
    return (*shares, 1.0)


def by_now(shares: tuple[float, ...], *, hour: int, minute: int) -> tuple[float, ...]:
    """The curve with today's share as of this minute (media time) in place of the end of the day.

    Between two hours the share is interpolated; the organization's own end of the day scales the default hours.
    """
    later = TODAY_SHARES[hour]
    earlier = TODAY_SHARES[hour - 1] if hour else later
    share = earlier + (later - earlier) * minute / 60
    return (min(1.0, share * shares[0] / DEFAULT_SHARES[0]), *shares[1:])


def matured(billed_conversions: float, age: int, shares: tuple[float, ...]) -> float:
    """How many conversions a day of that age will have once all have arrived."""
    return billed_conversions / share_at(age, shares)
