"""The partitioned metric tables and the function that makes their partitions.

The application's role may not create tables; the function runs as its owner and makes nothing but these partitions.
Row-level security of a partitioned table holds for access through the parent; each partition has RLS without a policy,
so that nobody reads it directly.
"""

from django.db import migrations

MEASURES = (
    "impressions", "clicks", "cost_fen", "conversions", "billed_conversions", "deep_conversions", "revenue_fen",
    "plays", "plays_3s", "completed_plays", "watched_ms", "likes", "comments", "shares", "follows",
)
POLICY = "organization_id = nullif(current_setting('app.organization', true), '')::bigint"


def table(name: str, hour: str, key: str) -> list[str]:
    measures = ", ".join(f"{measure} bigint NOT NULL DEFAULT 0" for measure in MEASURES)
    return [
        f"""CREATE TABLE {name} (
            organization_id bigint NOT NULL REFERENCES accounts_organization,
            account_id bigint NOT NULL, plan_id bigint NOT NULL, stat_date date NOT NULL, {hour} {measures},
            PRIMARY KEY (organization_id, account_id, plan_id, stat_date{key})
        ) PARTITION BY RANGE (stat_date)""",
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {name} USING ({POLICY}) WITH CHECK ({POLICY})",
    ]


ENSURE = """
CREATE FUNCTION campaigns_ensure_partitions(first_on date, last_on date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    cursor_on date; upper_on date; part text; made integer := 0;
BEGIN
    IF last_on - first_on > 800 THEN
        RAISE EXCEPTION 'at most 800 days at once';
    END IF;
    PERFORM pg_advisory_xact_lock(6, 0);
    cursor_on := first_on;
    WHILE cursor_on <= last_on LOOP
        part := 'campaigns_planhour_' || to_char(cursor_on, 'YYYYMMDD');
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF campaigns_planhour FOR VALUES FROM (%L) TO (%L)',
                           part, cursor_on, cursor_on + 1);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
            made := made + 1;
        END IF;
        cursor_on := cursor_on + 1;
    END LOOP;
    cursor_on := date_trunc('month', first_on)::date;
    WHILE cursor_on <= last_on LOOP
        part := 'campaigns_planday_' || to_char(cursor_on, 'YYYYMM');
        upper_on := (cursor_on + interval '1 month')::date;
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF campaigns_planday FOR VALUES FROM (%L) TO (%L)',
                           part, cursor_on, upper_on);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
            made := made + 1;
        END IF;
        cursor_on := upper_on;
    END LOOP;
    RETURN made;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_isolation")]

    operations = [
        migrations.RunSQL(table("campaigns_planhour", "stat_hour smallint NOT NULL,", ", stat_hour"), "DROP TABLE campaigns_planhour"),
        migrations.RunSQL(table("campaigns_planday", "", ""), "DROP TABLE campaigns_planday"),
        migrations.RunSQL(ENSURE, "DROP FUNCTION campaigns_ensure_partitions(date, date)"),
    ]
