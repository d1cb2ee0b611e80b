"""When a daily quota is fresh again, shared by the vendors' code tables."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from media_connectors.contracts import MEDIA_TIMEZONE


def next_media_midnight(now: datetime | None = None) -> datetime:
    """The next 00:00 in China, when the media's daily counters start again."""
    moment = now or datetime.now(MEDIA_TIMEZONE)
    day = moment.astimezone(MEDIA_TIMEZONE).date() + timedelta(days=1)
    return datetime.combine(day, time.min, tzinfo=MEDIA_TIMEZONE)
