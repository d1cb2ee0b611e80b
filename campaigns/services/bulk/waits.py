"""Why the rows of one account wait, by job, for as long as it is true: the answer to "is it stuck?"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.executors import Verdict
from campaigns.services.bulk.verdicts import NEEDS_PERSON
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState

OTHER_JOB, RATE_LIMIT, UNREACHABLE = "other_job", "rate_limit", "media_unreachable"


@dataclass(slots=True)
class Waits:
    """What one drain found out. ``account_remote_id`` is what people know the account by."""

    account_id: int
    account_remote_id: str = ""
    unreachable_in_a_row: int = 0  # sends since the media last answered
    _by_job: dict[str, dict[str, Any]] = field(default_factory=dict)
    _all: dict[str, Any] | None = None  # the account cannot be called: nobody's rows move

    def hold_all(self, reason: str, until: datetime | None = None) -> set[str]:
        """Nothing of the account can be sent; the jobs that this concerns."""
        self._all = self._wait(reason, until)
        return jobs_with_queued_rows(self.account_id)

    def note(self, verdict: Verdict) -> None:
        """A row was put back for a reason, or one moved, which ends its job's wait."""
        self.unreachable_in_a_row = self.unreachable_in_a_row + 1 if verdict.wait_reason == UNREACHABLE else 0
        if verdict.wait_reason:
            self._by_job[verdict.row.job_id] = self._wait(verdict.wait_reason, verdict.next_at)
        elif verdict.state == RowState.SUCCEEDED:
            self._by_job.pop(verdict.row.job_id, None)

    def of_job(self, job_id: str, *, limited_until: datetime | None, ahead: str) -> dict[str, Any] | None:
        """What the job's rows on this account wait for now.

        ``limited_until``: the job's calls wait for our own limiter's tokens until then; ``ahead``: the rows of that
        job are in hand, this one's come after them.
        """
        if self._all is not None:
            return self._all
        told = self._by_job.get(job_id)
        if told is not None and (told["needs_person"] or told["until"] is None or not _is_over(told["until"])):
            return told
        if ahead:
            return self._wait(OTHER_JOB, None) | {"job_id": ahead}
        return self._wait(RATE_LIMIT, limited_until) if limited_until else None

    @property
    def needs_person(self) -> bool:
        """Whether sending on would only meet what somebody must mend first."""
        return any(wait["needs_person"] for wait in (self._all or {}, *self._by_job.values()) if wait)

    def _wait(self, reason: str, until: datetime | None) -> dict[str, Any]:
        return {
            "reason": reason,
            "account_id": self.account_remote_id,
            "until": until.isoformat() if until else None,
            "needs_person": reason in NEEDS_PERSON,
        }


def jobs_with_queued_rows(account_id: int, *, except_for: Iterable[str] = ()) -> set[str]:
    """Moving jobs of the organization in scope that have rows waiting for this account."""
    with transaction.atomic():
        moving = Job.objects.filter(is_row_driven=True, state__in=[JobState.RUNNING, JobState.PAUSED])
        found = set()
        for job_id in moving.exclude(pk__in=list(except_for)).values_list("id", flat=True):
            queued = BulkRow.objects.filter(job_id=job_id, account_id=account_id, state=RowState.QUEUED)
            if queued.exists():
                found.add(job_id)
        return found


def _is_over(until: str) -> bool:
    return datetime.fromisoformat(until) < timezone.now()
