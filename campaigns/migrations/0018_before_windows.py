"""What a closed window is compared with moves into its own row; the windows that held it go.

A comparison of every plan joined two tables of 100,000 rows. The new columns are filled by the next roll: until then
no account counts as summed for today, and the day table answers. The update goes beside row-level security, because
it is of every organization.
"""

from django.db import migrations

TABLE = "campaigns_planwindow"
STATE = "campaigns_windowstate"
MEASURES = (
    "impressions", "clicks", "cost_fen", "conversions", "billed_conversions", "deep_conversions", "revenue_fen",
    "plays", "plays_3s", "completed_plays", "watched_ms", "likes", "comments", "shares", "follows",
)  # fmt: skip
COLUMNS = {f"before_{measure}": "bigint" for measure in MEASURES} | {"before_matured_conversions": "double precision"}
GONE = (4, 6, 8, 10, 12)
ROLL_AGAIN = [
    f"ALTER TABLE {STATE} NO FORCE ROW LEVEL SECURITY",
    f"UPDATE {STATE} SET rolled_on = rolled_on - 1",
    f"ALTER TABLE {STATE} FORCE ROW LEVEL SECURITY",
]


def _partition(window: int) -> list[str]:
    part = f"{TABLE}_{window}"
    return [
        f"CREATE TABLE {part} PARTITION OF {TABLE} FOR VALUES IN ({window}) WITH (fillfactor = 70)",
        f"ALTER TABLE {part} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {part} FORCE ROW LEVEL SECURITY",
    ]


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0017_materials")]

    operations = [
        migrations.RunSQL(
            [
                *(f"DROP TABLE {TABLE}_{window}" for window in GONE),
                f"ALTER TABLE {TABLE} " + ", ".join(f"ADD COLUMN {name} {kind}" for name, kind in COLUMNS.items()),
                *ROLL_AGAIN,
            ],
            [
                f"ALTER TABLE {TABLE} " + ", ".join(f"DROP COLUMN {name}" for name in COLUMNS),
                *(statement for window in GONE for statement in _partition(window)),
                *ROLL_AGAIN,
            ],
        ),
    ]
