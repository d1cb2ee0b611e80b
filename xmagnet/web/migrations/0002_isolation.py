from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant


class Migration(migrations.Migration):
    dependencies = [("web", "0001_initial")]

    operations = [
        IsolateTenant("web_idempotencyrecord", key=None),
        migrations.RunSQL(
            "ALTER TABLE web_requestcounter SET UNLOGGED", "ALTER TABLE web_requestcounter SET LOGGED"
        ),
    ]
