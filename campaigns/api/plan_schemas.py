"""Reading requests about plans, and writing plans as JSON. Money crosses in yuan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Literal, NoReturn, cast

from django.utils.translation import gettext as _

from campaigns.contracts import OPERATORS, Condition, PlanQuery, PlanRow, SeriesPoint
from campaigns.domain.guardrails import FIELDS, Wish
from campaigns.domain.metrics import METRICS
from campaigns.domain.periods import PRESETS, Period
from campaigns.domain.rows.schedule import BadSchedule, read_schedule
from campaigns.selectors.queued import WaitingChange
from campaigns.services.changes.previews import PREVIEWED, ChangePreview, PlannedChange, PreviewPart
from media_connectors.selectors.directory import AccountFacts
from xmagnet.core.errors import ErrorList, FieldError, InvalidInput
from xmagnet.core.ids import whole_number
from xmagnet.core.money import fen_from_yuan, yuan_from_fen

#: metrics whose unit is money leave in yuan
MONEY_METRICS = frozenset(key for key, metric in METRICS.items() if metric.unit == "money")
_MONEY_FIELDS = ("bid", "budget")
#: what the list reads besides filters
_SIMPLE = (
    "fields",
    "metrics",
    "sort",
    "period",
    "first_on",
    "last_on",
    "compare",
    "search",
    "limit",
    "after",
    "deleted",
)


#: the members of a plan, which ``fields`` may name
PLAN_MEMBERS = (
    "id", "remote_id", "client_ref", "name", "media", "account", "agency", "campaign", "status", "delivery",
    "learning", "review", "bid_type", "bid", "budget", "schedule", "labels", "note", "created_at", "synced_at",
    "metrics", "compared",
)  # fmt: skip
_COMPARISONS = ("previous", "same_hours")


def read_query(given: Mapping[str, str], *, limit: int, after: list[Any] | None, base: str = "") -> PlanQuery:
    """From a query string: ``field=value``, ``field__operator=value|value``, ``search``, ``period`` or days,
    ``compare``, ``metrics``, ``sort`` (``-cost``: descending), ``deleted``. Raises ``InvalidInput``, which points to
    ``base`` and the name."""
    conditions = []
    for name, value in given.items():
        if name in _SIMPLE:
            continue
        field, _separator, operator = name.partition("__")
        operator = operator or "is"
        if operator not in OPERATORS:
            _refuse(f"{base}/{name}", "unknown_operator", _("There is no operator “%(name)s”.") % {"name": operator})
        values = () if OPERATORS[operator] == 0 else tuple(value.split("|"))
        conditions.append(Condition(field, operator, values, pointer=f"{base}/{name}"))
    if given.get("compare", "") not in {"", *_COMPARISONS}:
        _refuse_choice(f"{base}/compare", "compare", _COMPARISONS)
    if given.get("deleted", "false") not in {"true", "false"}:
        _refuse_choice(f"{base}/deleted", "deleted", ("true", "false"))
    sort = given.get("sort", "-cost")
    metrics = tuple(key for key in given.get("metrics", "").split(",") if key)
    chosen: dict[str, Any] = {"metrics": metrics} if metrics else {}
    return PlanQuery(
        conditions=tuple(conditions),
        search=given.get("search", ""),
        period=read_period(given),
        compare=given.get("compare", ""),  # type: ignore[arg-type]
        **chosen,
        sort=sort.lstrip("-"),
        is_descending=sort.startswith("-"),
        limit=limit,
        after=tuple(after) if after is not None else None,
        includes_deleted=given.get("deleted") == "true",
    )


def read_members(given: Mapping[str, str]) -> frozenset[str]:
    """From ``fields=id,name``; empty for all of them. Raises ``InvalidInput``."""
    names = [name.strip() for name in given.get("fields", "").split(",") if name.strip()]
    for name in names:
        if name not in PLAN_MEMBERS:
            _refuse("/fields", "unknown_field", _("There is no field “%(field)s”.") % {"field": name})
    return frozenset(names)


def _refuse(pointer: str, code: str, detail: str) -> NoReturn:
    raise InvalidInput(detail, errors=(FieldError(pointer, code, detail),))


def _refuse_choice(pointer: str, name: str, choices: Iterable[str]) -> NoReturn:
    words = {"name": name, "choices": ", ".join(choices)}
    _refuse(pointer, "not_a_choice", _("%(name)s is one of: %(choices)s.") % words)


def read_period(given: Mapping[str, str], *, default: str = "today") -> Period:
    """``period=last_7_days`` or ``first_on=…&last_on=…``; raises ``InvalidInput``."""
    if "first_on" in given or "last_on" in given:
        try:
            first_on, last_on = date.fromisoformat(given["first_on"]), date.fromisoformat(given["last_on"])
        except (KeyError, ValueError):
            _refuse("/first_on", "not_a_date", _("first_on and last_on are both dates like 2026-12-01."))
        return Period("", first_on, last_on)
    preset = given.get("period", default)
    if preset not in PRESETS:
        _refuse_choice("/period", "period", PRESETS)
    return Period(preset)


def read_wishes(given: Any) -> list[Wish]:
    """From ``{"bid": {"set": 52.5}, "budget": {"percent": 20, "most": 2000}, "status": "paused"}``.

    Raises ``InvalidInput``.
    """
    errors = ErrorList()
    wishes = []
    if not isinstance(given, dict):
        raise InvalidInput(errors=(FieldError("/changes", "invalid", _("changes is an object.")),))
    for name, value in given.items():
        pointer = f"/changes/{name}"
        if name not in FIELDS:
            errors.add(pointer, "unknown_field", _("There is no field “%(field)s”.") % {"field": name})
            continue
        wish = dict(value) if isinstance(value, dict) else {"set": value}
        bounds = {bound: wish.pop(bound) for bound in ("least", "most") if bound in wish}
        if len(wish) != 1 or next(iter(wish)) not in {"set", "percent", "amount"}:
            errors.add(pointer, "invalid", _("Give exactly one of set, percent and amount."))
            continue
        (kind, asked), is_money = next(iter(wish.items())), name in _MONEY_FIELDS
        try:
            if kind != "set" and not is_money:
                raise ValueError(_("Only bids and budgets change by percent or amount."))
            if isinstance(asked, bool):
                raise ValueError(_("true and false are no values here."))
            amount = _percent(asked) if kind == "percent" else fen_from_yuan(asked) if is_money else asked
            if name == "schedule":
                amount = _schedule(asked)
            limits = {bound: fen_from_yuan(limit) for bound, limit in bounds.items()}
            wishes.append(
                Wish(
                    name,
                    cast(Literal["set", "percent", "amount"], kind),
                    amount,
                    limits.get("least"),
                    limits.get("most"),
                )
            )
        except (ValueError, TypeError) as error:
            errors.add(pointer, "invalid", str(error))
    errors.raise_if_any()
    return wishes


def _schedule(value: Any) -> str:
    """As bulk rows take it: 336 or 168 characters, or words such as ``mon-fri 08:00-22:00``."""
    try:
        return read_schedule(value) if isinstance(value, str) else _no_schedule()
    except BadSchedule:
        return _no_schedule()


def _no_schedule() -> NoReturn:
    raise ValueError(_("Not a schedule; write mon-fri 08:00-22:00, or 168 or 336 characters of 0 and 1."))


def _percent(value: Any) -> float:
    percent = float(value)
    if not -99 <= percent <= 1_000:
        raise ValueError(_("A percentage is between -99 and 1000."))
    return percent


def plan_json(row: PlanRow, *, fields: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A plan for the API; ``fields`` picks members, "" keeps all."""
    body = {
        "id": row.id,
        "remote_id": row.remote_id,
        "client_ref": row.client_ref,
        "name": row.name,
        "media": row.platform,
        "account": {"id": row.account.id, "remote_id": row.account.remote_id, "name": row.account.name},
        "agency": {"id": row.account.agency_id, "name": row.account.agency_name} if row.account.agency_id else None,
        "campaign": {"id": row.campaign_id, "name": row.campaign_name} if row.campaign_id else None,
        "status": row.status,
        "delivery": row.delivery_status,
        "learning": row.learning_state,
        "review": row.review_state,
        "bid_type": row.bid_type,
        "bid": yuan(row.bid_fen),
        "budget": yuan(row.daily_budget_fen),
        "schedule": row.schedule,
        "labels": list(row.labels),
        "note": row.note,
        "created_at": row.created_at,
        "synced_at": row.synced_at,
        "metrics": metrics_json(row.metrics),
        **({"compared": metrics_json(row.compared)} if row.compared else {}),
    }
    return {name: value for name, value in body.items() if name in fields} if fields else body


