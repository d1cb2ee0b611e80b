"""The clock that remembers: a nightly task whose hour passed while no beat ran is sent once, as soon as one runs."""

from __future__ import annotations

import logging
from typing import Any

from celery.schedules import crontab
from django.db import DatabaseError
from django.utils import timezone

from xmagnet.core.beat import LockedScheduler
from xmagnet.jobs.models import PeriodicRun

logger = logging.getLogger(__name__)


class RememberingScheduler(LockedScheduler):
    """Writes down when a task with an hour of its own was sent last; one with an interval comes again by itself."""

    def setup_schedule(self) -> None:
        """The schedule with the runs that are written down; what was never seen counts from now on."""
        super().setup_schedule()
        nightly = {name: entry for name, entry in self.schedule.items() if isinstance(entry.schedule, crontab)}
        try:
            now = timezone.now()
            PeriodicRun.objects.bulk_create(
                [PeriodicRun(name=name, ran_at=now) for name in nightly], ignore_conflicts=True
            )
            for run in PeriodicRun.objects.filter(name__in=nightly):
                entry = nightly[run.name]
                entry.last_run_at = run.ran_at.astimezone(entry.last_run_at.tzinfo)
        except DatabaseError:
            logger.warning("beat: no database; missed nightly tasks wait for their next hour")

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send the task, unless it has an hour of its own and another beat was there first."""
        if isinstance(entry.schedule, crontab) and not self._is_first(entry):
            return
        super().apply_entry(entry, producer)

    def _is_first(self, entry: Any) -> bool:
        """Write the run down before it is sent; False when one since the entry's hour is written down already."""
        try:
            last = PeriodicRun.objects.get(name=entry.name)
            is_due, _ = entry.schedule.is_due(last.ran_at.astimezone(entry.last_run_at.tzinfo))
            if not is_due:
                return False
            return bool(PeriodicRun.objects.filter(pk=last.pk, ran_at=last.ran_at).update(ran_at=timezone.now()))
        except (DatabaseError, PeriodicRun.DoesNotExist):
            logger.warning("beat: %s could not be written down", entry.name)
            return True
