from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant, SameTenant


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]

    operations = [
        IsolateTenant("webhooks_webhookendpoint"),
        IsolateTenant("webhooks_webhookdelivery", key=None),
        SameTenant("webhooks_webhookdelivery", "endpoint_id", "webhooks_webhookendpoint", on_delete="CASCADE"),
    ]
