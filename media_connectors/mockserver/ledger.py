"""What the market delivered, per plan and hour, in whole numbers.

A table is int32[plans, metrics]; row = ``Plan.index``. The running hour is a projection to its end that becomes visible
minute by minute, so that "today" grows; an hour that has closed changes only when a late conversion arrives (the
callback counts in the hour in which it arrives, the billed count in the hour whose click was paid) or when a day is
restated. Day sums are kept beside the hours so that long reports are cheap.
"""

from typing import Any

import numpy as np

METRICS = (
    "impressions",
    "clicks",
    "cost_fen",
    "conversions",  # by callback time
    "billed_conversions",  # by the time of the paid click; grows for days (back-fill)
    "deep_conversions",  # by callback time
    "billed_deep_conversions",
    "revenue_fen",  # by callback time
    "plays",
    "plays_3s",
    "plays_done",
    "watch_seconds",
    "likes",
    "comments",
    "shares",
    "follows",
)
COLUMN = {name: position for position, name in enumerate(METRICS)}
COST = COLUMN["cost_fen"]
KEPT_HOURS = 24 * 15


def day_of_hour(hour: int) -> int:
    """A running number of the Shanghai day that an epoch hour belongs to."""
    return (hour + 8) // 24


def first_hour(day: int) -> int:
    """The epoch hour at which that Shanghai day begins."""
    return day * 24 - 8


