"""One plan: its settings in our words and the platform's, its numbers over time, and all that ever happened to it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.contracts import METRICS, HistoryEntry, Period, PlanDetail, SeriesPoint, earlier
from campaigns.selectors.plans import plan_detail
from campaigns.selectors.queued import waiting_changes
from campaigns.selectors.series import plan_events, plan_history, plan_learning, plan_series
from campaigns.services.changes.limits import field_limits
from frontend import builder_words, formats, plan_words
from frontend.audit_words import VIA_LABELS, changes
from frontend.charts import Figure, Marker, Series, time_chart
from frontend.plan_words import (
    CAMPAIGN_WORDS,
    DELIVERY_TONES,
    LEARNING_TONES,
    PERIODS,
    PLAN_WORDS,
    REVIEW_TONES,
    STATUS_TONES,
    schedule_text,
)
from frontend.tables.plan_cells import metric_text
from frontend.views.base import Crumb, Fragment, Page
from frontend.views.change_log import described, shown_waiting
from frontend.views.plan_cells import guarantee_line
from media_connectors.selectors.extras import plan_extras
from xmagnet.core.clock import MEDIA_TIMEZONE, media_today

FIGURES = ("cost", "conversions", "cpa", "matured_cpa", "ctr", "cvr", "roi")
CHART_PERIODS = ("today", "yesterday", "last_7_days", "last_14_days", "last_30_days")
DEFAULT_CHART = ("cost", "conversions")
#: a chart is no place for more; the history below has them all
MAX_MARKERS = 12
#: entries that say how a plan began; their fields had no former value
BEGINNINGS = ("plan.created", "plan.discovered")
CHART_COMPARISONS: dict[str, Any] = {
    "": gettext_lazy("No comparison"),
    "previous": gettext_lazy("Previous period"),
    "day_before": gettext_lazy("A day earlier"),
}
_UNITS = {"money": "money", "count": "count", "percent": "percent", "ratio": "ratio", "seconds": "ratio"}


class _OnePlan:
    """The plan of the URL."""

    actor: Any
    kwargs: dict[str, Any]
    request: HttpRequest

    @property
    def plan_id(self) -> int:
        """Its id."""
        return int(self.kwargs["plan_id"])

    @cached_property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Everything that happened to it, newest first."""
        return plan_history(self.actor, self.plan_id, known=self.known())

    def known(self) -> PlanDetail | None:
        """The plan, where the page has asked for it anyway."""
        return None

    def chart(self) -> dict[str, Any]:
        """The chart that the address asks for, and the choices around it."""
        given = self.request.GET
        period = given.get("period", "") if given.get("period", "") in CHART_PERIODS else "last_7_days"
        is_hourly = period in ("today", "yesterday") or given.get("by") == "hour"
        first = given.get("first", "") if given.get("first", "") in METRICS else DEFAULT_CHART[0]
        second = given.get("second", DEFAULT_CHART[1])
        second = second if second in METRICS and second != first else ""
        compare = given.get("compare", "") if given.get("compare", "") in CHART_COMPARISONS else ""
        asked: dict[str, Any] = {
            "granularity": "hour" if is_hourly else "day",
            "metrics": tuple(filter(None, (first, second))),
            "known": self.known(),
        }
        points = plan_series(self.actor, self.plan_id, period=Period(period), **asked)
        before: tuple[SeriesPoint, ...] = ()
        if compare:
            days = 1 if compare == "day_before" else None
            then = earlier(Period(period), media_today(), days=days)
            before = plan_series(self.actor, self.plan_id, period=then, **asked)[: len(points)]
        return {
            "figure": _figure(points, before, first, second, is_hourly, self.history),
            "chart_compare": compare,
            "comparisons": [(key, str(label)) for key, label in CHART_COMPARISONS.items()],
            "chart_period": period,
            "chart_first": first,
            "chart_second": second,
            "is_hourly": is_hourly,
            "chart_periods": [(key, str(PERIODS[key])) for key in CHART_PERIODS],
            "metric_choices": [(key, metric.label(get_language() or "en")) for key, metric in METRICS.items()],
        }


