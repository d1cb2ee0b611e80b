from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant, SameTenant


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        IsolateTenant("jobs_job"),
        IsolateTenant("jobs_jobevent", key=None),
        SameTenant("jobs_job", "retry_of_id", "jobs_job"),
        SameTenant("jobs_jobevent", "job_id", "jobs_job"),
    ]
