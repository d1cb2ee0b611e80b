from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "xmagnet.web"
    label = "web"