def metrics_json(metrics: Mapping[str, float | None]) -> dict[str, Any]:
    """Metrics with money in yuan (text with two decimals); undefined ratios are null."""
    return {
        key: (None if value is None else str(yuan_from_fen(round(value)))) if key in MONEY_METRICS else value
        for key, value in metrics.items()
    }


def point_json(point: SeriesPoint) -> dict[str, Any]:
    """One hour or day."""
    return {"at": point.label, "metrics": metrics_json(point.metrics)}


def change_json(change: PlannedChange) -> dict[str, Any]:
    """One line of a preview."""
    body = asdict(change)
    if change.field in _MONEY_FIELDS:
        body |= {name: yuan(body[name]) for name in ("before", "asked", "after")}
    return {**body, "codes": list(change.codes), "reasons": list(change.reasons)}


def waiting_json(change: WaitingChange) -> dict[str, Any]:
    """A change that waits for the next day."""
    body = asdict(change)
    body["created_by"] = body.pop("user_name")
    if change.field in _MONEY_FIELDS:
        body |= {name: yuan(body[name]) for name in ("before", "after")}
    return body


def read_part(query: Mapping[str, str], skipped: Iterable[tuple[int, str]]) -> PreviewPart:
    """``offset=1000&search=…`` of a preview; raises ``InvalidInput``."""
    start = whole_number(query.get("offset", "0"))
    if start is None:
        _refuse("/offset", "invalid", _("offset is a whole number from 0 on."))
    return PreviewPart(start=start, text=query.get("search", ""), size=PREVIEWED, skipped=frozenset(skipped))


