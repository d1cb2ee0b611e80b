from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "xmagnet.core"
    label = "core"
