"""The table of Django's database cache, as ``createcachetable`` makes it: no organization's data is in it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_without_notification_settings")]

    operations = [
        migrations.RunSQL(
            [
                "CREATE TABLE accounts_sharedcache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL,"
                " expires timestamp with time zone NOT NULL)",
                "CREATE INDEX accounts_sharedcache_expires ON accounts_sharedcache (expires)",
            ],
            "DROP TABLE accounts_sharedcache",
        )
    ]
