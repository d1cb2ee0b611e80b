"""One pace for all workers: every call takes a token that lives in PostgreSQL, and waits until the token is free.

The media count calls in a hard sliding second. So a limit of N is N tokens, each free again a second (and a little)
after the instant at which the media counted its last call: no second can ever hold more than N. When exactly a call was
counted only the media knows, but not later than its answer less the quickest answer known. Hence a token is out until
its answer is there, and then rests from that instant on. One statement takes tokens in all rows that limit a call
together, so that none is used up while another is missing; one gives them back.

Nothing here is tenant data: a developer application's limit is the vendor's, whoever uses it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock, get_ident
from time import monotonic, sleep
from typing import Any

from django.db import connection

from media_connectors.contracts import LimitNotice
from media_connectors.errors import RateLimited
from media_connectors.models import LimiterSlot

#: how long beyond its period a token rests at least: 0.97 of the limit is used, and punctual calls all rest the same
REST_SECONDS = 0.03
#: what the quickest answer does not know: a way to the media that becomes quicker later
WAY_SECONDS = 0.01
#: a token whose answer never comes, because its process was killed, is out until the call must have timed out
OUT_SECONDS = 16.0
#: between two looks when all tokens are out
LOOK_SECONDS = 0.05
ANSWERS_TO_KNOW = 50
#: tokens are taken at most this far ahead, so that no account's drain can queue up in front of the others
HORIZON_SECONDS = 1.0
#: where two limits meet, the token of the wider one is not free for others while it waits for that of the tighter one
SHARED_HORIZON_SECONDS = 0.1
#: waiting longer than this is the caller's business: its lease runs
LONGEST_WAIT_SECONDS = 8.0
#: how long a process may not know that another one was told of a limit
REFRESH_SECONDS = 1.0
MOST_TOKENS_AT_ONCE = 32

# A token's period: a second, or longer for limits below one call a second.
_PERIOD = "(%(rest)s::float8 + greatest(1, 1 / nullif(slot.rate_per_second, 0)))"

_TAKE = f"""
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
held AS MATERIALIZED (
    SELECT slot.key, slot.rate_per_second, extract(epoch FROM slot.blocked_until)::float8 AS blocked_until,
           ARRAY(SELECT free FROM unnest(slot.free_at) AS free ORDER BY free) AS free_at
      FROM media_connectors_limiterslot AS slot, quick
     WHERE slot.key = ANY(%(keys)s) ORDER BY slot.key FOR UPDATE OF slot
),
moment AS MATERIALIZED (SELECT count(*), extract(epoch FROM clock_timestamp())::float8 AS now FROM held),
offered AS (
    SELECT number, greatest(max(moment.now), max(blocked_until), max(free_at[number])) AS at
      FROM held, moment, generate_series(1, %(wanted)s) AS number
     GROUP BY number HAVING bool_and(rate_per_second = 0 OR number <= cardinality(free_at))
),
granted AS MATERIALIZED (SELECT offered.* FROM offered, moment WHERE at <= moment.now + %(horizon)s),
taken AS (
    UPDATE media_connectors_limiterslot AS slot SET free_at =
           held.free_at[(SELECT count(*) + 1 FROM granted):] || ARRAY(SELECT at + {_PERIOD} + %(out)s FROM granted)
      FROM held WHERE slot.key = held.key AND slot.rate_per_second > 0
)
SELECT moment.now, array(SELECT at FROM granted ORDER BY number), (SELECT min(at) FROM offered),
       (SELECT max(blocked_until) FROM held) FROM moment
"""  # noqa: S608

# Of several tokens of one instant exactly one is given back; a row whose limit changed meanwhile has others now.
_GIVE_BACK = f"""
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
held AS MATERIALIZED (
    SELECT slot.key, array_position(slot.free_at, %(at)s::float8 + {_PERIOD} + %(out)s) AS place
      FROM media_connectors_limiterslot AS slot, quick
     WHERE slot.key = ANY(%(keys)s) AND slot.rate_per_second > 0 ORDER BY slot.key FOR UPDATE OF slot
)
UPDATE media_connectors_limiterslot AS slot SET free_at[held.place] = %(at)s::float8 + {_PERIOD} + %(late)s::float8
  FROM held WHERE slot.key = held.key AND held.place IS NOT NULL
"""  # noqa: S608

# Tokens of a new or changed limit are free at once only where nothing can have been sent before.
_ENSURE = """
INSERT INTO media_connectors_limiterslot AS slot (key, rate_per_second, free_at)
VALUES (%(key)s, %(rate)s, array_fill(0::float8, ARRAY[%(tokens)s]))
ON CONFLICT (key) DO UPDATE SET rate_per_second = EXCLUDED.rate_per_second,
    free_at = array_fill(extract(epoch FROM now())::float8 + 1, ARRAY[%(tokens)s])
  WHERE slot.rate_per_second <> EXCLUDED.rate_per_second