class PlanPage(_OnePlan, Page):
    """``/plans/<id>/``."""

    permission = "plans:read"
    template_name = "frontend/plans/detail.html"
    menu_item = "plans"

    @cached_property
    def plan(self) -> PlanDetail:
        """The plan with today's numbers against yesterday's; raises ``NotFound``."""
        return plan_detail(self.actor, self.plan_id, period=Period("today"), compare="same_hours")

    def known(self) -> PlanDetail:
        return self.plan

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Plans"), self.url("plans")),)

    def page_title(self) -> str:
        return self.plan.row.name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        plan, row = self.plan, self.plan.row
        language = get_language() or "en"
        return super().get_context_data(
            plan=plan,
            row=row,
            waiting=shown_waiting(waiting_changes(self.actor, plan_id=row.id)),
            states=[
                (_("Status"), Status(row.status).label, STATUS_TONES.get(row.status, "quiet")),
                (_("Delivery"), Delivery(row.delivery_status).label, DELIVERY_TONES.get(row.delivery_status, "quiet")),
                (
                    _("Learning phase"),
                    Learning(row.learning_state).label,
                    LEARNING_TONES.get(row.learning_state, "quiet"),
                ),
                (_("Review"), Review(row.review_state).label, REVIEW_TONES.get(row.review_state, "quiet")),
            ],
            figures=[
                (METRICS[key].label(language), metric_text(key, row.metrics.get(key)), METRICS[key].formula(language),
                 row.metrics.get(key), row.compared.get(key))
                for key in FIGURES
            ],
            settings=_settings(plan),
            theirs=_flat(plan.settings),
            their_campaign=_flat(plan.campaign_settings),
            files=_files(plan),
            kinds=dict(builder_words.KINDS),
            plan_word=PLAN_WORDS[row.platform],
            campaign_word=CAMPAIGN_WORDS[row.platform],
            history=[described(entry) for entry in self.history],
            may_edit=self.actor.can("plans:write") and row.status != Status.DELETED,
            may_launch=self.actor.can("plans:launch") and row.status != Status.DELETED,
            edits=[("bid", _("Bid")), ("budget", _("Daily budget")), ("schedule", _("Schedule")), ("name", _("Name"))],
            **self.chart(),
            **kwargs,
        )  # fmt: skip


class PlanLearning(_OnePlan, Fragment):
    """What the learning state means and how far the plan is; an island, the page does not wait for it."""

    permission = "plans:read"
    template_name = "frontend/plans/learning.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = plan_words.learning_lines(plan_learning(self.actor, self.plan_id))
        guarantee = ""
        if self.actor.can("plans:write"):
            guarantee = guarantee_line(field_limits(self.actor, plan_id=self.plan_id, field="bid"))
        return super().get_context_data(lines=lines, guarantee=guarantee, **kwargs)


class PlanAudit(_OnePlan, Fragment):
    """The plan's part of the audit log: who, by which way, in which request and job."""

    permission = "plans:read"
    template_name = "frontend/plans/audit.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = plan_events(self.actor, self.plan_id)
        return super().get_context_data(
            events=[{"event": event, "changes": changes(event.before, event.after)} for event in found],
            via_labels=VIA_LABELS,
            **kwargs,
        )


class PlanChart(_OnePlan, Fragment):
    """The chart alone, for other metrics and days."""

    permission = "plans:read"
    template_name = "frontend/plans/chart.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(row={"id": self.plan_id}, **self.chart(), **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **kwargs)
        response["Vary"] = "HX-Request"
        return response


def _figure(
    points: tuple[SeriesPoint, ...],
    before: tuple[SeriesPoint, ...],
    first: str,
    second: str,
    is_hourly: bool,
    history: tuple[HistoryEntry, ...],
) -> Figure:
    language = get_language() or "en"
    labels = [_label(point.label, is_hourly) for point in points]
    series, earlier_series = [], []
    for axis, key in enumerate(filter(None, (first, second))):
        metric = METRICS[key]
        series.append(
            Series(
                metric.label(language),
                [point.metrics.get(key) for point in points],
                unit=_UNITS[metric.unit],  # type: ignore[arg-type]
                kind="bar" if axis and metric.is_additive else "line",
                axis=axis,  # type: ignore[arg-type]
            )
        )
        if before:
            values = [point.metrics.get(key) for point in before]
            earlier_series.append(
                Series(
                    _("%(metric)s, before") % {"metric": metric.label(language)},
                    [*values, *[None] * (len(points) - len(values))],
                    unit=_UNITS[metric.unit],  # type: ignore[arg-type]
                    is_comparison=True,
                    axis=axis,  # type: ignore[arg-type]
                )
            )
    return time_chart(
        _("Numbers over time"),
        label_heading=_("Hour") if is_hourly else _("Day"),
        labels=labels,
        series=[*series, *earlier_series],
        markers=_markers(history, {point.label: label for point, label in zip(points, labels, strict=True)}, is_hourly),
    )


