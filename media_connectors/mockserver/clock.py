"""Media time. Days are Asia/Shanghai, which has had no daylight saving since 1991: a fixed +08:00."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
HOUR = 3600
DAY = 24 * HOUR
SPEEDS = {"real": 1.0, "x60": 60.0, "stepped": 0.0}


class Clock:
    """A clock that runs like the wall's (``real``), sixty times as fast (``x60``) or only when told (``stepped``).

    ``now()`` is the media's time in epoch seconds. ``lifetime_now()`` is what token lifetimes are measured with: it
    follows jumps made by ``advance()`` but not the ×60 speed, because a client that honours ``expires_in`` has a
    wall clock of its own and would otherwise find every token dead.
    """

    def __init__(self, mode: str = "real", start: float | None = None, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._jumped = 0.0
        self._anchor_wall = wall()
        self._anchor_media = self._anchor_wall if start is None else start
        self.set_mode(mode)

    @property
    def mode(self) -> str:
        return self._mode

    def now(self) -> float:
        """Media time in epoch seconds."""
        return self._anchor_media + (self._wall() - self._anchor_wall) * SPEEDS[self._mode]

    def lifetime_now(self) -> float:
        """The time by which tokens and codes age, in seconds."""
        return self._wall() + self._jumped

    def set_mode(self, mode: str) -> None:
        """Change the speed without moving the time. Raises ``ValueError`` for an unknown mode."""
        if mode not in SPEEDS:
            raise ValueError(f"clock mode must be one of {', '.join(SPEEDS)}, not {mode!r}")
        if hasattr(self, "_mode"):
            self._anchor_media, self._anchor_wall = self.now(), self._wall()
        self._mode = mode

    def advance(self, seconds: float) -> None:
        """Jump forward. Raises ``ValueError`` for a jump back: the media's past is written."""
        if seconds < 0:
            raise ValueError("media time never goes back")
        self._anchor_media += seconds
        self._jumped += seconds

    def to_record(self) -> dict[str, float | str]:
        """What must survive a restart."""
        return {"mode": self._mode, "media": self.now(), "wall": self._wall(), "jumped": self._jumped}

    def restore(self, record: dict, not_before: float = 0.0) -> None:
        """Continue after a restart: a real clock has gone on meanwhile, the others stood still."""
        self._mode = record["mode"]
        slept = max(0.0, self._wall() - record["wall"]) if self._mode == "real" else 0.0
        self._jumped = record["jumped"]
        self._anchor_wall = self._wall()
        self._anchor_media = max(record["media"] + slept, not_before)


def local(moment: float) -> datetime:
    """The Shanghai wall time of an epoch second."""
    return datetime.fromtimestamp(moment, SHANGHAI)


def stamp(moment: float) -> str:
    """``yyyy-MM-dd HH:mm:ss`` in Shanghai, as both media write it."""
    return local(moment).strftime("%Y-%m-%d %H:%M:%S")


def day_of(moment: float) -> str:
    """``yyyy-MM-dd`` in Shanghai."""
    return local(moment).strftime("%Y-%m-%d")


def parse(text: str) -> float:
    """Epoch seconds of ``yyyy-MM-dd[ HH:mm[:ss]]`` in Shanghai. Raises ``ValueError``."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def hour_of(moment: float) -> int:
    """Whole hours since the epoch; Shanghai's hours begin where UTC's do."""
    return int(moment // HOUR)


def half_hour_of_week(moment: float) -> int:
    """0–335, Monday 00:00 first: the position in a 336-character schedule."""
    at = local(moment)
    return at.weekday() * 48 + at.hour * 2 + at.minute // 30