"""

_BLOCK = """
INSERT INTO media_connectors_limiterslot AS slot (key, rate_per_second, free_at, blocked_until)
VALUES (%(key)s, 0, '{}', clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET blocked_until = greatest(slot.blocked_until, EXCLUDED.blocked_until)
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


@dataclass(frozen=True, slots=True)
class _Token:
    """A token's instant ``at`` on PostgreSQL's clock. On ours it lies between two: the clock was read somewhere between
    asking and hearing."""

    at: float
    earliest: float
    latest: float


@dataclass(slots=True)
class _Queue:
    """Threads of this process that want tokens of the same limits: one asks PostgreSQL for all that wait."""

    keys: tuple[str, ...]
    lock: Lock = field(default_factory=Lock)
    waiting: int = 0
    tokens: deque[_Token] = field(default_factory=deque)
    answers: int = 0
    quickest: float = float("inf")  # seconds from send to answer
    next_at: float = 0.0  # monotonic instant at which the next token is expected to be free


@dataclass(slots=True)
class Ticket:
    """The right to send one call now, given back with its answer."""

    queue: _Queue
    token: _Token
    sent: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that waits for its turn: since when and until when, monotonic instants of this process."""

    since: float
    until: float


class TokenLimiter:
    """``protocols.Limiter`` of one vendor over PostgreSQL; safe to share between threads."""

    def __init__(self, vendor: str, rates: Rates) -> None:
        self._vendor = vendor
        self._rates = rates
        self._guard = Lock()
        self._queues: dict[tuple[str, ...], _Queue] = {}
        self._ensured: set[str] = set()
        self._told: dict[str, float] = {}  # rates that the media told, by key
        self._refreshed_at = float("-inf")
        self._waits: dict[int, tuple[str, _Queue, float]] = {}  # by thread: the account, its queue, since when

    def acquire(self, *, application_id: str, endpoint: str, account_remote_id: str) -> Ticket | None:
        """Return when the call may be sent. Raises ``RateLimited`` when that is more than a few seconds away."""
        if connection.in_atomic_block and not _is_test_case():
            raise RuntimeError("media are never called inside a transaction")
        keys = self._keys(application_id, endpoint, account_remote_id)
        if not keys:
            return None
        queue = self._queue(keys)
        begun = monotonic()
        self._waits[get_ident()] = (account_remote_id, queue, begun)
        try:
            token = self._token(queue, begun + LONGEST_WAIT_SECONDS)
            pause = token.latest - monotonic()
            if pause > 0:
                sleep(pause)
        finally:
            del self._waits[get_ident()]
        return Ticket(queue, token, monotonic())

    def waiting(self, account_remote_id: str = "") -> Waiting | None:
        """The call (of the account, or any) that waits longest for its turn in this process; None when none does."""
        waits = [wait for wait in list(self._waits.values()) if account_remote_id in {"", wait[0]}]
        if not waits:
            return None
        _, queue, since = min(waits, key=lambda wait: wait[2])
        return Waiting(since, max(queue.next_at, monotonic()))

    def answered(self, ticket: object) -> None:
        """The call of ``ticket`` was answered, or given up: its token rests from when it was counted at the latest."""
        if not isinstance(ticket, Ticket):
            return
        now, queue = monotonic(), ticket.queue
        queue.answers += 1
        queue.quickest = min(queue.quickest, now - ticket.sent)
        # The first answers include making connections: until more is known, a call counts as late as it could.
        known = queue.quickest - WAY_SECONDS if queue.answers > ANSWERS_TO_KNOW else 0.0
        self._give_back(ticket, now - ticket.token.earliest - known)

    def unused(self, ticket: object) -> None:
        """No call was sent after all: the token rests as if one had been, and nothing is learned from it."""
        if isinstance(ticket, Ticket):
            self._give_back(ticket, 0.0)

    @staticmethod
    def _give_back(ticket: Ticket, late: float) -> None:
        parameters: dict[str, Any] = {
            "keys": list(ticket.queue.keys),
            "at": ticket.token.at,
            "late": max(0.0, late - REST_SECONDS),
            "rest": REST_SECONDS,
            "out": OUT_SECONDS,
        }
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, parameters)

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

    def _token(self, queue: _Queue, give_up_at: float) -> _Token:
        with self._guard:
            queue.waiting += 1
        try:
            with queue.lock:
                while not queue.tokens:
                    asked = monotonic()
                    now, instants, first, blocked = self._take(
                        queue.keys, wanted=min(queue.waiting, MOST_TOKENS_AT_ONCE)
                    )
                    heard = monotonic()
                    queue.tokens.extend(_Token(at, asked + at - now, heard + at - now) for at in instants)
                    queue.next_at = heard + (instants[0] if instants else first) - now
                    if not instants:
                        # A token that is out is expected back soon, not only when its call must have timed out.
                        wait = first - now
                        wait = max(wait - OUT_SECONDS if wait > OUT_SECONDS else wait, blocked - now)
                        queue.next_at = heard + wait
                        if heard + wait > give_up_at:
                            raise RateLimited("over the limit of calls", retry_after=wait)
                        sleep(max(wait - _horizon(queue.keys) / 2, LOOK_SECONDS))
                return queue.tokens.popleft()
        finally:
            with self._guard:
                queue.waiting -= 1

    def _take(self, keys: Sequence[str], *, wanted: int) -> tuple[float, list[float], float, float]:
        """PostgreSQL's clock, the instants of the tokens taken, when the first one is free at the latest, and until
        when nobody may call."""
        parameters: dict[str, Any] = {
            "keys": list(keys),
            "wanted": wanted,
            "horizon": _horizon(keys),
            "rest": REST_SECONDS,
            "out": OUT_SECONDS,
        }
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, parameters)
            now, instants, first, blocked = cursor.fetchone()
        return now, instants, now if first is None else first, now if blocked is None else blocked

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
            return self._queues.setdefault(keys, _Queue(keys))

    def _ensure(self, key: str, rate: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ENSURE, {"key": key, "rate": rate, "tokens": max(1, int(rate))})
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


def _horizon(keys: Sequence[str]) -> float:
    return HORIZON_SECONDS if len(keys) == 1 else SHARED_HORIZON_SECONDS


def _is_test_case() -> bool:
    """Django's TestCase wraps a test in a transaction of its own, which says nothing about the code inside."""
    return all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
