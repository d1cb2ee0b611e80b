"""The clock of periodic tasks. Any number may run; the one that holds the lock ticks."""

import logging
from typing import Any

from celery.beat import Scheduler
from django.db import DatabaseError, InterfaceError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from xmagnet.core.locks import Lock

logger = logging.getLogger(__name__)

# How soon a follower takes over after the leader's connection is gone; also the longest sleep of the leader, because
# Celery's beat hears SIGTERM only between two sleeps.
LONGEST_PAUSE_SECONDS = 1.0


class LockedScheduler(Scheduler):  # type: ignore[misc]
    """Celery's in-memory scheduler behind a session-level advisory lock on a connection of its own.

    PostgreSQL frees the lock when the leader's connection ends, whatever ended it. The connection must be direct:
    PgBouncer in transaction mode would hand the session to others. A leader that lost its connection stops ticking
    before anybody else can start, up to one tick: periodic tasks are idempotent for that reason.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._connection: BaseDatabaseWrapper | None = None
        super().__init__(*arguments, **options)

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due when we lead; return the seconds until the next look."""
        if not self._leads():
            return LONGEST_PAUSE_SECONDS
        return min(float(super().tick(*arguments, **options)), LONGEST_PAUSE_SECONDS)

    def close(self) -> None:
        """Give the lock back at once, by closing its connection."""
        self._let_go()
        super().close()

    def _leads(self) -> bool:
        try:
            if self._connection is not None:
                with self._connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                return True
            connection = connections.create_connection("default")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [int(Lock.BEAT)])
                (is_ours,) = cursor.fetchone()
        except (DatabaseError, InterfaceError):
            logger.warning("beat: no database; periodic tasks wait")
            self._let_go()
            return False
        if not is_ours:
            connection.close()
            return False
        logger.info("beat: this process sends the periodic tasks")
        self._connection = connection
        return True

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
