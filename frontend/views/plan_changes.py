"""Changing plans: inline or many at once, always with every change shown before it is sent; and taking it back."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.choices import Status
from campaigns.selectors.plans import plan_detail
from campaigns.services.changes.planning import Wish, change_plans, preview_changes, select_expected
from campaigns.services.changes.previews import ChangePreview
from frontend.tables.plan_state import state_from
from frontend.views.answers import done
from frontend.views.base import Fragment, address
from frontend.views.change_previews import LINES, is_for_lines, part_of, shown_preview, unticked_of
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import Conflict, InvalidInput
from xmagnet.core.ids import ids_among, whole_number
from xmagnet.core.money import fen_from_text

MONEY_FIELDS = ("bid", "budget")
BULK_FIELDS = ("status", "bid", "budget", "schedule")
EDIT_FIELDS = (*BULK_FIELDS, "name")

FIELD_TITLES: dict[str, Any] = {
    "status": gettext_lazy("Change the status"),
    "bid": gettext_lazy("Change the bid"),
    "budget": gettext_lazy("Change the daily budget"),
    "schedule": gettext_lazy("Change the schedule"),
    "name": gettext_lazy("Change the name"),
}


class Changing(Fragment):
    """What all of them read from the form."""

    permission = "plans:write"

    def selection(self) -> list[int]:
        """The ids that are meant; raises ``Conflict`` when "all N results" are not N any more."""
        data = self.request.POST
        if data.get("scope") == "all":
            query = state_from(QueryDict(data.get("query", ""))).query()
            expected = whole_number(data.get("expected", ""))
            return select_expected(self.actor, query, expected_count=-1 if expected is None else expected)
        return ids_among(data.getlist("plan"))

    def kept_selection(self) -> list[tuple[str, str]]:
        """The selection as hidden fields."""
        names = ("plan", "scope", "query", "expected")
        return [(name, value) for name in names for value in self.request.POST.getlist(name)]

    def unticked(self) -> list[tuple[int, str]]:
        """(plan id, field) of the changes that were shown and taken out."""
        return unticked_of(self.request.POST)

    def selected_count(self) -> int:
        """How many plans the person thinks are selected."""
        expected = whole_number(self.request.POST.get("expected", ""))
        return len(self.request.POST.getlist("plan")) if expected is None else expected

    def preview(self, found: ChangePreview) -> HttpResponse:
        """The preview, or only another part of its lines."""
        if is_for_lines(self.request.POST):
            self.template_name = LINES
        return self.render_to_response(self.get_context_data(**shown_preview(found, self.request.POST)))

    def field(self, allowed: tuple[str, ...] = EDIT_FIELDS) -> str:
        """The field to change."""
        field = str(self.kwargs.get("field") or self.request.POST.get("field", ""))
        if field not in allowed:
            raise Http404
        return field

    def refused(self, detail: str, status: int = 422) -> HttpResponse:
        """The preview's place says why there is none."""
        context = self.get_context_data(refusal=detail)
        response: HttpResponse = self.render_to_response(context, status=status)
        return response


class BulkForm(Changing):
    """The dialog for a selection."""

    template_name = "frontend/plans/change.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        field = self.field(BULK_FIELDS)
        return self.render_to_response(
            self.get_context_data(
                field=field, title=FIELD_TITLES[field], hidden=self.kept_selection(), count=self.selected_count(),
                is_money=field in MONEY_FIELDS, statuses=statuses(), value="", kinds=_kinds(),
                key=get_random_string(16),
            )
        )  # fmt: skip


