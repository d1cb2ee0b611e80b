"""The plan table: one page in the shell, whose table is an island that filters, sorts and pages by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.contracts import METRICS, Condition, PlanTablePage
from campaigns.selectors.plans import label_choices, plan_table
from campaigns.selectors.views import ViewCard, list_views
from frontend.plan_words import COMPARISONS, PERIODS
from frontend.tables import plan_columns, plan_filters
from frontend.tables.plan_cells import LineWriter
from frontend.tables.plan_state import SIZES, TableState, decode_condition, encode_condition, state_from
from frontend.views.answers import told
from frontend.views.base import Fragment, Page, address
from media_connectors.selectors.directory import account_facts
from xmagnet.core.errors import InvalidInput

DENSITY_COOKIE = "density"
DENSITIES = ("dense", "roomy")


class _Table:
    """What the page and its fragments know of the address."""

    request: HttpRequest
    actor: Any

    @cached_property
    def state(self) -> TableState:
        """The look that the address asks for."""
        return state_from(self.request.GET)

    @cached_property
    def choices(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """What filters may choose from."""
        return plan_filters.known_choices(account_facts(self.actor), label_choices(self.actor))

    def names(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Words for the values of the filters in force; without filters nothing is asked."""
        needs_accounts = any(one.field in ("account", "agency") for one in self.state.conditions)
        return plan_filters.known_choices(account_facts(self.actor) if needs_accounts else {}, ())


