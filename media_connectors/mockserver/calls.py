"""What the media saw: every call counted, the latest ones kept."""

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT_CALLS = 50_000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """``at`` is real epoch seconds, ``media_at`` media time; ``limited`` names the layer that refused."""

    at: float
    media_at: float
    medium: str
    method: str
    path: str
    app_id: int | None
    account_id: int | None
    status: int
    code: int
    limited: str
    faults: tuple[str, ...]
    milliseconds: float


class CallLog:
    """Counters since the last reset and the last 50,000 records; ``failures`` are bugs of the mock itself."""

    def __init__(self) -> None:
        # Calls are recorded outside the world's lock, by many threads.
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.records: deque[CallRecord] = deque(maxlen=KEPT_CALLS)
        self.by_path: Counter[tuple[str, str]] = Counter()
        self.by_code: Counter[tuple[str, int]] = Counter()
        self.limited: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[str] = Counter()
        self.total = 0
        self.failures = 0

    def note_failure(self) -> None:
        """A handler of ours broke: nothing that a medium or a fault rule did."""
        with self._lock:
            self.failures += 1

    def add(self, record: CallRecord) -> None:
        with self._lock:
            self.records.append(record)
            self.total += 1
            self.by_path[record.medium, record.path] += 1
            self.by_code[record.medium, record.code] += 1
            if record.limited:
                self.limited[record.medium, record.limited] += 1
            for name in record.faults:
                self.faults[name] += 1

    def summary(self) -> dict[str, Any]:
        """Counts as JSON-ready lists, most frequent first."""
        with self._lock:
            return {
                "total": self.total,
                "over_limit": sum(self.limited.values()),
                "failures": self.failures,
                "by_path": [{"medium": m, "path": p, "calls": n} for (m, p), n in self.by_path.most_common()],
                "by_code": [{"medium": m, "code": c, "calls": n} for (m, c), n in self.by_code.most_common()],
                "limited": [{"medium": m, "layer": layer, "calls": n} for (m, layer), n in self.limited.most_common()],
                "faults": dict(self.faults),
            }

    def latest(
        self, *, path: str | None = None, account_id: int | None = None, after: float = 0.0, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """The newest records first. ``after`` is real epoch seconds."""
        with self._lock:
            records = list(self.records)
        found: list[dict[str, Any]] = []
        for record in reversed(records):
            if record.at <= after or len(found) >= limit:
                break
            if (path is None or record.path == path) and (account_id is None or record.account_id == account_id):
                found.append(asdict(record))
        return found
