"""The metric tables lose their foreign key to the organization: it was looked up for every row that came in.

Row-level security already lets no row in but those of the organization in scope, and organizations are never deleted
while they own anything (PROTECT on everything above).
"""

from django.db import migrations

TABLES = ("campaigns_planhour", "campaigns_planday", "campaigns_planwindow", "campaigns_accounthour")


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_plan_changed_at")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_organization_id_fkey",
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_organization_id_fkey"
            " FOREIGN KEY (organization_id) REFERENCES accounts_organization",
        )
        for table in TABLES
    ]
