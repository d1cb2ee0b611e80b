"""What must hold of every bulk job, asked of the rows themselves. Whatever is found here is our bug."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from campaigns.selectors.bulk.jobs import STALE_WAIT, STALLED
from xmagnet.core.scope import require_organization_id

#: jobs that ended longer ago have been looked at before
LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Violations:
    """How many there are of each; all zero when the machine is right."""

    doubled_plans: int = 0  # plans at the media that two succeeded rows claim to have made
    stale_leases: int = 0  # rows in ``sending`` two leases after their lease ended: nobody sweeps
    stalled_jobs: int = 0  # running jobs of which nothing moved for two minutes and nobody says why
    miscounted_jobs: int = 0  # finished jobs whose counts do not add up to their rows, or with open rows

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def __add__(self, other: Violations) -> Violations:
        return Violations(
            self.doubled_plans + other.doubled_plans,
            self.stale_leases + other.stale_leases,
            self.stalled_jobs + other.stalled_jobs,
            self.miscounted_jobs + other.miscounted_jobs,
        )


def bulk_violations(*, lease_seconds: float = 60.0) -> Violations:
    """In the organization in scope, inside a transaction: of live jobs and those that ended within the last hour."""
    asked: dict[str, Any] = {
        "organization": require_organization_id(),
        "look_back": LOOK_BACK,
        "late": timedelta(seconds=2 * lease_seconds),
        "stalled": STALLED,
        "stale_wait": STALE_WAIT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VIOLATIONS, asked)
        return Violations(*cursor.fetchone())


_VIOLATIONS = """
WITH job AS MATERIALIZED (
    SELECT id, finished_at, total_count, counts FROM jobs_job
     WHERE organization_id = %(organization)s AND is_row_driven
       AND (finished_at IS NULL OR finished_at > now() - %(look_back)s)
), made AS (
    SELECT row.account_id, row.plan_remote_id FROM campaigns_bulkrow AS row JOIN job ON job.id = row.job_id
     WHERE row.organization_id = %(organization)s AND row.state = 'succeeded'
       AND row.outcome IN ('created', 'reconciled')
), counted AS (
    SELECT job.id, count(row.id) AS rows,
           count(row.id) FILTER (WHERE row.state IN ('received', 'queued', 'sending', 'unknown')) AS open
      FROM job LEFT JOIN campaigns_bulkrow AS row
           ON row.organization_id = %(organization)s AND row.job_id = job.id
     WHERE job.finished_at IS NOT NULL GROUP BY job.id
)
SELECT (SELECT count(*) - count(DISTINCT (account_id, plan_remote_id)) FROM made),
       (SELECT count(*) FROM campaigns_bulkrow
         WHERE organization_id = %(organization)s AND state = 'sending' AND lease_until < now() - %(late)s),
       (SELECT count(*) FROM jobs_job
         WHERE organization_id = %(organization)s AND is_row_driven AND state IN ('running', 'cancelling')
           AND (waiting_for IS NULL OR (waiting_for ->> 'until')::timestamptz < now() - %(stale_wait)s)
           AND heartbeat_at < now() - %(stalled)s),
       (SELECT count(*) FROM counted JOIN job USING (id)
         WHERE counted.open > 0 OR counted.rows <> job.total_count
            OR counted.rows <> (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(job.counts)))
"""
