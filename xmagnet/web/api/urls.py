"""The API of this floor: who am I."""

from __future__ import annotations

from django.urls import path

from xmagnet.web.api import me, webhooks

urlpatterns = [
    path("me", me.MeView.as_view(), name="me"),
    path("webhooks", webhooks.WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<int:endpoint_id>", webhooks.WebhookView.as_view(), name="webhook"),
    path("webhooks/<int:endpoint_id>/rotate", webhooks.WebhookRotateView.as_view(), name="webhook-rotate"),
    path("webhooks/<int:endpoint_id>/test", webhooks.WebhookTestView.as_view(), name="webhook-test"),
    path("webhooks/<int:endpoint_id>/deliveries", webhooks.WebhookDeliveriesView.as_view(), name="webhook-deliveries"),
    path(
        "webhook-deliveries/<int:delivery_id>/redeliver",
        webhooks.WebhookRedeliverView.as_view(),
        name="webhook-redeliver",
    ),
]
