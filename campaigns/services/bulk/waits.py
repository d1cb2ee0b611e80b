"""Why the rows of one account wait, by job, for as long as it is true: the answer to "is it stuck?"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.executors import Verdict
from campaigns.services.bulk.verdicts import ASK_AT, NEEDS_PERSON
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState

OTHER_JOB, RATE_LIMIT, UNREACHABLE = "other_job", "rate_limit", "media_unreachable"
ACCOUNT_PAUSED, AUTHORIZATION, REFUSED, NO_BALANCE = "account_paused", "authorization", "account_refused", "no_balance"
#: holds of which the media itself knows when they are over
ASKABLE = frozenset({AUTHORIZATION, REFUSED, NO_BALANCE})


@dataclass(frozen=True, slots=True)
class Hold:
    """What a person must mend before the account's rows move, and when the media may be asked whether it is done."""

    reason: str
    ask_at: datetime | None

    @property
    def is_to_be_asked(self) -> bool:
        """Whether the last look is long enough ago."""
        return self.ask_at is None or self.ask_at <= timezone.now()


@dataclass(slots=True)
class Waits:
    """What one drain found out. ``account_remote_id`` is what people know the account by."""

    account_id: int
    account_remote_id: str = ""
    unreachable_in_a_row: int = 0  # sends since the media last answered
    _by_job: dict[str, dict[str, Any]] = field(default_factory=dict)
    _all: dict[str, Any] | None = None  # the account cannot be called: nobody's rows move
    _before: dict[str, Any] | None = None  # the hold that an earlier drain met: true until a row moves

    def hold_all(self, reason: str, until: datetime | None = None, *, ask_at: datetime | None = None) -> set[str]:
        """Nothing of the account can be sent; the jobs that this concerns. ``ask_at``: not asked again before."""
        self._all = self._wait(reason, until)
        if ask_at is not None:
            self._all[ASK_AT] = ask_at.isoformat()
        return jobs_with_queued_rows(self.account_id)

    def inherit(self) -> Hold | None:
        """What earlier drains said that a person must mend, if the media can tell whether that is over.

        Without this memory each drain would send the next rows into the same refusal, and the jobs would seem to run
        whenever one begins.
        """
        key = str(self.account_id)
        with transaction.atomic():
            waiting = _moving_jobs().filter(**{f"waits__{key}__reason__in": list(ASKABLE)})
            told = [waits[key] for waits in waiting.values_list("waits", flat=True)]
        if not told:
            return None
        asked = [ask_at for wait in told if (ask_at := parse_datetime(wait.get(ASK_AT) or ""))]
        self._before = self._wait(told[0]["reason"], None)
        return Hold(told[0]["reason"], max(asked, default=None))

    def note(self, verdict: Verdict) -> None:
        """A row was put back for a reason, or one moved, which ends its job's wait."""
        if verdict.wait_reason in NEEDS_PERSON or verdict.state in {RowState.SUCCEEDED, RowState.FAILED}:
            self._before = None
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
        if self._all is not None or self._before is not None:
            return self._all or self._before
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
        needs_person = reason in NEEDS_PERSON
        return {
            "reason": reason,
            "account_id": self.account_remote_id,
            "until": until.isoformat() if until and not needs_person else None,  # when people act nobody knows
            "needs_person": needs_person,
        }


def jobs_with_queued_rows(account_id: int, *, except_for: Iterable[str] = ()) -> set[str]:
    """Moving jobs of the organization in scope that have rows waiting for this account."""
    with transaction.atomic():
        found = set()
        for job_id in _moving_jobs().exclude(pk__in=list(except_for)).values_list("id", flat=True):
            queued = BulkRow.objects.filter(job_id=job_id, account_id=account_id, state=RowState.QUEUED)
            if queued.exists():
                found.add(job_id)
        return found


def _moving_jobs() -> QuerySet[Job]:
    return Job.objects.filter(is_row_driven=True, state__in=[JobState.RUNNING, JobState.PAUSED])


def _is_over(until: str) -> bool:
    return datetime.fromisoformat(until) < timezone.now()
