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
