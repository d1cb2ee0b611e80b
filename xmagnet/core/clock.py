"""Media days and hours: everything the media report is in Asia/Shanghai."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

MEDIA_TIMEZONE = ZoneInfo("Asia/Shanghai")


def media_now() -> datetime:
    """The instant, as the media's clocks show it."""
    return timezone.now().astimezone(MEDIA_TIMEZONE)


def media_today() -> date:
    """The media's day."""
    return media_now().date()
