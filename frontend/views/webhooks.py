"""Webhooks: who is told what, and whether it arrived."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.forms.webhooks import EndpointForm
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage
from xmagnet.webhooks import services
from xmagnet.webhooks.choices import DeliveryState, Event
from xmagnet.webhooks.selectors import visible_deliveries, visible_endpoints

#: why we stopped calling
DISABLED_WORDS: dict[str, Any] = {
    "gone": gettext_lazy("The receiver answered 410 Gone."),
    "unreachable": gettext_lazy("No message arrived for three days."),
}
DELIVERY_TONES = {"pending": "info", "delivered": "good", "failed": "bad"}


class _Webhooks(Page):
    permission = "webhooks:manage"
    menu_item = "webhooks"

    def endpoint(self) -> Any:
        """The endpoint of the address, or 404."""
        found = visible_endpoints(self.actor).filter(pk=self.kwargs["endpoint_id"]).first()
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Webhooks"), self.url("webhooks")),)

    def show_secret(self, made: services.NewEndpoint) -> HttpResponse:
        """The one answer that holds the secret."""
        context = self.get_context_data(endpoint=made.endpoint, secret=made.secret)
        return self.response_class(self.request, "frontend/webhooks/secret.html", context)


class EndpointList(_Webhooks):
    """The receivers."""

    template_name = "frontend/webhooks/list.html"
    title = gettext_lazy("Webhooks")

    def crumbs(self) -> tuple[Crumb, ...]:
        return ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(visible_endpoints(self.actor))
        return super().get_context_data(
            page=page, event_labels=dict(Event.choices), disabled_words=DISABLED_WORDS, **kwargs
        )


class EndpointPage(_Webhooks):
    """One receiver and its log."""

    template_name = "frontend/webhooks/detail.html"
    title = gettext_lazy("Webhook")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        endpoint = self.endpoint()
        deliveries = visible_deliveries(self.actor).filter(endpoint_id=endpoint.pk)
        state = self.request.GET.get("state", "")
        if state in DeliveryState.values:
            deliveries = deliveries.filter(state=state)
        return super().get_context_data(
            endpoint=endpoint,
            page=self.page_of(deliveries),
            event_labels=dict(Event.choices),
            disabled_words=DISABLED_WORDS,
            tones=DELIVERY_TONES,
            state=state,
            chips=[("", _("All")), *DeliveryState.choices],
            **kwargs,
        )


class AddEndpoint(_Webhooks, FormPage):
    """A new receiver; its secret is on the answer to this form."""

    title = gettext_lazy("Add a webhook")
    form_class = EndpointForm
    submit_label = gettext_lazy("Add")

    def perform(self, form: Any) -> HttpResponse:
        return self.show_secret(services.create_endpoint(self.actor, **form.cleaned_data))


class ChangeEndpoint(_Webhooks, FormPage):
    """Another address or other events."""

    title = gettext_lazy("Change the webhook")
    form_class = EndpointForm

    def form_options(self) -> dict[str, Any]:
        found = self.endpoint()
        return {"initial": {"url": found.url, "description": found.description, "events": found.events}}

    def perform(self, form: Any) -> HttpResponse:
        services.change_endpoint(self.actor, self.kwargs["endpoint_id"], **form.cleaned_data)
        messages.success(self.request, _("Saved."))
        return redirect(self.url("webhook", self.kwargs["endpoint_id"]))


class EndpointAction(_Webhooks):
    """Test, rotate the secret, switch on or off, remove."""

    title = gettext_lazy("Webhook")
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        endpoint_id, action = kwargs["endpoint_id"], request.POST.get("action")
        if action == "rotate":
            return self.show_secret(services.rotate_secret(self.actor, endpoint_id))
        if action == "delete":
            services.delete_endpoint(self.actor, endpoint_id)
            messages.success(request, _("The webhook is removed."))
            return redirect(self.url("webhooks"))
        if action == "test":
            services.send_test(self.actor, endpoint_id)
            messages.success(request, _("A test message is on its way; see the log below."))
        elif action in ("enable", "disable"):
            services.change_endpoint(self.actor, endpoint_id, is_active=action == "enable")
            messages.success(request, _("Saved."))
        else:
            raise Http404
        return redirect(self.url("webhook", endpoint_id))


class Redeliver(_Webhooks):
    """The same message once more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        delivery = services.redeliver(self.actor, kwargs["delivery_id"])
        messages.success(request, _("The message is sent again, under the same id."))
        return redirect(self.url("webhook", delivery.endpoint_id))
