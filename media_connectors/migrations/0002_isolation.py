from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant, SameTenant, Storage


class Migration(migrations.Migration):
    dependencies = [("media_connectors", "0001_initial"), ("accounts", "0002_isolation")]

    operations = [
        IsolateTenant("media_connectors_mediaapplication"),
        IsolateTenant("media_connectors_mediacredential"),
        IsolateTenant("media_connectors_mediaaccount"),
        IsolateTenant("media_connectors_synccursor", key=None),
        IsolateTenant("media_connectors_outboundcommand", key=None),
        SameTenant("media_connectors_mediacredential", "application_id", "media_connectors_mediaapplication"),
        SameTenant("media_connectors_mediaaccount", "credential_id", "media_connectors_mediacredential"),
        SameTenant("media_connectors_mediaaccount", "agency_id", "accounts_agency"),
        SameTenant("media_connectors_synccursor", "account_id", "media_connectors_mediaaccount"),
        SameTenant("media_connectors_outboundcommand", "account_id", "media_connectors_mediaaccount"),
        # the grant's table lives on a lower floor, which cannot name ours
        SameTenant("accounts_accountgrant", "account_id", "media_connectors_mediaaccount", on_delete="CASCADE"),
        Storage("media_connectors_outboundcommand", ["fillfactor = 80"], ["fillfactor"]),
        migrations.RunSQL(
            "ALTER TABLE media_connectors_limiterslot SET UNLOGGED",
            "ALTER TABLE media_connectors_limiterslot SET LOGGED",
        ),
    ]
