"""Sums per plan and window, list-partitioned by window: a table sorted by one window reads only that one."""

from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant, SameTenant

ACCOUNT = "media_connectors_mediaaccount"
MEASURES = (
    "impressions", "clicks", "cost_fen", "conversions", "billed_conversions", "deep_conversions", "revenue_fen",
    "plays", "plays_3s", "completed_plays", "watched_ms", "likes", "comments", "shares", "follows",
)
WINDOWS = 13
POLICY = "organization_id = nullif(current_setting('app.organization', true), '')::bigint"
TABLE = "campaigns_planwindow"


def create() -> list[str]:
    measures = ", ".join(f"{measure} bigint NOT NULL DEFAULT 0" for measure in MEASURES)
    statements = [
        f"""CREATE TABLE {TABLE} (
            organization_id bigint NOT NULL REFERENCES accounts_organization,
            account_id bigint NOT NULL, plan_id bigint NOT NULL, "window" smallint NOT NULL, as_of date NOT NULL,
            {measures}, matured_conversions double precision NOT NULL DEFAULT 0,
            PRIMARY KEY (organization_id, "window", plan_id)
        ) PARTITION BY LIST ("window")""",
        f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {TABLE} USING ({POLICY}) WITH CHECK ({POLICY})",
    ]
    for window in range(1, WINDOWS + 1):
        # fillfactor: the windows of today are rewritten in place every minute (HOT), no index on a number
        statements += [
            f"CREATE TABLE {TABLE}_{window} PARTITION OF {TABLE} FOR VALUES IN ({window}) WITH (fillfactor = 70)",
            f"ALTER TABLE {TABLE}_{window} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {TABLE}_{window} FORCE ROW LEVEL SECURITY",
        ]
    statements.append(f"CREATE INDEX {TABLE}_account ON {TABLE} (organization_id, account_id)")
    return statements


def create_account_hours() -> list[str]:
    measures = ", ".join(f"{measure} bigint NOT NULL DEFAULT 0" for measure in MEASURES)
    return [
        f"""CREATE TABLE campaigns_accounthour (
            organization_id bigint NOT NULL REFERENCES accounts_organization,
            account_id bigint NOT NULL, stat_date date NOT NULL, stat_hour smallint NOT NULL, {measures},
            PRIMARY KEY (organization_id, stat_date, account_id, stat_hour)
        ) WITH (fillfactor = 80)""",
        "ALTER TABLE campaigns_accounthour ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE campaigns_accounthour FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON campaigns_accounthour USING ({POLICY}) WITH CHECK ({POLICY})",
    ]


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_windows")]

    operations = [
        migrations.RunSQL(create(), f"DROP TABLE {TABLE}"),
        migrations.RunSQL(create_account_hours(), "DROP TABLE campaigns_accounthour"),
        IsolateTenant("campaigns_windowstate", key=None),
        IsolateTenant("campaigns_maturityreading", key=None),
        SameTenant("campaigns_windowstate", "account_id", ACCOUNT, on_delete="CASCADE"),
        SameTenant("campaigns_maturityreading", "account_id", ACCOUNT, on_delete="CASCADE"),
    ]
