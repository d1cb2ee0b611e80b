"""Chat robots of Feishu, DingTalk and WeCom: the organization's, and the reader's own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.forms.notifications import ChannelForm, OrganizationChannelForm
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage
from frontend.views.webhooks import DELIVERY_TONES
from xmagnet.notices import selectors, services
from xmagnet.notices.choices import ChatKind, Event
from xmagnet.notices.words import words_of
from xmagnet.people.agencies import list_agencies

LOG_ROWS = 50


class ChannelList(Page):
    """The organization's robots."""

    permission = selectors.MANAGE
    template_name = "frontend/channels/list.html"
    title = gettext_lazy("Chat channels")
    menu_item = "channels"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(selectors.channels_of_organization(self.actor))
        agencies = {agency.pk: agency.name for agency in list_agencies(self.actor)}
        return super().get_context_data(
            page=page,
            rows=[(channel, agencies.get(channel.agency_id, "")) for channel in page],
            event_labels=dict(Event.choices),
            **kwargs,
        )


class AddChannel(FormPage):
    """A robot of the organization."""

    permission = selectors.MANAGE
    title = gettext_lazy("Add a chat channel")
    menu_item = "channels"
    form_class = OrganizationChannelForm
    submit_label = gettext_lazy("Add")
    is_own = False

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Chat channels"), self.url("channels")),)

    def form_options(self) -> dict[str, Any]:
        return {"actor": self.actor}

    def perform(self, form: Any) -> HttpResponse:
        channel = services.create_channel(self.actor, form.given(), is_own=self.is_own)
        messages.success(
            self.request, _("%(name)s is added. Send a test to see whether it arrives.") % {"name": channel}
        )
        return redirect(self.url("channel", channel.pk))


class AddOwnChannel(AddChannel):
    """A robot of the reader's own."""

    permission = "overview:read"
    title = gettext_lazy("Add a chat of your own")
    menu_item = "notification-settings"
    form_class = ChannelForm  # type: ignore[assignment]
    is_own = True

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Notification settings"), self.url("notification-settings")),)


class ChannelPage(FormPage):
    """One robot: its settings, and the log of what it was told."""

    permission = "overview:read"
    template_name = "frontend/channels/detail.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.channel: Any = None

    def page_title(self) -> str:
        return str(self.channel.name)

    def crumbs(self) -> tuple[Crumb, ...]:
        if self.channel.user_id is None:
            return (Crumb(_("Chat channels"), self.url("channels")),)
        return (Crumb(_("Notification settings"), self.url("notification-settings")),)

    def form_options(self) -> dict[str, Any]:
        self.channel = selectors.manageable_channel(self.actor, self.kwargs["channel_id"])
        is_own = self.channel.user_id is not None
        self.form_class = ChannelForm if is_own else OrganizationChannelForm  # type: ignore[misc]
        names = ("kind", "name", "language", "events", "agency_id")
        initial = {name: getattr(self.channel, name) for name in names}
        return {"actor": self.actor, "is_new": False, "initial": initial}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        options = self.form_options()
        self.form = self.form_class(**options)
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.form_options()  # chooses the form before it is filled
        return super().post(request, *args, **kwargs)

    def perform(self, form: Any) -> HttpResponse:
        services.change_channel(self.actor, self.channel.pk, form.given())
        messages.success(self.request, _("Saved."))
        return redirect(self.url("channel", self.channel.pk))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        log = [
            (delivery, words_of(delivery.notice).title if delivery.notice else _("A test message"))
            for delivery in selectors.deliveries_of(self.channel)[:LOG_ROWS]
        ]
        return super().get_context_data(
            channel=self.channel,
            kind_label=ChatKind(self.channel.kind).label,
            log=log,
            tones=DELIVERY_TONES,
            **kwargs,
        )


class ChannelAction(Page):
    """Test, switch on or off, remove."""

    permission = "overview:read"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        channel_id, action = kwargs["channel_id"], request.POST.get("action")
        if action == "delete":
            channel = selectors.manageable_channel(self.actor, channel_id)
            services.delete_channel(self.actor, channel_id)
            messages.success(request, _("%(name)s is removed.") % {"name": channel.name})
            return redirect(self.url("channels" if channel.user_id is None else "notification-settings"))
        if action == "test":
            services.send_channel_test(self.actor, channel_id)
            messages.success(request, _("A test message is on its way; see the log below."))
        elif action in ("enable", "disable"):
            services.switch_channel(self.actor, channel_id, is_active=action == "enable")
            messages.success(request, _("Saved."))
        else:
            raise Http404
        return redirect(self.url("channel", channel_id))
