"""Delivery hours: 336 half hours of 0 and 1 from Monday 00:00. People may write 168 hours or words as well."""

from __future__ import annotations

import re
import unicodedata

HALF_HOURS_A_DAY = 48
HALF_HOURS_A_WEEK = 7 * HALF_HOURS_A_DAY
HOURS_A_WEEK = 168
ALWAYS = ""

_DAYS = {name: index for index, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_DAYS |= {f"周{name}": index for index, name in enumerate("一二三四五六日")} | {"周天": 6}
_PART = re.compile(
    r"^(?:(?P<first>[a-z]{3}|周.)(?:-(?P<last>[a-z]{3}|周.))?\s*)?"
    r"(?:(?P<from>\d{1,2}:\d\d)-(?P<to>\d{1,2}:\d\d))?$"
)


class BadSchedule(ValueError):
    """The text is not a schedule; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_schedule(text: str) -> str:
    """336 half hours, or ``""`` for always.

    Takes 336 or 168 characters of 0/1, or parts such as ``mon-fri 08:00-22:00; sat 10:00-18:30`` (also 周一-周五).
    A part without days means every day, one without hours the whole day; hours past midnight run into the next day.
    Raises ``BadSchedule``: ``schedule_empty`` for a week without an hour, else ``schedule_unreadable``.

    >>> read_schedule("mon 00:00-01:00")[:3]
    '110'
    """
    text = unicodedata.normalize("NFKC", text).strip().lower()
    if text in {"", "always", "24x7", "全天"}:
        return ALWAYS
    if set(text) <= {"0", "1"}:
        if len(text) == HOURS_A_WEEK:
            text = "".join(hour * 2 for hour in text)
        if len(text) != HALF_HOURS_A_WEEK:
            raise BadSchedule("schedule_unreadable")
    else:
        text = _from_words(text)
    if "1" not in text:
        raise BadSchedule("schedule_empty")
    return ALWAYS if "0" not in text else text


def has_whole_hours(schedule: str) -> bool:
    """Whether both halves of every hour agree, as media that schedule by the hour need."""
    return schedule[::2] == schedule[1::2]


def full_week(schedule: str) -> str:
    """The 336 characters, also for always."""
    return schedule or "1" * HALF_HOURS_A_WEEK


def _from_words(text: str) -> str:
    week = ["0"] * HALF_HOURS_A_WEEK
    for part in filter(None, (piece.strip() for piece in re.split(r"[;,]", text))):
        match = _PART.match(part)
        if match is None:
            raise BadSchedule("schedule_unreadable")
        start, length = _span(match["from"], match["to"])
        for day in _days(match["first"], match["last"]):
            for half in range(start, start + length):
                week[(day * HALF_HOURS_A_DAY + half) % HALF_HOURS_A_WEEK] = "1"
    return "".join(week)


def _days(first: str | None, last: str | None) -> list[int]:
    if first is None:
        return list(range(7))
    try:
        start = _DAYS[first]
        end = _DAYS[last] if last else start
    except KeyError:
        raise BadSchedule("schedule_unreadable") from None
    return [(start + offset) % 7 for offset in range((end - start) % 7 + 1)]


def _span(start_text: str | None, end_text: str | None) -> tuple[int, int]:
    if start_text is None or end_text is None:
        return 0, HALF_HOURS_A_DAY
    start, end = _half_hour(start_text), _half_hour(end_text)
    return start, (end - start) % HALF_HOURS_A_DAY or HALF_HOURS_A_DAY


def _half_hour(text: str) -> int:
    hour, minute = (int(number) for number in text.split(":"))
    if hour > 24 or minute not in {0, 30} or (hour == 24 and minute):
        raise BadSchedule("schedule_unreadable")
    return hour * 2 + minute // 30
