"""The bell: jobs of mine that ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from frontend.views.base import Fragment
from frontend.views.jobs import described
from xmagnet.jobs.selectors import list_jobs

SHOWN = 8
#: what ended before is no news
HORIZON = timedelta(days=7)
#: where the session keeps the instant up to which the reader has seen the bell
SEEN_KEY = "notifications_seen_at"


class _Bell(Fragment):
    permission = "jobs:read"

    def seen_at(self) -> datetime:
        """Everything that ended before this is old."""
        kept = parse_datetime(self.request.session.get(SEEN_KEY, ""))
        return max(kept, timezone.now() - HORIZON) if kept else timezone.now() - HORIZON

    def finished(self) -> Any:
        """The reader's own finished jobs, the latest end first."""
        return (
            list_jobs(self.actor, is_live=False)
            .filter(user_id=self.actor.user_id, finished_at__gt=timezone.now() - HORIZON)
            .order_by("-finished_at")
        )


class Notifications(_Bell):
    """The list; opening it makes everything seen."""

    template_name = "frontend/shell/notifications.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        seen_at = self.seen_at()
        notices = [described(job) | {"is_new": job.finished_at > seen_at} for job in self.finished()[:SHOWN]]
        self.request.session[SEEN_KEY] = timezone.now().isoformat()
        return super().get_context_data(notices=notices, **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **kwargs)
        response["HX-Trigger"] = "notifications-seen"
        return response


class UnreadCount(_Bell):
    """The number at the bell."""

    template_name = "frontend/shell/unread.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unread = self.finished().filter(finished_at__gt=self.seen_at())[: SHOWN + 1].count()
        return super().get_context_data(unread=unread, limit=SHOWN, **kwargs)
