"""Copying a selection: where to, how many, what cannot be mapped and why; every row shown before one bulk job."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.services.copying import CHECKED, MAX_COPIES, CopyRequest, copy_plans, preview_copies
from frontend import builder_words
from frontend.views.base import address
from frontend.views.plan_changes import Changing
from media_connectors.choices import AccountHealth
from media_connectors.selectors.directory import account_facts
from xmagnet.core.errors import Conflict, InvalidInput
from xmagnet.core.ids import ids_among, whole_number


class _Copying(Changing):
    http_method_names = ["post"]

    def wanted(self) -> CopyRequest:
        """What the form says; raises ``Conflict`` when "all N results" are not N any more."""
        data = self.request.POST
        chosen = ids_among(data.getlist("account"))
        return CopyRequest(
            plan_ids=tuple(self.selection()),
            account_ids=tuple(chosen) if data.get("where") == "others" else (),
            copies=whole_number(data.get("copies", "1")) or 0,
            prefix=data.get("prefix", "")[:100],
            suffix=data.get("suffix", "")[:100],
            files={account_id: tuple(data.getlist(f"files.{account_id}")) for account_id in chosen},
            initial_status=data.get("initial_status", "paused"),
        )


class CopyForm(_Copying):
    """The dialog."""

    template_name = "frontend/plans/copy.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        by_media: dict[str, list[Any]] = {}
        for account in account_facts(self.actor).values():
            if account.is_active and account.health != AccountHealth.NEEDS_AUTHORIZATION:
                by_media.setdefault(account.platform, []).append(account)
        return self.render_to_response(
            self.get_context_data(
                hidden=self.kept_selection(), count=self.selected_count(), by_media=list(by_media.items()),
                suffix=_("-copy"), most=MAX_COPIES, key=get_random_string(12, "abcdefghjkmnpqrstvwxyz0123456789"),
                may_launch=self.actor.can("plans:launch"), is_elsewhere=request.POST.get("where") == "others",
            )
        )  # fmt: skip


class CopyPreviewList(_Copying):
    """The rows as the form stands."""

    template_name = "frontend/plans/copy_preview.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            found = preview_copies(self.actor, self.wanted())
        except (InvalidInput, Conflict) as refusal:
            return self.refused(refusal.detail, status=200)
        return self.render_to_response(
            self.get_context_data(
                found=found, kinds=dict(builder_words.KINDS), more=max(0, found.total - CHECKED),
                will_change=found.total - found.invalid_count,
            )
        )  # fmt: skip


class CopyApply(_Copying):
    """Hands the rows to a bulk job and goes to its page."""

    template_name = "frontend/plans/copy_preview.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kept = set(request.POST.getlist("send"))
        shown = [whole_number(one) for one in request.POST.getlist("shown") if one not in kept]
        skipped = {number for number in shown if number is not None}
        key = request.POST.get("key", "")[:40] or get_random_string(12)
        try:
            accepted = copy_plans(self.actor, self.wanted(), key=key, skipped=skipped)
        except (InvalidInput, Conflict) as refusal:
            return self.refused(refusal.detail, status=200)
        count = accepted.job.total_count or 0
        text = ngettext("%(count)d copy is being created.", "%(count)d copies are being created.", count)
        messages.success(request, text % {"count": count})
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address(self.actor, "job", accepted.job.pk)
        return response
