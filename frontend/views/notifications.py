"""The bell, the list behind it, and how the reader wants to be told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.forms.notifications import WishesForm
from frontend.views.base import Crumb, Fragment, Page, midnight
from frontend.views.forms import FormPage
from xmagnet.core.ids import ids_among
from xmagnet.notices import selectors, services
from xmagnet.notices.choices import Channel
from xmagnet.notices.words import words_of

PERMISSION = "overview:read"  # everybody's
SHOWN = 8


def described(notice: Any) -> dict[str, Any]:
    """A notice with its words."""
    return {"notice": notice, "words": words_of(notice), "is_new": notice.is_unread}


class Bell(Fragment):
    """What drops down under the bell."""

    permission = PERMISSION
    template_name = "frontend/shell/notifications.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wishes = selectors.wishes_of(self.actor)
        notices = [described(notice) for notice in selectors.bell_notices(self.actor, wishes)[:SHOWN]]
        return super().get_context_data(notices=notices, has_new=any(notice["is_new"] for notice in notices), **kwargs)


class UnreadCount(Fragment):
    """The number at the bell."""

    permission = PERMISSION
    template_name = "frontend/shell/unread.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wishes = selectors.wishes_of(self.actor)
        unread = selectors.bell_notices(self.actor, wishes).filter(is_unread=True)[: SHOWN + 1].count()
        return super().get_context_data(unread=unread, limit=SHOWN, **kwargs)


class NotificationList(Page):
    """Everything that the reader may hear of, newest first."""

    permission = PERMISSION
    template_name = "frontend/notifications/list.html"
    title = gettext_lazy("Notifications")
    menu_item = "notifications"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        values = self.request.GET
        events = selectors.audible_events(self.actor)
        until = midnight(values.get("until", ""))
        query = selectors.NoticeQuery(
            event=values.get("event", "") if values.get("event") in events else "",
            is_unread=values.get("unread") == "yes",
            since=midnight(values.get("since", "")),
            until=until + timedelta(days=1) if until else None,
        )
        page = self.page_of(selectors.list_notices(self.actor, query, selectors.wishes_of(self.actor)))
        return super().get_context_data(
            page=page,
            notices=[described(notice) for notice in page],
            events=[(event.value, event.label) for event in events],
            is_filtered=any(values.get(name) for name in ("event", "unread", "since", "until")),
            **kwargs,
        )


class OpenNotification(Page):
    """Reads a notice and goes where it leads. Reading twice is reading once."""

    permission = PERMISSION

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        notice = selectors.visible_notices(self.actor).filter(pk=kwargs["notice_id"]).first()
        if notice is None:
            raise Http404
        services.mark_read(self.actor, [notice.pk])
        return redirect(f"{self.url('overview')}{words_of(notice).path}")


class MarkRead(Page):
    """One notice, or everything up to now."""

    permission = PERMISSION
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = ids_among(request.POST.getlist("notice"))
        if chosen:
            services.mark_read(self.actor, chosen)
        else:
            services.mark_all_read(self.actor)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"notifications-read": True})})
        return redirect(self.url("notifications"))


class NotificationSettings(FormPage):
    """Which events, by which way; and the reader's own chat robots."""

    permission = PERMISSION
    template_name = "frontend/notifications/settings.html"
    title = gettext_lazy("Notification settings")
    menu_item = "notification-settings"
    form_class = WishesForm  # type: ignore[assignment]

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Notifications"), self.url("notifications")),)

    def form_options(self) -> dict[str, Any]:
        wishes = selectors.wishes_of(self.actor)
        initial = {event.value: sorted(chosen) for event, chosen in wishes.channels.items()}
        return {"events": selectors.audible_events(self.actor), "channels": list(Channel), "initial": initial}

    def perform(self, form: Any) -> HttpResponse:
        services.change_wishes(self.actor, form.chosen())
        messages.success(self.request, _("Saved."))
        return redirect(self.url("notification-settings"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            own_channels=selectors.own_channels(self.actor),
            email_is_on=settings.EMAIL_IS_ON,
            may_manage=self.actor.can(selectors.MANAGE),
            **kwargs,
        )


class EmailTest(Page):
    """A message to the reader's own mailbox."""

    permission = PERMISSION
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if settings.EMAIL_IS_ON:
            services.send_email_test(self.actor)
            messages.success(request, _("A test message is on its way to %(email)s.") % {"email": user.email})
        else:
            messages.warning(request, _("Email is not set up here: ask whoever runs X-Magnet."))
        return redirect(self.url("notification-settings"))
