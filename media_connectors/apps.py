from django.apps import AppConfig


class MediaConnectorsConfig(AppConfig):
    name = "media_connectors"
