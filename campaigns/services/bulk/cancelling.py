"""What a cancelled job still holds: rows that were claimed, and of which the media knows nothing, are not sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from campaigns.choices import RowState
from campaigns.services.bulk.executors import Step, Verdict
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState

#: the stored form of why a row of a cancelled job was not sent
CANCELLED: list[dict[str, Any]] = [{"field": "", "code": "cancelled", "params": {}, "retryable": True}]


def cancelling_jobs(job_ids: Iterable[str]) -> set[str]:
    """Those of the jobs that somebody cancelled while their rows are in hand."""
    wanted = set(job_ids)
    if not wanted:
        return set()
    with transaction.atomic():
        return set(Job.objects.filter(pk__in=wanted, state=JobState.CANCELLING).values_list("id", flat=True))


def unwanted(steps: Sequence[Step]) -> list[Step]:
    """Steps that begin something for cancelled jobs only; what was begun is finished."""
    beginning = [step for step in steps if step.is_beginning]
    ended = cancelling_jobs(row.job_id for step in beginning for row in step.rows)
    return [step for step in beginning if all(row.job_id in ended for row in step.rows)]


def without_waiting(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Rows that would wait for another try are cancelled with their job; in the transaction that writes them down."""
    waiting = [verdict for verdict in verdicts if _is_untouched(verdict)]
    ended = cancelling_jobs(verdict.row.job_id for verdict in waiting)
    return [
        replace(verdict, state=RowState.CANCELLED, errors=CANCELLED, next_at=None, wait_reason="")
        if verdict.row.job_id in ended and _is_untouched(verdict)
        else verdict
        for verdict in verdicts
    ]


def _is_untouched(verdict: Verdict) -> bool:
    """Whether the row waits, and nothing of it stands at the media."""
    return verdict.state == RowState.QUEUED and not (verdict.plan_remote_id or verdict.row.plan_remote_id)
