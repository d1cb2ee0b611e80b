"""Numbers of one plan over time, and everything that was ever changed on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db.models import Q

from campaigns.contracts import ChangeQuery, HistoryEntry, PlanDetail, SeriesPoint
from campaigns.domain.learning import LearningProgress, learning_progress
from campaigns.domain.maturity import matured
from campaigns.domain.metrics import MATURED, MEASURES, METRICS, values_of
from campaigns.domain.periods import Period
from campaigns.models import Plan, PlanDay
from campaigns.selectors import frames
from campaigns.selectors.maturity import arrived_shares
from campaigns.selectors.plans import visible_plans
from campaigns.selectors.sources import Reach
from media_connectors.selectors.directory import account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.audit.selectors import AuditQuery, search_events
from xmagnet.core.clock import MEDIA_TIMEZONE, media_now, media_today
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

Granularity = Literal["hour", "day"]
#: hourly series are kept readable; longer ranges by day
MAX_HOURLY_DAYS = 31
#: the oldest days of a plan, enough to see its learning phase even when its first days stood still
LOOKED_AT_DAYS = 90
#: audit actions that changed a plan, at the media or our notes of it, and may be undone
UNDOABLE_ACTIONS = frozenset({"plan.changed", "plan.undone", "plan.annotated"})
#: plan fields that a change may touch, as the audit log names them
CHANGE_FIELDS = ("status", "bid_fen", "daily_budget_fen", "schedule", "name", "labels", "note")


def plan_series(
    actor: Actor,
    plan_id: int,
    *,
    period: Period,
    granularity: Granularity = "day",
    metrics: Iterable[str] = (),
    known: PlanDetail | None = None,
) -> tuple[SeriesPoint, ...]:
    """Every hour or day of the period, zeros included, up to now; raises ``NotFound`` and ``InvalidInput``.

    ``known`` is the plan, for who has just been shown it.
    """
    plan = _subject(actor, plan_id, known)
    today = media_today()
    first_on, last_on = period.days(today)
    if period.preset == "lifetime":
        first_on = max(first_on, plan.made_at.astimezone(MEDIA_TIMEZONE).date())
    if first_on > last_on or (last_on - first_on).days > 400:
        raise InvalidInput(errors=(FieldError("/period", "invalid_period", "not a period"),))
    last_on = min(last_on, today)
    keys = tuple(metrics) or tuple(METRICS)
    reach = Reach(actor.organization_id, (plan.account_id,))
    span: dict[str, Any] = {"plan_id": plan_id, "first_on": first_on, "last_on": last_on, "columns": MEASURES}
    if granularity == "day":
        found = {row[0].isoformat(): row[1:] for row in frames.daily_series(reach, **span)}
        labels = [(day.isoformat(), day) for day in days_between(first_on, last_on)]
    else:
        if (last_on - first_on).days >= MAX_HOURLY_DAYS:
            detail = f"at most {MAX_HOURLY_DAYS} days by the hour"
            raise InvalidInput(detail, errors=(FieldError("/period", "too_long", detail),))
        found = {f"{row[0].isoformat()}T{row[1]:02d}": row[2:] for row in frames.hourly_series(reach, **span)}
        now = media_now()
        labels = [
            (f"{day.isoformat()}T{hour:02d}", day)
            for day in days_between(first_on, last_on)
            for hour in range(24)
            if day < today or hour <= now.hour
        ]
    shares = arrived_shares()
    zeros = (0,) * len(MEASURES)
    return tuple(_point(label, found.get(label, zeros), (today - day).days, shares, keys) for label, day in labels)


def plan_learning(actor: Actor, plan_id: int) -> LearningProgress:
    """How far the plan is in its learning phase; raises ``NotFound``."""
    plan = visible_plans(actor).filter(pk=plan_id).only("account_id", "learning_state").first()
    if plan is None:
        raise NotFound
    days = PlanDay.objects.filter(account_id=plan.account_id, plan_id=plan.pk).order_by("stat_date")
    return learning_progress(
        plan.learning_state, days.values_list("stat_date", "impressions", "conversions")[:LOOKED_AT_DAYS]
    )


def plan_events(actor: Actor, plan_id: int, *, limit: int = 200) -> tuple[Any, ...]:
    """The audit log of one plan, newest first; raises ``NotFound``."""
    _subject(actor, plan_id, None)
    return tuple(search_events(actor, AuditQuery(object_type="plan", object_id=str(plan_id)))[:limit])


def plan_history(
    actor: Actor, plan_id: int, *, limit: int = 200, known: PlanDetail | None = None
) -> tuple[HistoryEntry, ...]:
    """Changes of the plan, newest first: before, after (ours or the media's), and what stands there now."""
    plan = _subject(actor, plan_id, known)
    return tuple(
        _history_entry(event, {plan_id: plan.fields})
        for event in search_events(actor, AuditQuery(object_type="plan", object_id=str(plan_id)))[:limit]
    )


def change_log(
    actor: Actor, query: ChangeQuery, *, before_id: int | None = None, limit: int = 100
) -> tuple[HistoryEntry, ...]:
    """Changes of every plan in sight, newest first; page on with the last entry's id."""
    actor.require("plans:read")
    found = search_events(
        actor,
        AuditQuery(
            object_type="plan", job_id=query.job_id, user_id=query.user_id, since=query.since, until=query.until
        ),
    )
    if query.actions:
        found = found.filter(action__in=query.actions)
    if query.via:
        found = found.filter(via=query.via)
    if query.platform or query.account_id is not None:
        accounts = account_facts(actor).values()
        wanted = [
            one.id for one in accounts if query.platform in ("", one.platform) and query.account_id in (None, one.id)
        ]
        found = found.filter(account_id__in=wanted)
    if query.field in CHANGE_FIELDS:
        found = found.filter(Q(before__has_key=query.field) | Q(after__has_key=query.field))
    if before_id is not None:
        found = found.filter(id__lt=before_id)
    events = list(found[: min(limit, 1000)])
    ids = {int(event.object_id) for event in events if event.object_id.isdigit()}
    plans = {row["id"]: row for row in visible_plans(actor).filter(pk__in=ids).values("id", *CHANGE_FIELDS)}
    return tuple(
        _history_entry(event, plans) for event in events if event.object_id.isdigit() and int(event.object_id) in plans
    )


def days_between(first_on: date, last_on: date) -> list[date]:
    """Every day, ends included."""
    return [first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)]


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is needed to know of a plan whose numbers or history are asked for."""

    account_id: int
    made_at: datetime
    fields: dict[str, Any]  # as they stand now


def _subject(actor: Actor, plan_id: int, known: PlanDetail | None) -> _Subject:
    if known is not None:
        row = known.row
        fields = {name: getattr(row, name) for name in CHANGE_FIELDS} | {"labels": list(row.labels)}
        return _Subject(row.account.id, known.remote_created_at or row.created_at, fields)
    plan: Plan | None = visible_plans(actor).filter(pk=plan_id).first()
    if plan is None:
        raise NotFound
    fields = {name: getattr(plan, name) for name in CHANGE_FIELDS}
    return _Subject(plan.account_id, plan.remote_created_at or plan.created_at, fields)


def _point(
    label: str, values: tuple[int, ...], age: int, shares: tuple[float, ...], keys: tuple[str, ...]
) -> SeriesPoint:
    sums: dict[str, float] = dict(zip(MEASURES, values, strict=True))
    sums[MATURED] = matured(sums["billed_conversions"], age, shares)
    return SeriesPoint(label, sums, values_of(keys, sums))


def _history_entry(event: Any, plans: Mapping[int, Mapping[str, Any]]) -> HistoryEntry:
    """``plans``: how the fields of the plans in sight stand now."""
    plan = plans.get(int(event.object_id)) if event.object_id.isdigit() else None
    before, after = event.before or {}, event.after or {}
    fields = [name for name in CHANGE_FIELDS if name in after or name in before]
    now = {name: plan[name] for name in fields} if plan is not None else {}
    return HistoryEntry(
        id=event.pk,
        at=event.at,
        action=event.action,
        object_id=event.object_id,
        object_name=event.object_name,
        user_name=event.user_name,
        via=event.via,
        reason=event.reason,
        job_id=event.job_id,
        before=before,
        after=after,
        now={name: value.isoformat() if isinstance(value, datetime) else value for name, value in now.items()},
        is_undoable=event.action in UNDOABLE_ACTIONS
        and bool(fields)
        and all(now.get(n) == after.get(n) for n in fields),
    )
