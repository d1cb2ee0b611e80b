"""The step after creation: plans were made paused, somebody looks and starts them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from campaigns.selectors.launching import waiting_plan_ids, waiting_plans
from campaigns.services.changes.planning import MAX_PLANS, Wish, change_plans
from frontend.views.base import Fragment, Page
from frontend.views.jobs import CREATE_PLANS, OneJob
from xmagnet.core.errors import Conflict, InvalidInput
from xmagnet.core.ids import whole_number

#: plans shown one by one; the count and "all" always speak of every one
SHOWN = 200


class LaunchForm(OneJob, Fragment):
    """The paused plans of a job, to start all or the ticked ones."""

    permission = "plans:launch"
    template_name = "frontend/jobs/launch.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.job()
        if job.kind != CREATE_PLANS:
            raise Http404
        waiting = waiting_plans(self.actor, job.pk, limit=SHOWN)
        return super().get_context_data(
            job=job,
            plans=waiting.first,
            total=waiting.count,
            more=waiting.count - len(waiting.first),
            most_fen=waiting.daily_budget_fen,
            key=get_random_string(16),
            **kwargs,
        )


class Launch(OneJob, Page):
    """Starts them through a change job, which checks each plan again."""

    permission = "plans:launch"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        job = self.job()
        ticked = None if request.POST.get("scope") == "all" else self.ticked()
        waiting = waiting_plan_ids(self.actor, job.pk, limit=MAX_PLANS + 1, among=ticked)
        has_more, waiting = len(waiting) > MAX_PLANS, waiting[:MAX_PLANS]
        if not waiting:
            messages.warning(request, _("No plan was chosen, or they all run already. Nothing was sent."))
            return redirect(self.url("job", job.pk))
        key = f"launch-{job.pk}-{request.POST.get('key', '')[:32]}"
        wishes = (Wish("status", "set", "enabled"),)
        try:
            accepted = change_plans(
                self.actor, plan_ids=waiting, wishes=wishes, idempotency_key=key, reason=_("Launched after creation")
            )
        except (Conflict, InvalidInput) as refusal:
            messages.warning(request, refusal.detail)
            return redirect(self.url("job", job.pk))
        messages.success(request, _first_part() if has_more else _("The plans are being started."))
        return redirect(self.url("job", accepted.job.pk))

    def ticked(self) -> set[int]:
        """The plans that were shown and chosen."""
        found = (whole_number(text) for text in self.request.POST.getlist("plan")[:SHOWN])
        return {plan_id for plan_id in found if plan_id is not None}


def _first_part() -> str:
    text = _("The first %(count)s plans are being started. Launch the others when this job is done.")
    return text % {"count": f"{MAX_PLANS:,}"}
