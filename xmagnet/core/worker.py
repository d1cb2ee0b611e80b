"""What our Celery workers do besides running tasks: show that they live, and leave nothing behind."""

import signal
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.signals import worker_process_init, worker_shutting_down
from django.conf import settings

from xmagnet.core.parent_death import receive_at_parent_death

HEARTBEAT_SECONDS = 5.0

# Made before the pool forks, so that the main process can tell its children.
_stopping = RawValue("b", 0)


def is_stopping() -> bool:
    """Whether this worker was asked to end: long work hands back what it has not begun."""
    return bool(_stopping.value)


@worker_shutting_down.connect
def tell_the_pool(**_options: object) -> None:
    """The signal reaches the main process alone."""
    _stopping.value = 1


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]
    """Touches WORKER_HEARTBEAT_FILE from the loop that fetches messages.

    `celery inspect ping` does not work on every broker, and a thread of its own would go on beating while the loop
    hangs: so a timer only asks, and the loop itself answers. A file older than a minute means a worker that fetches
    nothing, whatever its process looks like.
    """

    requires = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.file = Path(settings.WORKER_HEARTBEAT_FILE) if settings.WORKER_HEARTBEAT_FILE else None
        self.timer_entry: Any = None

    def start(self, consumer: Any) -> None:
        """Begin when the consumer does, again after each reconnection to the broker."""
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        consumer.call_soon(self.file.touch)
        self.timer_entry = consumer.timer.call_repeatedly(HEARTBEAT_SECONDS, consumer.call_soon, (self.file.touch,))

    def stop(self, consumer: Any) -> None:
        """Stop asking: without a broker the worker is not alive in the sense that counts."""
        if self.timer_entry is not None:
            self.timer_entry.cancel()
            self.timer_entry = None


@worker_process_init.connect
def die_with_the_main_process(**_options: object) -> None:
    """End a pool process whose main process was killed; else it would wait for work for ever."""
    receive_at_parent_death(signal.SIGKILL)
