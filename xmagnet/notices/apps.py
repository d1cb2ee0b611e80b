from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "xmagnet.notices"
    label = "notices"