def read_skipped(given: Any) -> frozenset[tuple[int, str]]:
    """From ``[{"plan_id": 1, "field": "bid"}]``; raises ``InvalidInput``."""
    if not isinstance(given, list):
        _refuse("/skip", "invalid", _("skip is a list of plan_id and field."))
    found: set[tuple[int, str]] = set()
    for index, one in enumerate(given):
        plan_id, field = (one.get("plan_id"), one.get("field")) if isinstance(one, dict) else (None, None)
        if not isinstance(plan_id, int) or isinstance(plan_id, bool) or not isinstance(field, str) or len(one) != 2:
            _refuse(f"/skip/{index}", "invalid", _("skip is a list of plan_id and field."))
        found.add((plan_id, field))
    return frozenset(found)


def preview_json(preview: ChangePreview) -> dict[str, Any]:
    """A preview; the counts are of all."""
    return {
        "validate_only": True,
        "counts": dict(preview.counts),
        "missing_plan_ids": list(preview.missing_plan_ids),
        "changes": [change_json(change) for change in preview.changes],
        "is_truncated": preview.total > len(preview.changes),
        "next_offset": preview.next_start,
    }


def account_json(account: AccountFacts) -> dict[str, Any]:
    """A media account with its health and how far its numbers reach."""
    return {
        "id": account.id,
        "remote_id": account.remote_id,
        "name": account.name,
        "media": account.platform,
        "agency": {"id": account.agency_id, "name": account.agency_name} if account.agency_id else None,
        "is_active": account.is_active,
        "health": account.health,
        "health_message": account.health_message,
        "balance": yuan(account.balance_fen),
        "plans_synced_at": account.plans_synced_at,
        "metrics_synced_at": account.metrics_synced_at,
    }


def yuan(fen: int | None) -> str | None:
    """Yuan with two decimals as text."""
    return None if fen is None else str(yuan_from_fen(fen))
