"""Every periodic task, in one table. Pure data: names, never imports, so that settings can load it.

A task here must be harmless when it runs twice and when one run is missed: the next one catches up.
"""

from dataclasses import dataclass
from datetime import timedelta

from celery.schedules import crontab


@dataclass(frozen=True, slots=True)
class Periodic:
    """One line of the table. `when` is an interval, or a crontab in Asia/Shanghai."""

    task: str
    when: timedelta | crontab
    queue: str


SCHEDULE: tuple[Periodic, ...] = (
    Periodic("jobs.reap", timedelta(seconds=30), "urgent"),
    Periodic("audit.seal", timedelta(minutes=1), "io"),
    Periodic("web.sweep", crontab(hour="3", minute="20"), "io"),
    Periodic("plans.sweep", timedelta(seconds=5), "urgent"),
    Periodic("plans.send_queued", timedelta(minutes=1), "io"),
    Periodic("bulk.check", timedelta(minutes=1), "io"),
    Periodic("bulk.purge", crontab(hour="3", minute="40"), "io"),
    Periodic("webhooks.sweep", timedelta(seconds=15), "io"),
    Periodic("notices.sweep", timedelta(seconds=30), "io"),
    Periodic("notices.purge", crontab(hour="3", minute="50"), "io"),
    Periodic("sync.watch", timedelta(minutes=2), "io"),
    Periodic("sync.tick", timedelta(seconds=20), "urgent"),
    Periodic("metrics.roll", timedelta(seconds=30), "cpu"),
)


def _expires(when: timedelta | crontab) -> float:
    """Seconds after which an unfetched message is dropped: the next one would do the same work."""
    return max(when.total_seconds(), 30.0) if isinstance(when, timedelta) else 3600.0


CELERY_BEAT_SCHEDULE = {
    line.task: {
        "task": line.task,
        "schedule": line.when,
        "options": {"queue": line.queue, "expires": _expires(line.when)},
    }
    for line in SCHEDULE
}
