"""One pace for all workers: every call takes a slot, an instant reserved in PostgreSQL, and waits for it.

A row per limit holds the next free instant (GCRA with a burst of one). One statement reserves slots in all rows that
limit a call, so that neither is used up when the other is not free. The media count a hard sliding second; spacing by
``MARGIN / rate`` keeps N calls a second apart by more than a second in spite of jitter, at 1 / MARGIN of what is
allowed. A thread that wakes too late gives its slot up instead of crowding the next second.

Nothing here is tenant data: a developer application's limit is the vendor's, whoever uses it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from time import monotonic, sleep

from django.db import connection

from media_connectors.contracts import LimitNotice
from media_connectors.errors import RateLimited
from media_connectors.models import LimiterSlot

#: spacing of slots in units of 1 / rate: 0.957 of the rate is used, and calls may jitter by 45 ms within a second
MARGIN = 1.045
#: a slot missed by more than this is given up; what is left of the jitter is for the network and the media
LATE_SECONDS = 0.02
#: slots are reserved at most this far ahead, so that no account's drain can queue up in front of the others
HORIZON_SECONDS = 1.0
#: waiting longer than this is the caller's business: its lease runs
LONGEST_WAIT_SECONDS = 8.0
#: how long a process may not know that another one was told of a limit
REFRESH_SECONDS = 1.0
MOST_SLOTS_AT_ONCE = 32

_RESERVE = """
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
held AS MATERIALIZED (
    SELECT slot.key,
           CASE WHEN slot.rate_per_second > 0 THEN %(margin)s / slot.rate_per_second ELSE 0 END AS step,
           greatest(slot.next_free_at, slot.blocked_until) AS free_at
      FROM media_connectors_limiterslot AS slot, quick
     WHERE slot.key = ANY(%(keys)s) ORDER BY slot.key FOR UPDATE OF slot
),
moment AS MATERIALIZED (SELECT max(free_at) AS free_at, max(step) AS step, clock_timestamp() AS now FROM held),
bid AS (SELECT greatest(free_at, now) AS at, step, now FROM moment),
granted AS MATERIALIZED (
    SELECT at, step, now, CASE WHEN at > now + %(horizon)s * interval '1 second' THEN 0 ELSE least(
        %(wanted)s, 1 + floor(extract(epoch FROM now - at + %(horizon)s * interval '1 second') / nullif(step, 0))
    ) END::int AS slots FROM bid
),
taken AS (
    UPDATE media_connectors_limiterslot AS slot
       SET next_free_at = granted.at + make_interval(secs => (granted.slots - 1) * granted.step + held.step)
      FROM granted, held WHERE slot.key = held.key AND granted.slots > 0
)
SELECT extract(epoch FROM at - now)::float8, step::float8, slots FROM granted
"""

_ENSURE = """
INSERT INTO media_connectors_limiterslot (key, next_free_at, rate_per_second) VALUES (%s, now(), %s)
ON CONFLICT (key) DO UPDATE SET rate_per_second = EXCLUDED.rate_per_second
"""

_BLOCK = """
INSERT INTO media_connectors_limiterslot (key, next_free_at, rate_per_second, blocked_until)
VALUES (%(key)s, now(), 0, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET blocked_until = greatest(
    media_connectors_limiterslot.blocked_until, EXCLUDED.blocked_until)
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls a second by endpoint pattern, for each (application, endpoint) and each (account, endpoint).

    The first pattern that fits counts, then ``default``; nothing means unlimited until the media says otherwise.
    """

    developer: Mapping[str, float] = field(default_factory=dict)
    account: Mapping[str, float] = field(default_factory=dict)

    def of_application(self, endpoint: str) -> float:
        """Calls a second of one application on the endpoint; 0 means unlimited."""
        return _matching(self.developer, endpoint)

    def of_account(self, endpoint: str) -> float:
        """Calls a second for one account on the endpoint; 0 means unlimited."""
        return _matching(self.account, endpoint)


def _matching(rates: Mapping[str, float], endpoint: str) -> float:
    for pattern, rate in rates.items():
        if pattern != "default" and fnmatchcase(endpoint, pattern):
            return rate
    return rates.get("default", 0.0)


@dataclass(slots=True)
class _Queue:
    """Threads of this process that want the same slots: one asks PostgreSQL for all that wait."""

    lock: Lock = field(default_factory=Lock)
    waiting: int = 0
    slots: deque[float] = field(default_factory=deque)  # monotonic instants


class SlotLimiter:
    """``protocols.Limiter`` of one vendor over PostgreSQL; safe to share between threads."""

    def __init__(self, vendor: str, rates: Rates) -> None:
        self._vendor = vendor
        self._rates = rates
        self._guard = Lock()
        self._queues: dict[tuple[str, ...], _Queue] = {}
        self._ensured: set[str] = set()
        self._told: dict[str, float] = {}  # rates that the media told, by key
        self._refreshed_at = float("-inf")

    def acquire(self, *, application_id: str, endpoint: str, account_remote_id: str) -> None:
        """Return when the call may be sent. Raises ``RateLimited`` when that is more than a few seconds away."""
        keys = self._keys(application_id, endpoint, account_remote_id)
        if not keys:
            return
        if connection.in_atomic_block and not _is_test_case():
            raise RuntimeError("media are never called inside a transaction")
        queue = self._queue(keys)
        give_up_at = monotonic() + LONGEST_WAIT_SECONDS
        while True:
            due = self._slot(queue, keys, give_up_at)
            pause = due - monotonic()
            if pause > 0:
                sleep(pause)
            if monotonic() - due <= LATE_SECONDS:
                return

    def learn(self, *, application_id: str, endpoint: str, account_remote_id: str, notice: LimitNotice) -> None:
        """After a refusal nobody sends until its wait is over; a told limit holds where it is tighter than ours."""
        application_key, account_key = self._names(application_id, endpoint, account_remote_id)
        if notice.is_refused:
            key = account_key if notice.scope == "account" and account_remote_id else application_key
            with connection.cursor() as cursor:
                cursor.execute(_BLOCK, {"key": key, "seconds": max(notice.retry_after, 0.001)})
            self._told.setdefault(key, 0.0)
            return
        if notice.limit:
            # The header's own word is "per minute", the vendor's page counts seconds. The wider reading never costs
            # more than a refusal, which corrects it.
            known = self._told.get(application_key) or self._rates.of_application(endpoint)
            if not known or notice.limit < known:
                self._told[application_key] = float(notice.limit)
                self._ensure(application_key, float(notice.limit))

    def _slot(self, queue: _Queue, keys: tuple[str, ...], give_up_at: float) -> float:
        with self._guard:
            queue.waiting += 1
        try:
            with queue.lock:
                while not queue.slots:
                    first, step, granted = self._reserve(keys, wanted=min(queue.waiting, MOST_SLOTS_AT_ONCE))
                    now = monotonic()
                    queue.slots.extend(now + first + step * number for number in range(granted))
                    if not granted:
                        if now + first > give_up_at:
                            raise RateLimited("over the limit of calls", retry_after=first)
                        sleep(min(first, max(first - HORIZON_SECONDS / 2, 0.01)))
                return queue.slots.popleft()
        finally:
            with self._guard:
                queue.waiting -= 1

    def _reserve(self, keys: Sequence[str], *, wanted: int) -> tuple[float, float, int]:
        """Seconds until the first slot, seconds between slots, and how many were granted."""
        parameters = {
            "keys": list(keys),
            "wanted": wanted,
            "margin": MARGIN,
            "horizon": HORIZON_SECONDS,
        }
        with connection.cursor() as cursor:
            cursor.execute(_RESERVE, parameters)
            first, step, granted = cursor.fetchone()
        return max(0.0, first or 0.0), step or 0.0, granted or 0

    def _names(self, application_id: str, endpoint: str, account_remote_id: str) -> tuple[str, str]:
        return (
            f"{self._vendor}:{application_id}:{endpoint}",
            f"{self._vendor}:account:{account_remote_id}:{endpoint}",
        )

    def _keys(self, application_id: str, endpoint: str, account_remote_id: str) -> tuple[str, ...]:
        """The rows that limit this call, made when they are new; none where nothing is known to limit it."""
        self._refresh()
        application_key, account_key = self._names(application_id, endpoint, account_remote_id)
        keys = []
        rates = [(application_key, self._rates.of_application(endpoint))]
        if account_remote_id:
            rates.append((account_key, self._rates.of_account(endpoint)))
        for key, rate in rates:
            if rate and key not in self._ensured:
                self._ensure(key, rate)
            if rate or key in self._told:
                keys.append(key)
        return tuple(sorted(keys))

    def _queue(self, keys: tuple[str, ...]) -> _Queue:
        with self._guard:
            return self._queues.setdefault(keys, _Queue())

    def _ensure(self, key: str, rate: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ENSURE, [key, rate])
        self._ensured.add(key)

    def _refresh(self) -> None:
        """Hear what other processes were told: blocks, and limits of keys that nobody configured."""
        now = monotonic()
        if now - self._refreshed_at < REFRESH_SECONDS:
            return
        self._refreshed_at = now
        known = LimiterSlot.objects.filter(key__startswith=f"{self._vendor}:")
        for key, rate in known.values_list("key", "rate_per_second"):
            self._told.setdefault(key, rate)


def _is_test_case() -> bool:
    """Django's TestCase wraps a test in a transaction of its own, which says nothing about the code inside."""
    return all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
