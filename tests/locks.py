"""Waiting for another session to stand in the queue for an advisory lock."""

from __future__ import annotations

from django.db import connection, transaction


def wait_for_a_waiting_lock() -> None:
    """Return once some session waits; raise when nobody does for half a minute."""
    for _ in range(3000):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*), pg_sleep(0.01) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("no session ever waited")
