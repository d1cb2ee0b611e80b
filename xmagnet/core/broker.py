"""The PGMQ transport in Celery's event loop, with a polling interval that follows the traffic, and a polite end."""

from contextlib import suppress
from queue import Empty
from time import monotonic
from typing import Any

from kombu.asynchronous import Hub
from kombu.transport import pgmq

# Kombu waits one interval whenever there is nothing to fetch, or no free process to fetch for. Measured on two cores
# with two processes and no-op tasks: a fixed 0.1 s carries 19 tasks/s and costs 4 % of a core when idle (worker and
# database together); going over to 0.01 s while there is traffic carries 125 tasks/s at the same idle cost.
IDLE_INTERVAL_SECONDS = 0.1
BUSY_INTERVAL_SECONDS = 0.01
BUSY_FOR_SECONDS = 1.0


class Channel(pgmq.Channel):  # type: ignore[misc]
    """Hands unfinished messages back when the worker stops, as the Redis transport does.

    PGMQ's own channel leaves them hidden for the whole visibility timeout: ten minutes after every release.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.qos.restore_at_shutdown = True

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Count the message as done with even when the database cannot be told so.

        A message that cannot be deleted comes back after the visibility timeout, as after a kill -9. But it must not go
        on counting as in hand: Celery only logs the failure, and with every process's message counted for ever the
        worker would look for none again, though the database has long come back.
        """
        try:
            super().basic_ack(delivery_tag, multiple)
        except self.connection.connection_errors:
            self.qos.ack(delivery_tag)
            raise

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """The same for a message that is handed back."""
        try:
            super().basic_reject(delivery_tag, requeue=requeue)
        except self.connection.connection_errors:
            self.qos.reject(delivery_tag, requeue=False)
            raise


class Transport(pgmq.Transport):  # type: ignore[misc]
    """Polls from the worker's event loop, ten times as often for a second after each message.

    The event loop is not for speed. Without one, Celery's pool hands tasks out through one pipe behind one lock, which
    an idle process holds while it waits: kill -9 takes the lock to the grave, and no process of that worker ever gets
    a task again. With one, as on Redis, each process has a pipe of its own and a dead one is simply replaced.
    """

    Channel = Channel
    implements = pgmq.Transport.implements.extend(asynchronous=True)
    _delivered_at = float("-inf")

    @property
    def polling_interval(self) -> float:  # type: ignore[override]
        """Seconds until the next look."""
        is_busy = monotonic() - self._delivered_at < BUSY_FOR_SECONDS
        return BUSY_INTERVAL_SECONDS if is_busy else IDLE_INTERVAL_SECONDS

    def register_with_event_loop(self, connection: Any, loop: Hub) -> None:
        """Look for messages again and again until the connection is closed or fails; then Celery makes a new one."""
        cycle: Any = self.cycle

        def look() -> None:
            if not self.channels:
                return
            with suppress(Empty):
                cycle.get(self._deliver)
            loop.call_later(self.polling_interval, look)

        loop.call_later(0, look)

    def _deliver(self, message: Any, queue: str) -> None:
        self._delivered_at = monotonic()
        super()._deliver(message, queue)
