"""Two sessions that need the same new partition: the second one must see what the first has just committed.

``to_regclass`` answers from the session's catalogue cache, and waiting for an advisory lock does not refresh that, so
the session that waited made the table once more and failed. A query of ``pg_class`` has a snapshot of its own.
"""

from django.db import migrations

_MAKE = """
        IF NOT EXISTS (SELECT FROM pg_class WHERE relname = part AND relnamespace = 'public'::regnamespace) THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF {table} FOR VALUES FROM (%L) TO (%L)',
                           part, cursor_on, {upper});
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
            made := made + 1;
        END IF;"""

ENSURE = f"""
CREATE OR REPLACE FUNCTION campaigns_ensure_partitions(first_on date, last_on date) RETURNS integer
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
{_MAKE.replace("{table}", "campaigns_planhour").replace("{upper}", "cursor_on + 1")}
        cursor_on := cursor_on + 1;
    END LOOP;
    cursor_on := date_trunc('month', first_on)::date;
    WHILE cursor_on <= last_on LOOP
        part := 'campaigns_planday_' || to_char(cursor_on, 'YYYYMM');
        upper_on := (cursor_on + interval '1 month')::date;
{_MAKE.replace("{table}", "campaigns_planday").replace("{upper}", "upper_on")}
        cursor_on := upper_on;
    END LOOP;
    RETURN made;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0014_view_defaults")]

    # Backwards nothing changes: the older function differs only in how it looks for the table.
    operations = [migrations.RunSQL(ENSURE, migrations.RunSQL.noop)]
