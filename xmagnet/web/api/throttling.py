"""Requests per minute and caller, counted in PostgreSQL for all processes, told in the RateLimit headers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connection, transaction

from xmagnet.accounts.actor import Actor
from xmagnet.web.api.errors import ApiProblem

REQUESTS_PER_WINDOW = 600
WINDOW_SECONDS = 60
ROWS_PER_DAY = 200_000
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class RequestBudget:
    """What is left of the window."""

    remaining: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """``RateLimit`` and ``RateLimit-Policy`` (IETF draft)."""
        return {
            "RateLimit-Policy": (f'"req";q={REQUESTS_PER_WINDOW};w={WINDOW_SECONDS}, "rows";q={ROWS_PER_DAY};w=86400'),
            "RateLimit": f'"req";r={max(0, self.remaining)};t={self.resets_in}',
        }


def charge_request(actor: Actor) -> RequestBudget:
    """Count one request of this caller; raises a 429 problem when the window is used up."""
    now = int(time.time())
    start = now - now % WINDOW_SECONDS
    count = add_to_counter(caller_key(actor), start, 1)
    budget = RequestBudget(REQUESTS_PER_WINDOW - count, start + WINDOW_SECONDS - now)
    if budget.remaining < 0:
        raise ApiProblem(
            "rate-limited",
            429,
            "Too many requests",
            f"At most {REQUESTS_PER_WINDOW} requests in {WINDOW_SECONDS} seconds.",
            headers={"Retry-After": str(budget.resets_in), **budget.headers()},
        )
    return budget


def require_rows(actor: Actor) -> None:
    """Raise a 429 problem when the caller's rows of the day are used up."""
    now = int(time.time())
    start = now - now % DAY_SECONDS
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count FROM web_requestcounter WHERE key = %s AND window_start = %s", [_rows_key(actor), start]
        )
        row = cursor.fetchone()
    if row is not None and row[0] >= ROWS_PER_DAY:
        raise ApiProblem(
            "rate-limited",
            429,
            "Too many rows",
            f"At most {ROWS_PER_DAY} rows in a day.",
            headers={"Retry-After": str(start + DAY_SECONDS - now)},
        )


def charge_rows(actor: Actor, count: int) -> None:
    """Count rows that were accepted. Apart from their transaction: this one does not wait for the disk."""
    now = int(time.time())
    add_to_counter(_rows_key(actor), now - now % DAY_SECONDS, count)


def _rows_key(actor: Actor) -> str:
    return f"rows:{caller_key(actor)}"


def caller_key(actor: Actor) -> str:
    """One budget a token, else a person in an organization."""
    return f"token:{actor.token_id}" if actor.token_id else f"user:{actor.organization_id}:{actor.user_id}"


def add_to_counter(key: str, window_start: int, amount: int) -> int:
    """Add and return the new sum. Losing a second of counts in a crash is fine, so the commit does not wait."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(
            "INSERT INTO web_requestcounter (key, window_start, count) VALUES (%s, %s, %s) "
            "ON CONFLICT (key, window_start) DO UPDATE SET count = web_requestcounter.count + EXCLUDED.count "
            "RETURNING count",
            [key, window_start, amount],
        )
        return int(cursor.fetchone()[0])
