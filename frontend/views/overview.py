"""The first page: how delivery does today, and what needs a person."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from frontend.views.base import Page
from frontend.views.jobs import described
from xmagnet.jobs.selectors import list_jobs

JOBS_SHOWN = 6


class Overview(Page):
    """Home of an organization."""

    permission = "overview:read"
    template_name = "frontend/overview/page.html"
    title = gettext_lazy("Overview")
    menu_item = "overview"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        jobs = list_jobs(self.actor)[:JOBS_SHOWN] if self.actor.can("jobs:read") else ()
        return super().get_context_data(jobs=[described(job) for job in jobs], **kwargs)
