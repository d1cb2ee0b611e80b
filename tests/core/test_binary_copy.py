"""Rows made column by column arrive in PostgreSQL as what they are."""

from datetime import date

import numpy as np
import pytest
from django.db import connection, transaction

from xmagnet.core.binary_copy import HEADER, TRAILER, Layout, as_bytes, days_of, native_type


@pytest.mark.django_db
def test_the_limits_of_every_type_survive_the_way_into_a_table():
    layout = Layout({"small": "smallint", "middle": "integer", "large": "bigint", "day": "date"})
    days = [date(1999, 12, 31), date(2000, 1, 1), date(2026, 11, 22)]
    rows = layout.empty(3)
    rows["small"] = [-(1 << 15), 0, (1 << 15) - 1]
    rows["middle"] = [-(1 << 31), 1, (1 << 31) - 1]
    rows["large"] = [-(1 << 63), -1, (1 << 63) - 1]
    rows["day"] = days_of(np.array([day.toordinal() for day in days]))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied (small smallint, middle integer, large bigint, day date) ON COMMIT DROP"
        )
        with cursor.copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER + as_bytes(rows).tobytes() + TRAILER)
        cursor.execute("SELECT * FROM copied ORDER BY small")
        assert cursor.fetchall() == [
            (-(1 << 15), -(1 << 31), -(1 << 63), days[0]),
            (0, 1, -1, days[1]),
            ((1 << 15) - 1, (1 << 31) - 1, (1 << 63) - 1, days[2]),
        ]


@pytest.mark.parametrize(("column", "bits"), [("smallint", 15), ("integer", 31), ("bigint", 63), ("date", 31)])
def test_a_number_too_large_for_its_column_is_refused(column, bits):
    with pytest.raises(OverflowError):
        np.fromiter([1 << bits], native_type(column))
