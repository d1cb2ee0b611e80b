"""After thirty days a bulk job's rows and what was sent for them are forgotten; the job itself and the log stay."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.models import BulkRow
from campaigns.services.bulk.limits import KEPT_FOR
from media_connectors.services.commands import forget_commands
from xmagnet.jobs.models import Job

#: rows of one transaction: a lock must not last
_AT_ONCE = 5_000


def purge_old_jobs(now: datetime) -> int:
    """In the organization in scope: delete rows, their sources and commands of jobs that ended long ago; how many rows.

    May be stopped anywhere and started again.
    """
    purged = 0
    while True:
        with transaction.atomic():
            old = Job.objects.filter(is_row_driven=True, finished_at__lt=now - KEPT_FOR)
            rows = BulkRow.objects.filter(job_id__in=old.values("id"))
            ids = list(rows.values_list("id", flat=True)[:_AT_ONCE])
            forget_commands(ids)
            BulkRow.objects.filter(pk__in=ids).delete()
        purged += len(ids)
        if len(ids) < _AT_ONCE:
            return purged
