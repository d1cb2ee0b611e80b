"""Date ranges by name and what they are compared with. "Last N days" are N complete days ending yesterday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import Literal

Compare = Literal["", "previous", "same_hours"]


class Window(IntEnum):
    """Ranges kept summed per plan; the numbers are stored and never reused (4, 6 … 12 were others)."""

    TODAY = 1
    YESTERDAY_SAME_HOURS = 2
    YESTERDAY = 3
    LAST_3_DAYS = 5
    LAST_7_DAYS = 7
    LAST_14_DAYS = 9
    LAST_30_DAYS = 11
    LIFETIME = 13


#: first and last day of a window, as days before today; LIFETIME has no first day
SPANS: dict[Window, tuple[int | None, int]] = {
    Window.TODAY: (0, 0),
    Window.YESTERDAY: (1, 1),
    Window.LAST_3_DAYS: (3, 1),
    Window.LAST_7_DAYS: (7, 1),
    Window.LAST_14_DAYS: (14, 1),
    Window.LAST_30_DAYS: (30, 1),
    Window.LIFETIME: (None, 0),
}
#: windows of closed days: beside its numbers a row holds those of as many days before, which comparisons read.
#: Before today comes yesterday, a window of its own: today's rows are written every minute and stay narrow.
WITH_BEFORE = frozenset(
    {Window.YESTERDAY, Window.LAST_3_DAYS, Window.LAST_7_DAYS, Window.LAST_14_DAYS, Window.LAST_30_DAYS}
)

PRESETS: dict[str, Window] = {
    "today": Window.TODAY,
    "yesterday": Window.YESTERDAY,
    "last_3_days": Window.LAST_3_DAYS,
    "last_7_days": Window.LAST_7_DAYS,
    "last_14_days": Window.LAST_14_DAYS,
    "last_30_days": Window.LAST_30_DAYS,
    "lifetime": Window.LIFETIME,
}
#: the longest range that may be asked for, days
LONGEST_RANGE = 400


@dataclass(frozen=True, slots=True)
class Period:
    """A preset by name, or days inclusive (``preset`` is "" then)."""

    preset: str = "today"
    first_on: date | None = None
    last_on: date | None = None

    def days(self, today: date) -> tuple[date, date]:
        """First and last media day."""
        if not self.preset:
            if self.first_on is None or self.last_on is None:
                raise ValueError("a period without a preset needs both days")
            return self.first_on, self.last_on
        return window_days(PRESETS[self.preset], today)

    def window(self, today: date) -> Window | None:
        """The summed window that answers it, or None; a range of days that equals a preset is that preset."""
        if self.preset:
            return PRESETS[self.preset]
        first_on, last_on = self.days(today)
        return next(
            (
                window
                for window in SPANS
                if window != Window.LIFETIME and window_days(window, today) == (first_on, last_on)
            ),
            None,
        )


TODAY = Period("today")


def earlier(period: Period, today: date, *, days: int | None = None) -> Period:
    """The range of equal length that many days before; None: the one that ends the day before it begins."""
    first_on, last_on = period.days(today)
    shift = timedelta(days=(last_on - first_on).days + 1 if days is None else days)
    return Period("", first_on - shift, last_on - shift)


def window_days(window: Window, today: date) -> tuple[date, date]:
    """First and last day of a window; LIFETIME reaches as far back as a range may."""
    first, last = SPANS[window]
    return today - timedelta(days=LONGEST_RANGE if first is None else first), today - timedelta(days=last)


def previous_days(first_on: date, last_on: date) -> tuple[date, date]:
    """The range of equal length that ends the day before."""
    length = (last_on - first_on).days + 1
    return first_on - timedelta(days=length), first_on - timedelta(days=1)