def _label(label: str, is_hourly: bool) -> str:
    """``2026-11-22T14`` → ``11-22 14:00``; ``2026-11-22`` → ``11-22``."""
    day, _separator, hour = label.partition("T")
    return f"{day[5:]} {hour}:00" if is_hourly else day[5:]


def _markers(history: tuple[HistoryEntry, ...], labels: dict[str, str], is_hourly: bool) -> tuple[Marker, ...]:
    """What was changed, at its hour or day; several at one place are one marker."""
    texts: dict[str, list[str]] = {}
    for entry in history:
        label = labels.get(_at(entry.at, is_hourly))
        told = described(entry)
        changes = [f"{change.label} {change.before} → {change.after}" for change in told["fields"]]
        if entry.action in BEGINNINGS:
            changes = [told["action"]]
        if label and changes:
            texts.setdefault(label, []).extend(changes)
    return tuple(Marker(label, _marker_text(names)) for label, names in list(texts.items())[:MAX_MARKERS])


def _marker_text(names: list[str]) -> str:
    """One change in full, or how many there are: the history below has them all."""
    if len(names) == 1:
        return names[0]
    return ngettext("%(count)d change", "%(count)d changes", len(names)) % {"count": len(names)}


def _at(instant: datetime, is_hourly: bool) -> str:
    local = instant.astimezone(MEDIA_TIMEZONE)
    return f"{local:%Y-%m-%dT%H}" if is_hourly else f"{local:%Y-%m-%d}"


def _files(plan: PlanDetail) -> list[dict[str, Any]]:
    """The plan's files, each with what the media's review says of it."""
    verdicts = {str(reason.get("item", "")): reason for reason in plan.reject_reasons}
    return [{"file": one, "verdict": verdicts.get(str(one.get("remote_id", "")))} for one in plan.materials]


def _settings(plan: PlanDetail) -> list[tuple[str, str]]:
    """Our words for what is set."""
    row, targeting = plan.row, plan.targeting
    words = dict(builder_words.GOALS) | dict(builder_words.BID_TYPES) | dict(builder_words.GENDERS)
    shown = [
        (_("Conversion goal"), words.get(plan.goal, plan.goal)),
        (_("Bidding"), words.get(row.bid_type, row.bid_type)),
        (_("Bid"), formats.money(row.bid_fen)),
        (_("Daily budget"), _("Unlimited") if row.daily_budget_fen is None else formats.money(row.daily_budget_fen)),
        (_("Schedule"), schedule_text(row.schedule)),
        (_("Gender"), words.get(targeting.get("gender", "any"), "")),
        (_("Ages"), ", ".join(targeting.get("ages", ())) or _("Any")),
        (_("Regions"), builder_words.region_text(targeting.get("regions", ())) or _("Any")),
        (_("Systems"), ", ".join(targeting.get("systems", ())) or _("Any")),
        (_("Landing page"), plan.landing_url),
    ]
    extras = plan_extras(row.platform, plan.settings, plan.campaign_settings)
    told = [
        (_("Brand"), extras.brand_name),
        (_("Call to action"), extras.call_to_action or ""),
        (_("Last day"), extras.end_on.isoformat() if extras.end_on else ""),
    ]
    shown += [(label, value) for label, value in told if value]
    return [(label, str(value) or formats.DASH) for label, value in shown]


def _flat(settings: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The platform's own words, nested ones with dots."""
    lines: list[tuple[str, str]] = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            lines += _flat(value, f"{name}.")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append((name, text or formats.DASH))
    return lines