class InlineEdit(Changing):
    """The same dialog for one plan, with what stands there now."""

    template_name = "frontend/plans/change.html"
    http_method_names = ["get"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        field = self.field()
        kwargs.pop("field", None)  # of the address
        row = plan_detail(self.actor, self.kwargs["plan_id"], metrics=("cost",)).row
        value = {
            "status": row.status, "bid": yuan_text(row.bid_fen), "budget": yuan_text(row.daily_budget_fen),
            "schedule": row.schedule, "name": row.name,
        }[field]  # fmt: skip
        return super().get_context_data(
            field=field, title=FIELD_TITLES[field], hidden=[("plan", str(row.id))], count=1, plan=row, value=value,
            is_money=field in MONEY_FIELDS, statuses=statuses(), kinds=_kinds(), key=get_random_string(16), **kwargs,
        )  # fmt: skip


class ChangePreviewList(Changing):
    """Every change before it is sent, as the form stands."""

    template_name = "frontend/plans/change_preview.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            wish = wish_from(request.POST, self.field())
            found = preview_changes(
                self.actor, plan_ids=self.selection(), wishes=[wish], part=part_of(request.POST),
                **guarantee_from(request.POST),
            )  # fmt: skip
        except (InvalidInput, Conflict) as refusal:
            return self.refused(refusal.detail, status=200)
        return self.preview(found)


class ChangeApply(Changing):
    """Sends what was shown and not unticked, as a job."""

    template_name = "frontend/plans/change_preview.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        field = self.field()
        try:
            plan_ids = self.selection()
            accepted = change_plans(
                self.actor,
                plan_ids=plan_ids,
                wishes=[wish_from(request.POST, field)],
                idempotency_key=f"desk-{request.POST.get('key') or get_random_string(16)}"[:200],
                **guarantee_from(request.POST),
                skipped=self.unticked(),
                reason=request.POST.get("reason", "").strip(),
                is_watched=len(plan_ids) == 1,
            )
        except (InvalidInput, Conflict) as refusal:
            return self.refused(refusal.detail, status=200)
        return sent(self.actor, accepted.job)


def guarantee_from(data: QueryDict) -> dict[str, Any]:
    """What the form says is to become of changes that would void the cost guarantee; without a word they wait."""
    choice = data.get("guarantee", "queue")
    return {"accepts_void": choice == "void", "queues_held": choice == "queue"}


def wish_from(data: QueryDict, field: str) -> Wish:
    """The wish that the form means; raises ``InvalidInput`` for a number that is none."""
    value: Any = data.get("value", "").strip()
    if field not in MONEY_FIELDS:
        if field == "schedule":
            value = data.get("value", "")
        return Wish(field, "set", value)  # type: ignore[arg-type]
    kind = data.get("kind", "set")
    if kind == "percent":
        return Wish(field, "percent", _number(value), least=_bound(data, "least"), most=_bound(data, "most"))  # type: ignore[arg-type]
    if kind == "set" and field == "budget" and value.lower() in ("unlimited", "不限"):
        return Wish("budget", "set", None)
    fen = _fen(value)
    if kind == "amount":
        return Wish(field, "amount", fen, least=_bound(data, "least"), most=_bound(data, "most"))  # type: ignore[arg-type]
    return Wish(field, "set", fen)  # type: ignore[arg-type]


def sent_message(count: int) -> str:
    """What the toast says."""
    return ngettext("%(count)d change is on its way.", "%(count)d changes are on their way.", count) % {"count": count}


def sent(actor: Actor, job: Any, message: str = "") -> HttpResponse:
    """The answer after a change job was accepted: a toast with undo, and the table follows the job."""
    follow = {"follow": follow_address(actor, job.pk)}
    return done(
        message or sent_message(job.total_count or 0), action=undo_action(actor, job.pk),
        events={"plans-changed": follow},
    )  # fmt: skip


def follow_address(actor: Actor, job_id: str) -> str:
    """Where a page asks what became of a change job."""
    return address(actor, "plan-change-state", job_id)


def undo_action(actor: Actor, job_id: str) -> dict[str, str]:
    """The toast's button."""
    return {"label": _("Undo"), "url": address(actor, "undo-job", job_id)}


def statuses() -> list[tuple[str, str]]:
    """The states that a person may choose."""
    return [(value, str(Status(value).label)) for value in (Status.ENABLED, Status.PAUSED)]


def _kinds() -> list[tuple[str, str]]:
    return [("set", _("Set to (¥)")), ("percent", _("Change by (%)")), ("amount", _("Change by (¥)"))]


def yuan_text(fen: int | None) -> str:
    """An amount as it stands in an input: ``35`` or ``35.50``, "" for none."""
    return "" if fen is None else f"{fen / 100:.2f}".removesuffix(".00")


def _fen(text: str) -> int:
    try:
        return fen_from_text(text)
    except ValueError:
        raise InvalidInput(_("Write an amount in yuan, such as 35 or 35.50.")) from None


def _number(text: str) -> float:
    try:
        number = float(unicodedata.normalize("NFKC", text).replace("−", "-").rstrip("% "))
    except ValueError:
        number = float("nan")
    if not -100 < number <= 1000:
        raise InvalidInput(_("Write a percentage above -100 and up to 1000, such as 10 or -15."))
    return number


def _bound(data: QueryDict, name: str) -> int | None:
    text = data.get(name, "").strip()
    return _fen(text) if text else None
