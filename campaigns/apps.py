from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        """Every process that may run rows knows every kind of row-driven job."""
        from campaigns.services.bulk import gauges
        from campaigns.services.changes import executing

        executing.register()
        gauges.register()
