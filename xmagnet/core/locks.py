"""The one numbered table of PostgreSQL advisory locks. The first key names the purpose, the second the object."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection


class Lock(IntEnum):
    """First key of a two-key advisory lock; numbers are never reused (7 and 8 were taken once)."""

    BEAT = 1
    TOKEN_REFRESH = 2  # media credential id
    ACCOUNT_DRAIN = 3  # media account id
    ACCOUNT_SYNC = 4  # media account id
    AUDIT_SEAL = 5  # organization id
    METRIC_PARTITIONS = 6  # taken in SQL, by campaigns_ensure_partitions
    JOB_PREPARE = 9  # CRC-32 of the job id
    JOB_START = 10  # agency id, 0 for the advertiser's own people


@contextmanager
def try_session_lock(lock: Lock, key: int) -> Iterator[bool]:
    """Hold a session-level lock while the block runs; yields False when another session holds it.

    Needs a direct connection (not PgBouncer in transaction mode); workers have one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [int(lock), _fold(key)])
        is_held = bool(cursor.fetchone()[0])
    try:
        yield is_held
    finally:
        if is_held and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [int(lock), _fold(key)])


def transaction_lock(lock: Lock, key: int) -> None:
    """Wait for and hold a lock until the current transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [int(lock), _fold(key)])


def _fold(key: int) -> int:
    """Advisory lock keys are signed 32-bit; a collision only makes two objects wait for each other."""
    return (key & 0xFFFFFFFF) - (1 << 32) if key & 0x80000000 else key & 0x7FFFFFFF
