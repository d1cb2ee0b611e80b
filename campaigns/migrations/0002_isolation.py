from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant, SameTenant, Storage

ACCOUNT = "media_connectors_mediaaccount"


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0001_initial"),
        ("media_connectors", "0002_isolation"),
        ("jobs", "0002_isolation"),
    ]

    operations = [
        IsolateTenant("campaigns_campaign"),
        IsolateTenant("campaigns_plan"),
        IsolateTenant("campaigns_bulkrow"),
        IsolateTenant("campaigns_settingtemplate", key=None),
        SameTenant("campaigns_campaign", "account_id", ACCOUNT),
        SameTenant("campaigns_plan", "account_id", ACCOUNT),
        SameTenant("campaigns_plan", "campaign_id", "campaigns_campaign"),
        SameTenant("campaigns_bulkrow", "job_id", "jobs_job"),
        SameTenant("campaigns_bulkrow", "account_id", ACCOUNT),
        SameTenant("campaigns_bulkrow", "plan_id", "campaigns_plan"),
        Storage(
            "campaigns_bulkrow",
            ["fillfactor = 70", "autovacuum_vacuum_scale_factor = 0.05"],
            ["fillfactor", "autovacuum_vacuum_scale_factor"],
        ),
    ]
