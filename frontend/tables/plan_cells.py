"""Rows of the plan table as HTML. Written in Python, not in a template: a page is a thousand cells and more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.contracts import METRICS, PlanRow, PlanTotals
from frontend import formats
from frontend.plan_words import DELIVERY_TONES, LEARNING_TONES, REVIEW_TONES, STATUS_TONES, schedule_text
from frontend.tables.plan_columns import Column
from frontend.templatetags.kit import exact_time, icon, platform_name, relative_words

_ARROWS = {"up": "▲", "down": "▼", "flat": "＝", "none": ""}


def metric_text(key: str, value: float | None) -> str:
    """A metric as the table writes it; a dash when it is undefined."""
    unit = METRICS[key].unit
    if unit == "money":
        return formats.money(value)
    if unit == "percent":
        return formats.percent(value)
    if unit == "count":
        return formats.count(value)
    return formats.decimal(value) + (" s" if unit == "seconds" and value is not None else "")


def exact_text(key: str, value: float | None) -> str:
    """A ratio with the digits that the table rounds away; "" for sums, which need none."""
    metric = METRICS[key]
    if value is None or metric.is_additive:
        return ""
    scale = {"money": 0.01, "percent": 100}.get(metric.unit, 1)
    sign = {"money": "¥", "percent": "%"}.get(metric.unit, "")
    number = f"{value * scale:.6g}"
    return f"{sign}{number}" if sign == "¥" else f"{number}{sign}"


class LineWriter:
    """Writes the lines of one page: everything that is the same for all rows is looked up once."""

    def __init__(self, columns: Sequence[Column], *, compares: bool, may_edit: bool) -> None:
        self._compares = compares
        self._may_edit = may_edit
        self._writers = [(column, self._writer(column)) for column in columns]
        self._status = _badges(Status, STATUS_TONES)
        self._platforms: dict[str, SafeString] = {}
        self._against = escape(_("%(now)s, earlier %(before)s"))
        self._rename, self._restatus = escape(_("Change the name")), _("Change the status")
        self._words = {"up": _("up"), "down": _("down"), "flat": _("unchanged"), "none": ""}

    def line(self, row: PlanRow) -> SafeString:
        """One plan: the cells that stay and those that scroll."""
        if row.platform not in self._platforms:
            self._platforms[row.platform] = format_html(
                '<span class="platform" data-platform="{}">{}</span>', row.platform, platform_name(row.platform)
            )
        name, rename = escape(row.name), ""
        if self._may_edit and row.status != "deleted":
            rename = (
                f'<button type="button" class="icon-button name-edit" data-edit="name" data-plan="{row.id}"'
                f' aria-label="{self._rename}">{icon("edit", "sm")}</button>'
            )
        cells = "".join(writer(row) for _column, writer in self._writers)
        return _safe(
            f'<tr data-row="{row.id}"><td class="fix-check"><input type="checkbox" name="plan" value="{row.id}"'
            f' aria-label="{name}"></td><td class="fix-name"><a href="{row.id}/" data-hint="{name}">{name}</a>'
            f"<small>{escape(row.remote_id)}</small>{rename}</td>"
            f'<td class="fix-status">{self._if_editable(row, "status", self._status[row.status], self._restatus)}</td>'
            f'<td class="fix-media">{self._platforms[row.platform]}</td>{cells}</tr>'
        )

    def totals(self, totals: PlanTotals) -> SafeString:
        """The cells of the totals row: ratios from sums, nothing under attributes."""
        parts = []
        for column, _writer in self._writers:
            if column.is_metric:
                parts.append(self._metric(column.key, totals.metrics, totals.compared))
            else:
                parts.append("<td></td>")
        return _safe("".join(parts))

    def _writer(self, column: Column) -> Callable[[PlanRow], str]:
        if column.is_metric:
            key = column.key
            return lambda row: self._metric(key, row.metrics, row.compared)
        badges = {"delivery": (Delivery, DELIVERY_TONES, "delivery_status"),
                  "learning": (Learning, LEARNING_TONES, "learning_state"),
                  "review": (Review, REVIEW_TONES, "review_state")}  # fmt: skip
        if column.key in badges:
            choices, tones, attribute = badges[column.key]
            written = _badges(choices, tones)
            return lambda row: f"<td>{written[getattr(row, attribute)]}</td>"
        return getattr(self, f"_{column.key}")

    def _metric(self, key: str, values: dict[str, float | None], compared: dict[str, float | None]) -> str:
        value = values.get(key)
        text = metric_text(key, value)
        exact = exact_text(key, value)
        if not self._compares:
            return f'<td class="number" data-hint="{exact}">{text}</td>' if exact else f'<td class="number">{text}</td>'
        before = compared.get(key)
        change = formats.change(value, before)
        hint = self._against % {"now": exact or text, "before": exact_text(key, before) or metric_text(key, before)}
        return (
            f'<td class="number" data-hint="{hint}">{text}<span class="change" data-direction="{change.direction}">'
            f'{_ARROWS[change.direction]}<span class="visually-hidden">'
            f"{self._words[change.direction]} </span>{change.text}</span></td>"
        )

    def _bid(self, row: PlanRow) -> str:
        return self._amount(row, "bid", row.bid_fen, _("The media sets the bid") if row.bid_fen is None else "")

    def _budget(self, row: PlanRow) -> str:
        return self._amount(row, "budget", row.daily_budget_fen, _("Unlimited") if row.daily_budget_fen is None else "")

    def _amount(self, row: PlanRow, field: str, fen: int | None, instead: str) -> str:
        text = _safe(f'<span class="muted">{escape(instead)}</span>' if instead else formats.money(fen))
        is_editable = self._may_edit and row.status != "deleted" and not (field == "bid" and fen is None)
        return f'<td class="number">{self._editable(row, field, text, _("Change")) if is_editable else text}</td>'

    def _schedule(self, row: PlanRow) -> str:
        return f"<td>{self._if_editable(row, 'schedule', schedule_text(row.schedule), _('Change the schedule'))}</td>"

    def _account(self, row: PlanRow) -> str:
        account = row.account
        return (
            f'<td data-hint="{escape(account.name)} · {escape(account.remote_id)}"><span class="cut">'
            f"{escape(account.name)}</span></td>"
        )

    def _campaign(self, row: PlanRow) -> str:
        name = escape(row.campaign_name)
        return f'<td data-hint="{name}"><span class="cut">{name or formats.DASH}</span></td>'

    def _labels(self, row: PlanRow) -> str:
        tags = _safe("".join(f'<span class="label-tag">{escape(label)}</span>' for label in row.labels) or formats.DASH)
        return f"<td>{self._if_editable(row, 'labels', tags, _('Labels'))}</td>"

    def _note(self, row: PlanRow) -> str:
        shown = format_html('<span class="cut">{}</span>', row.note or formats.DASH)
        return f'<td data-hint="{escape(row.note)}">{self._if_editable(row, "note", shown, _("Note"))}</td>'

    def _created_at(self, row: PlanRow) -> str:
        made = row.created_at
        return (
            f'<td class="nowrap" data-hint="{exact_time(made)}"><time datetime="{made.isoformat()}" data-relative>'
            f"{relative_words(made)}</time></td>"
        )

    def _if_editable(self, row: PlanRow, field: str, shown: Any, label: str) -> SafeString:
        if self._may_edit and row.status != "deleted":
            return self._editable(row, field, shown, label)
        return format_html("{}", shown)

    def _editable(self, row: PlanRow, field: str, shown: Any, label: str) -> SafeString:
        return format_html(
            '<button type="button" class="cell-edit" data-edit="{}" data-plan="{}" aria-label="{}: {}">{}</button>',
            field, row.id, label, row.name, shown,
        )  # fmt: skip


def _badges(choices: Any, tones: dict[str, str]) -> dict[str, SafeString]:
    return {
        value: format_html('<span class="status" data-tone="{}">{}</span>', tones.get(value, "quiet"), label)
        for value, label in choices.choices
    }


def _safe(html: str) -> SafeString:
    """Mark what was put together from escaped parts."""
    return mark_safe(html)  # noqa: S308
