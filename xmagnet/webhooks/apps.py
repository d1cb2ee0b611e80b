from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "xmagnet.webhooks"
    label = "webhooks"
