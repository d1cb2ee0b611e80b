from django.apps import AppConfig


class LocalConfig(AppConfig):
    """Installed in the local profile only: its commands make no sense where others run the services."""

    name = "xmagnet.local"
    label = "local"