class Ledger:
    """Hours and days of delivery. ``now_fraction`` is how much of the running hour has passed, 0–1."""

    def __init__(self) -> None:
        self.hours: dict[int, np.ndarray] = {}
        self.days: dict[int, np.ndarray] = {}
        self.lifetime = np.zeros((0, len(METRICS)), dtype=np.int64)
        self.hour: int | None = None
        self._done = np.zeros((0, len(METRICS)), dtype=np.int32)
        self._ahead = np.zeros((0, len(METRICS)), dtype=np.int32)
        self._since = np.zeros(0)
        self._arriving = np.zeros((0, len(METRICS)), dtype=np.int32)
        self._closed_late = self._arriving

    # -- the running hour ---------------------------------------------------------------------------------------

    def open(self, hour: int, projection: np.ndarray, arriving: np.ndarray) -> None:
        """Begin ``hour`` with what it is expected to bring; both int32[plans, metrics].

        ``arriving`` are late events of earlier hours that become known in this one, whatever happens to the plans.
        """
        self.hour = hour
        self._ahead = projection.astype(np.int32)
        self._done = np.zeros_like(self._ahead)
        self._since = np.zeros(len(projection))
        self._arriving = arriving.astype(np.int32)

    def revise(self, rows: np.ndarray, fraction: float, projection: np.ndarray) -> None:
        """From ``fraction`` on ``rows`` follow a new projection, int32[len(rows), metrics], of the rest of the hour.

        What was shown stays shown.
        """
        self._grow(int(rows.max(initial=-1)) + 1)
        self._done[rows] = self._delivered(fraction, rows)
        self._ahead[rows] = projection
        self._since[rows] = fraction

    def visible(self, fraction: float) -> np.ndarray:
        """The running hour so far, int32[plans, metrics]."""
        late = (self._arriving * min(1.0, max(0.0, fraction))).astype(np.int32)
        return self._delivered(fraction, slice(None)) + late

    def _delivered(self, fraction: float, rows: Any) -> np.ndarray:
        since = self._since[rows]
        share = np.clip((fraction - since) / np.maximum(1.0 - since, 1e-9), 0.0, 1.0)
        return self._done[rows] + (self._ahead[rows] * share[:, None]).astype(np.int32)

    def close(self) -> tuple[int, np.ndarray]:
        """End the running hour: its table becomes history. Returns the hour and its final table."""
        if self.hour is None:
            raise RuntimeError("no hour is open")
        hour, table = self.hour, self.visible(1.0)
        self._closed_late = self._arriving
        self.hours[hour] = table
        self._add_to_day(day_of_hour(hour), table)
        self.hour = None
        for old in [known for known in self.hours if known <= hour - KEPT_HOURS]:
            del self.hours[old]
        return hour, table

    def late_of_closed(self, metric: str, count: int) -> np.ndarray:
        """int64[count]: events of earlier hours that the hour closed last shows under ``metric``."""
        late = np.zeros(count, dtype=np.int64)
        late[: len(self._closed_late)] = self._closed_late[:count, COLUMN[metric]]
        return late

    def _grow(self, count: int) -> None:
        missing = count - len(self._done)
        if missing > 0:
            zeros = np.zeros((missing, len(METRICS)), dtype=np.int32)
            self._done = np.concatenate([self._done, zeros])
            self._ahead = np.concatenate([self._ahead, zeros])
            self._since = np.concatenate([self._since, np.zeros(missing)])
            self._arriving = np.concatenate([self._arriving, zeros])

    # -- history ------------------------------------------------------------------------------------------------

    def add(self, hour: int, metric: str, rows: np.ndarray, counts: np.ndarray) -> None:
        """Add late events to a closed hour (hours and days agree; forgotten hours still count in their day)."""
        if not len(rows):
            return
        delta = np.zeros((int(rows.max()) + 1, len(METRICS)), dtype=np.int32)
        np.add.at(delta[:, COLUMN[metric]], rows, counts)
        if hour in self.hours:
            self.hours[hour] = _sum(self.hours[hour], delta)
        self._add_to_day(day_of_hour(hour), delta)

    def restate(self, day: int, rows: np.ndarray, factor: float) -> None:
        """Multiply the closed hours of a day, as media do when they strike out invalid traffic."""
        total = np.zeros((len(self.lifetime), len(METRICS)), dtype=np.int64)
        for hour in range(first_hour(day), first_hour(day) + 24):
            table = self.hours.get(hour)
            if table is None:
                continue
            mine = rows[rows < len(table)]
            delta = np.zeros_like(table)
            delta[mine] = np.rint(table[mine] * factor).astype(np.int32) - table[mine]
            self.hours[hour] = table + delta
            total[: len(delta)] += delta
        self._add_to_day(day, total)

    def _add_to_day(self, day: int, table: np.ndarray) -> None:
        known = self.days.get(day)
        self.days[day] = table.astype(np.int64) if known is None else _sum(known, table)
        self.lifetime = _sum(self.lifetime, table)

    # -- reading ------------------------------------------------------------------------------------------------

    def read_hours(self, rows: np.ndarray, begin: int, end: int, now_fraction: float) -> np.ndarray:
        """int64[end - begin, len(rows), metrics] for the epoch hours [begin, end)."""
        found = np.zeros((max(0, end - begin), len(rows), len(METRICS)), dtype=np.int64)
        for position, hour in enumerate(range(begin, end)):
            table = self.visible(now_fraction) if hour == self.hour else self.hours.get(hour)
            if table is not None:
                _take(table, rows, found[position])
        return found

    def read_days(self, rows: np.ndarray, begin: int, end: int, now_fraction: float) -> np.ndarray:
        """int64[end - begin, len(rows), metrics] for the Shanghai day numbers [begin, end)."""
        found = np.zeros((max(0, end - begin), len(rows), len(METRICS)), dtype=np.int64)
        for position, day in enumerate(range(begin, end)):
            if day in self.days:
                _take(self.days[day], rows, found[position])
            if self.hour is not None and day_of_hour(self.hour) == day:
                running = np.zeros_like(found[position])
                _take(self.visible(now_fraction), rows, running)
                found[position] += running
        return found

    def day_cost_yuan(self, count: int, day: int, now_fraction: float) -> np.ndarray:
        """float64[count]: what each plan spent on a day so far."""
        return self.read_days(np.arange(count), day, day + 1, now_fraction)[0, :, COST] / 100

    def lifetime_cost_yuan(self, count: int, now_fraction: float) -> np.ndarray:
        """float64[count]: what each plan has spent since its creation."""
        total = np.zeros((count, len(METRICS)), dtype=np.int64)
        rows = np.arange(count)
        _take(self.lifetime, rows, total)
        if self.hour is not None:
            running = np.zeros_like(total)
            _take(self.visible(now_fraction), rows, running)
            total += running
        return total[:, COST] / 100

    # -- persistence --------------------------------------------------------------------------------------------

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything as named arrays for an npz file."""
        arrays = {f"hour:{hour}": table for hour, table in self.hours.items()}
        arrays |= {f"day:{day}": table for day, table in self.days.items()}
        return arrays | {
            "lifetime": self.lifetime,
            "running": np.array([-1 if self.hour is None else self.hour]),
            "done": self._done,
            "ahead": self._ahead,
            "since": self._since,
            "arriving": self._arriving,
        }

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """The inverse of ``to_arrays``."""
        self.hours = {int(name[5:]): table for name, table in arrays.items() if name.startswith("hour:")}
        self.days = {int(name[4:]): table for name, table in arrays.items() if name.startswith("day:")}
        self.lifetime = arrays["lifetime"]
        running = int(arrays["running"][0])
        self.hour = None if running < 0 else running
        self._done, self._ahead = arrays["done"], arrays["ahead"]
        self._since, self._arriving = arrays["since"], arrays["arriving"]


def _sum(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Add two tables of different length; the longer decides."""
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    total = longer.astype(left.dtype, copy=True)
    total[: len(shorter)] += shorter.astype(left.dtype, copy=False)
    return total


def _take(table: np.ndarray, rows: np.ndarray, target: np.ndarray) -> None:
    """Copy the given rows of a table that may be shorter than the latest plan's index."""
    known = rows < len(table)
    target[known] = table[rows[known]]
