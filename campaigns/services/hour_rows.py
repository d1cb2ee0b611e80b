"""What a read brings, made ready for COPY while it is still coming in: pages of ``MetricRow`` → sorted binary rows.

Nothing here touches the database, so that pages may be read from the media while they are collected. Memory is
bounded: rows wait in blocks, and what is ready beyond ``_IN_MEMORY`` bytes lies in a temporary file. Loads numpy;
import it late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import repeat
from tempfile import SpooledTemporaryFile

import numpy as np

from campaigns.domain.metrics import MEASURES
from media_connectors.contracts import MetricRow
from xmagnet.core.binary_copy import HEADER, TRAILER, ColumnType, Layout, as_bytes, days_of, native_type

#: measures of an hour row that may outgrow an integer; the others are narrow in the hour table and in staging
_WIDE_MEASURES = frozenset({"cost_fen", "revenue_fen", "watched_ms"})
#: a staged row, in the order of the staging table's columns
COLUMNS: dict[str, ColumnType] = {
    "plan_id": "bigint",
    "stat_date": "date",
    "stat_hour": "smallint",
    **{measure: "bigint" if measure in _WIDE_MEASURES else "integer" for measure in MEASURES},
}
_LAYOUT = Layout(COLUMNS)
#: rows turned into columns at once: more of them no longer lie in the processor's cache
_ENCODED_ROWS = 1_000
#: rows sorted at once, 160 bytes each
_SORTED_ROWS = 100_000
#: bytes of ready rows that stay in memory: two accounts of 2,000 plans with a whole week
_IN_MEMORY = 128 << 20
_WRITTEN_BYTES = 1 << 20
_HOURS = 24


class HourRows:
    """The hours of an account's days ``first_on``…``last_on``, in blocks sorted by day, plan and hour.

    ``plan_ids`` maps the media's ids to ours. Rows of unknown plans are named in ``unknown``; they and rows of days
    nobody asked for stay outside. A row repeated later replaces the earlier one; where they are in different blocks,
    ``has_repeated`` says that the later of both counts.
    """

    def __init__(self, plan_ids: Mapping[str, int], first_on: date, last_on: date) -> None:
        self.unknown: set[str] = set()
        self.row_count = 0
        self.has_repeated = False
        self._first, self._days = first_on.toordinal(), (last_on - first_on).days + 1
        known = sorted(plan_ids.items(), key=lambda item: item[1])
        self._ranks = {remote_id: rank for rank, (remote_id, _) in enumerate(known)}
        self._plan_count = len(known)
        self._ids = np.array([plan_id for _, plan_id in known] or [0], np.int64)  # rank -1 finds the last, unused
        # Buffers are made once and used again: fresh memory costs more than what is written into it.
        room = max(_ENCODED_ROWS, min(_SORTED_ROWS, self._days * len(known) * _HOURS))
        self._rows, self._sorted = _LAYOUT.empty(room), np.empty(room, _LAYOUT.dtype)
        self._keys = np.zeros(room, np.int64)
        self._filled = 0
        self._seen = np.zeros(self._days * len(known) * _HOURS, np.bool_)
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._file.write(HEADER)

    def collect(self, pages: Iterable[Sequence[MetricRow]]) -> HourRows:
        """Take all pages, to the end; raises ``ValueError`` for an hour that no day has. Returns itself."""
        for page in pages:
            for at in range(0, len(page), _ENCODED_ROWS):
                self._encode(page[at : at + _ENCODED_ROWS])
        self._sort()
        self._file.write(TRAILER)
        return self

    def chunks(self) -> Iterator[bytes]:
        """What COPY … (FORMAT binary) reads."""
        self._file.seek(0)
        while chunk := self._file.read(_WRITTEN_BYTES):
            yield chunk

    def __enter__(self) -> HourRows:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _encode(self, page: Sequence[MetricRow]) -> None:
        count = len(page)
        if self._filled + count > len(self._rows):
            self._sort()
        columns = list(zip(*page, strict=True))
        ranks = np.fromiter(map(self._ranks.get, columns[0], repeat(-1)), np.int64, count)
        days = np.fromiter(map(date.toordinal, columns[1]), np.int64, count)
        hours = np.fromiter(columns[2], np.int64, count)
        if hours.min() < 0 or hours.max() >= _HOURS:
            raise ValueError("an hour of a metric row is not within 0..23")
        rows = self._rows[self._filled : self._filled + count]
        rows["plan_id"] = self._ids[ranks]
        rows["stat_date"] = days_of(days)
        rows["stat_hour"] = hours
        for name, column in zip(MEASURES, columns[3:], strict=True):
            rows[name] = np.fromiter(column, native_type(COLUMNS[name]), count)
        is_known = ranks >= 0
        if not is_known.all():
            self.unknown.update(columns[0][at] for at in np.flatnonzero(~is_known))
        days -= self._first
        keys = (days * self._plan_count + ranks) * _HOURS + hours
        is_wanted = is_known & (days >= 0) & (days < self._days)
        if not is_wanted.all():
            keys = keys[is_wanted]
            rows[: len(keys)] = rows[is_wanted]
        self._keys[self._filled : self._filled + len(keys)] = keys
        self._filled += len(keys)

    def _sort(self) -> None:
        """Sorted rows go into the tables' indexes page by page instead of all over them."""
        if not self._filled:
            return
        order = np.argsort(self._keys[: self._filled], kind="stable")
        keys = self._keys[order]
        is_last = np.append(keys[1:] != keys[:-1], True)  # of equal keys the one that came last
        keys, order = keys[is_last], order[is_last]
        self.has_repeated = self.has_repeated or bool(self._seen[keys].any())
        self._seen[keys] = True
        self.row_count += len(keys)
        self._filled = 0
        self._file.write(as_bytes(np.take(self._rows, order, out=self._sorted[: len(order)], mode="clip")))