class PlanTable(_Table, Page):
    """``/plans/``; asked for by HTMX it answers with the island alone."""

    permission = "plans:read"
    title = gettext_lazy("Plans")
    menu_item = "plans"

    def get_template_names(self) -> list[str]:
        is_island = self.request.htmx and not self.request.htmx.boosted  # type: ignore[attr-defined]
        return [f"frontend/plans/{'table' if is_island else 'page'}.html"]

    @cached_property
    def saved_views(self) -> tuple[ViewCard, ...]:
        """One's own and the shared ones."""
        return list_views(self.actor, "plans")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        default = next((view for view in self.saved_views if view.is_default), None)
        if default and not request.GET and not request.htmx:  # type: ignore[attr-defined]
            query = state_from(QueryDict(default.query)).encoded(view_id=default.id)
            return redirect(f"{address(self.actor, 'plans')}?{query}")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state, error = self.state, ""
        found: PlanTablePage | None = None
        try:
            found = plan_table(self.actor, state.query())
            state = replace(state, page=found.offset // state.size + 1)
        except InvalidInput as refusal:
            error = refusal.detail
        columns = tuple(map(plan_columns.column, state.columns))
        may_edit = self.actor.can("plans:write")
        writer = LineWriter(columns, compares=bool(state.compare), may_edit=may_edit)
        density = self.request.COOKIES.get(DENSITY_COOKIE, "")
        return super().get_context_data(
            state=state,
            found=found,
            error=error,
            lines=[writer.line(row) for row in found.rows] if found else [],
            totals_cells=writer.totals(found.totals) if found else "",
            headers=[_header(state, column) for column in columns],
            name_header=_header(state, plan_columns.Column("name", _("Plan"), "name", False, False)),
            status_header=_header(state, plan_columns.Column("status", _("Status"), "status", False, False)),
            media_header=_header(state, plan_columns.Column("media", _("Media"), "media", False, False)),
            chips=plan_filters.chips(state, self.names()),
            without_filters=state.encoded(conditions=(), search="", page=1),
            fields=_fields(),
            periods=_periods(state),
            comparisons=_comparisons(state),
            presets=_column_presets(state),
            sizes=[(size, state.encoded(size=size, page=1), size == state.size) for size in SIZES],
            pages=_pages(state, found),
            saved_views=self.saved_views,
            **_shown_view(self.saved_views, state),
            current=state.encoded(page=1),
            density=density if density in DENSITIES else DENSITIES[0],
            may_edit=may_edit,
            bulk_actions=_bulk_actions(self.actor),
            page_shortcuts=_shortcuts(),
            **kwargs,
        )


class PlanFilterForm(_Table, Fragment):
    """Operators and values of one field; sent, it leads back to the table with one more filter."""

    permission = "plans:read"
    template_name = "frontend/plans/filter_form.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "operator" not in request.GET:
            return super().get(request, *args, **kwargs)
        condition = _condition(request.GET)
        if condition is None and request.htmx:  # type: ignore[attr-defined]
            return told({"toast": {"level": "warning", "message": _("That filter needs another value.")}})
        edited = decode_condition(request.GET.get("edit", ""))
        state = plan_filters.with_condition(self.state, condition, instead_of=edited) if condition else self.state
        path = f"{address(self.actor, 'plans')}?{state.encoded()}"
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect(path)
        response = HttpResponse(status=204)
        response["HX-Location"] = json.dumps({"path": path, "target": "#plan-table", "swap": "outerHTML"})
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = self.request.GET
        try:
            field = plan_filters.filter_field(given.get("field", "name"), self.choices)
        except KeyError:
            raise Http404 from None
        edited = decode_condition(given.get("edit", ""))
        return super().get_context_data(
            field=field,
            state=self.state,
            hidden=_hidden(self.state),
            edit=given.get("edit", ""),
            operator=edited.operator if edited else "",
            values=plan_filters.shown_values(edited) if edited else (),
            **kwargs,
        )


class PlanColumns(_Table, Fragment):
    """Choose and order columns."""

    permission = "plans:read"
    template_name = "frontend/plans/columns.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = self.state.columns
        rest = [column for column in plan_columns.every_column() if column.key not in chosen]
        hidden = _hidden(self.state, without="cols")
        return super().get_context_data(
            chosen=list(map(plan_columns.column, chosen)), rest=rest, hidden=hidden, **kwargs
        )


def _shown_view(views: tuple[ViewCard, ...], state: TableState) -> dict[str, Any]:
    """The saved view that the table came from, and whether it has been changed since."""
    shown = next((view for view in views if view.id == state.view_id), None)
    look = state.encoded(page=1, view_id=None)
    kept = state_from(QueryDict(shown.query)).encoded(page=1, view_id=None) if shown else ""
    return {"shown_view": shown, "is_view_changed": shown is not None and look != kept}


def _header(state: TableState, column: plan_columns.Column) -> dict[str, Any]:
    is_sorted = bool(column.sort) and state.sort == column.sort
    # A first click on a number shows the largest first, on a text the alphabet.
    is_descending = not state.is_descending if is_sorted else column.is_metric or column.is_number
    return {
        "column": column,
        "direction": ("descending" if state.is_descending else "ascending") if is_sorted else "",
        "encoded": state.encoded(sort=column.sort, is_descending=is_descending, page=1) if column.sort else "",
    }


def _fields() -> list[tuple[str, list[tuple[str, str]]]]:
    metrics = [(key, plan_filters.field_label(key)) for key in METRICS]
    return [
        (_("Plan"), [(key, str(label)) for key, label in plan_filters.FIELD_WORDS.items()]),
        (_("Metrics"), metrics),
    ]


def _periods(state: TableState) -> list[tuple[str, str, bool]]:
    shown = []
    for key, label in PERIODS.items():
        compare = state.compare if state.compare != "same_hours" or key == "today" else ""
        encoded = state.encoded(preset=key, first_on=None, last_on=None, compare=compare, page=1)
        shown.append((str(label), encoded, key == state.preset))
    return shown


def _comparisons(state: TableState) -> list[tuple[str, str, bool]]:
    legal = [key for key in COMPARISONS if key != "same_hours" or state.preset == "today"]
    return [(str(COMPARISONS[key]), state.encoded(compare=key), key == state.compare) for key in legal]


def _column_presets(state: TableState) -> list[tuple[str, str, bool]]:
    return [
        (str(label), state.encoded(columns=columns), columns == state.columns)
        for label, columns in plan_columns.PRESETS.values()
    ]


def _pages(state: TableState, found: PlanTablePage | None) -> dict[str, Any]:
    total = found.totals.plan_count if found else 0
    first = (state.page - 1) * state.size
    shown = len(found.rows) if found else 0
    return {
        "total": total,
        "first": first + 1 if shown else 0,
        "last": first + shown,
        "previous": state.encoded(page=state.page - 1) if state.page > 1 else "",
        "next": state.encoded(page=state.page + 1) if first + shown < total else "",
    }


def _bulk_actions(actor: Any) -> list[tuple[str, str, str]]:
    """(field, label, icon) of what may be done to a selection."""
    if not actor.can("plans:write"):
        return []
    status = [("status", _("Status"), "player-play")] if actor.can("plans:launch") else []
    return [
        *status,
        ("bid", _("Bid"), "target"),
        ("budget", _("Daily budget"), "wallet"),
        ("schedule", _("Schedule"), "calendar"),
    ]


def _shortcuts() -> list[tuple[tuple[str, ...], str]]:
    """The keys of this page, for the keyboard help; ``assets/entries/plans.ts`` listens."""
    return [
        (("/",), _("Search plans")),
        (("j", "k"), _("Next and previous plan")),
        (("x", "Space"), _("Select the plan")),
        (("e",), _("Change the bid or budget")),
        (("←", "→"), _("Along the row, with exact values")),
        (("o", "Enter"), _("Open the plan")),
        (("Esc",), _("Select nothing")),
    ]


def _hidden(state: TableState, without: str = "") -> list[tuple[str, str]]:
    """The state as hidden fields, for forms that change one part of it."""
    data = QueryDict(state.encoded(page=1))
    return [(name, value) for name, values in data.lists() if name != without for value in values]


def _condition(data: QueryDict) -> Condition | None:
    field = data.get("field", "")
    values = [value.strip() for value in data.getlist("value") if value.strip()]
    operator = data.get("operator", "")
    if len(values) > 1:  # several were ticked
        operator = {"is": "any_of", "is_not": "none_of"}.get(operator, operator)
    if operator in ("any_of", "none_of") and field in plan_filters.LISTED_FIELDS:
        values = [part.strip() for value in values for part in plan_filters.SEPARATORS.split(value) if part.strip()]
    if field in METRICS and METRICS[field].unit == "percent":
        values = [_fraction(value) for value in values]
    return decode_condition(encode_condition(Condition(field, operator, tuple(values))))


def _fraction(percent: str) -> str:
    try:
        return f"{float(percent.rstrip('%')) / 100:.8g}"
    except ValueError:
        return percent
