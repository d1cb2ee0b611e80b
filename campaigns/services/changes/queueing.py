"""Changes that would void the cost guarantee today wait for the media's next day, and are looked at again before they
are sent: what somebody changed meanwhile is left alone, and a person who may no longer change plans changes none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.choices import JobKindName, QueuedState, Status
from campaigns.domain.guardrails import COLUMN_OF
from campaigns.models import Plan, QueuedChange
from campaigns.services.bulk.accept import JobLimitReached, accept_rows
from campaigns.services.bulk.options import BulkOptions
from campaigns.services.plan_log import plan_entry
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import JobPrincipal, SystemPrincipal, authorized
from xmagnet.audit.services import Entry, record_many
from xmagnet.core.clock import media_today
from xmagnet.core.errors import Conflict, DomainError, NotFound
from xmagnet.jobs.models import Job

logger = structlog.get_logger(__name__)

#: changes handed to jobs in one run of the task; the next run takes more
MOST_AT_ONCE = 5_000
_PERMISSION = "plans:write"


def queue_changes(actor: Actor, job: Job, wishes: Iterable[tuple[Plan, str, Any]]) -> int:
    """In the caller's transaction: (plan with its account, field, value) to be set on the media's next day; how many.

    A wish for a field that one waits for already takes its place.
    """
    now, run_on = timezone.now(), media_today() + timedelta(days=1)
    queued = [
        QueuedChange(
            organization_id=job.organization_id,
            account=plan.account,
            plan=plan,
            field=field,
            before=getattr(plan, COLUMN_OF[field]),
            after=value,
            run_on=run_on,
            reason=job.params.get("reason", ""),
            job_id=job.pk,
            user_id=job.user_id,
            user_name=job.user_name,
            token_id=job.token_id,
            created_at=now,
        )
        for plan, field, value in wishes
    ]
    earlier = QueuedChange.objects.filter(state=QueuedState.WAITING, plan_id__in=[one.plan_id for one in queued])
    taken = {(one.plan_id, one.field) for one in queued}
    replaced = [one.pk for one in earlier.select_for_update() if (one.plan_id, one.field) in taken]
    QueuedChange.objects.filter(pk__in=replaced).update(state=QueuedState.REPLACED, decided_at=now)
    QueuedChange.objects.bulk_create(queued)
    record_many(actor, [_entry("plan.change_queued", one) for one in queued])
    return len(queued)


def cancel_queued_changes(actor: Actor, ids: Sequence[int]) -> int:
    """Changes that wait will not be sent; how many. Raises ``NotFound`` when none of them is in sight, ``Conflict``
    when none waits any more."""
    actor.require(_PERMISSION)
    with transaction.atomic():
        found = QueuedChange.objects.all().visible_to(actor).filter(pk__in=list(ids))
        if not found.exists():
            raise NotFound
        waiting = list(
            found.filter(state=QueuedState.WAITING)
            .select_related("plan", "account")
            .select_for_update(of=("self",))
            .order_by("id")
        )
        if not waiting:
            raise Conflict(_("This change does not wait any more."))
        QueuedChange.objects.filter(pk__in=[one.pk for one in waiting]).update(
            state=QueuedState.CANCELLED, decided_at=timezone.now()
        )
        record_many(actor, [_entry("plan.change_cancelled", one) for one in waiting])
        return len(waiting)


def send_due_changes(organization_id: int) -> int:
    """Hand the changes whose day has come to jobs of the people who wanted them; how many were handed over."""
    with authorized(SystemPrincipal("beat"), organization_id, _PERMISSION) as system, transaction.atomic():
        due = list(
            QueuedChange.objects.filter(state=QueuedState.WAITING, run_on__lte=media_today())
            .select_related("plan", "account")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("id")[:MOST_AT_ONCE]
        )
        groups: dict[tuple[Any, ...], list[QueuedChange]] = defaultdict(list)
        skipped = []
        for change in due:
            if _still_stands(change):
                groups[change.user_id, change.token_id, change.reason].append(change)
            else:
                skipped.append(change)
        _decide(system, skipped, QueuedState.SKIPPED, "changed_since")
        return sum(_hand_over(system, organization_id, changes) for changes in groups.values())


def _hand_over(system: Actor, organization_id: int, changes: Sequence[QueuedChange]) -> int:
    """One job of changes that one person wanted for one reason."""
    first = changes[0]
    principal = JobPrincipal(first.user_id, first.token_id, first.job_id, "")
    try:
        with authorized(principal, organization_id, _PERMISSION, via="job") as actor:
            accepted = accept_rows(
                actor,
                [_row(change) for change in changes],
                options=BulkOptions(),
                idempotency_key=f"queued-{first.pk}-{media_today().isoformat()}",
                kind=JobKindName.UPDATE,
                params={"queues_held": True, "reason": first.reason},
                permission=_PERMISSION,
            )
    except JobLimitReached:
        return 0  # they go on waiting, a minute longer
    except DomainError as error:
        logger.warning("changes.not_sent", changes=len(changes), error=error.slug)
        _decide(system, changes, QueuedState.REFUSED, "forbidden")
        return 0
    QueuedChange.objects.filter(pk__in=[change.pk for change in changes]).update(
        state=QueuedState.SENT, sent_job_id=accepted.job.pk, decided_at=timezone.now()
    )
    return len(changes)


def _decide(system: Actor, changes: Sequence[QueuedChange], state: QueuedState, why: str) -> None:
    QueuedChange.objects.filter(pk__in=[change.pk for change in changes]).update(state=state, decided_at=timezone.now())
    record_many(system, [_entry("plan.change_skipped", change, why) for change in changes])


def _still_stands(change: QueuedChange) -> bool:
    plan = change.plan
    return plan.status != Status.DELETED and bool(getattr(plan, COLUMN_OF[change.field]) == change.before)


def _row(change: QueuedChange) -> dict[str, Any]:
    return {
        "client_ref": f"{change.plan_id}-{change.field}",
        "plan_id": change.plan_id,
        "field": change.field,
        "kind": "set",
        "value": change.after,
        "expect": change.before,
    }


def _entry(action: str, change: QueuedChange, reason: str = "") -> Entry:
    column = COLUMN_OF[change.field]
    return plan_entry(
        action,
        change.plan,
        agency_id=change.account.agency_id,
        before={column: change.before},
        after={column: change.after},
        reason=reason or change.reason,
    )
