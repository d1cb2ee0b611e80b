"""Plans that stand at the media without their creative: made by a row whose creative the media refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from campaigns.choices import JobKindName, RowState
from campaigns.choices import Outcome as RowOutcome
from campaigns.models import BulkRow, Plan
from campaigns.services.bulk.executors import ClaimedRow, Verdict


def without_creative(plans: Iterable[Plan], rows: Sequence[ClaimedRow]) -> set[int]:
    """Ids of the plans whose last row before ``rows`` failed, so that only its creative is missing."""
    ids = [plan.pk for plan in plans]
    if not ids:
        return set()
    with transaction.atomic():
        before = BulkRow.objects.filter(plan_id__in=ids, job__kind=JobKindName.CREATE)
        before = before.exclude(pk__in=[row.id for row in rows]).order_by("plan_id", "-id").distinct("plan_id")
        return {plan_id for plan_id, state in before.values_list("plan_id", "state") if state == RowState.FAILED}


def complete_plans(verdicts: Iterable[Verdict]) -> list[int]:
    """Plans that got their creative now show what it is made of; in the caller's transaction. Their ids."""
    completed = []
    for verdict in verdicts:
        if verdict.plan_id is None or verdict.state != RowState.SUCCEEDED:
            continue
        if verdict.outcome != RowOutcome.MATCHED_EXISTING:
            spec = verdict.row.spec
            Plan.objects.filter(pk=verdict.plan_id).update(titles=spec["titles"], materials=materials_of(spec))
            completed.append(verdict.plan_id)
    return completed


def materials_of(spec: dict[str, object]) -> list[dict[str, object]]:
    """The files of a row as a plan keeps them."""
    files: list[dict[str, object]] = spec["materials"]  # type: ignore[assignment]
    return [{"kind": item["kind"], "remote_id": item["id"], "cover_remote_id": item["cover_id"]} for item in files]
