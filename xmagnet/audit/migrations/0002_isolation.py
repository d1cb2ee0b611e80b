from django.db import migrations

from xmagnet.core.migration_ops import AppendOnly, IsolateTenant


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        IsolateTenant("audit_auditevent", key=None),
        IsolateTenant("audit_auditseal", key=None),
        AppendOnly("audit_auditevent"),
        AppendOnly("audit_auditseal"),
    ]
