"""Partitions of new days are made once, whoever needs them first."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection, connections, transaction

from campaigns.services.ingest import ensure_partitions
from tests.locks import wait_for_a_waiting_lock

DAY = date(2027, 5, 17)
EARLIER_DAY = date(2027, 5, 10)


@pytest.mark.django_db(transaction=True)
def test_two_sessions_that_need_the_same_day_make_its_partition_once() -> None:
    failures: list[BaseException] = []
    has_looked, is_held = threading.Event(), threading.Event()

    def second() -> None:
        try:
            ensure_partitions(EARLIER_DAY, EARLIER_DAY)  # the function's plans are cached from here on
            with connection.cursor() as cursor:
                cursor.execute("SELECT to_regclass('campaigns_planhour_20270517')")  # and that there is no such table
            has_looked.set()
            assert is_held.wait(30)
            ensure_partitions(DAY, DAY)  # waits for the first session's commit
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=second)
    thread.start()
    assert has_looked.wait(30)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT campaigns_ensure_partitions(%s, %s)", [DAY, DAY])
        is_held.set()
        wait_for_a_waiting_lock()
    thread.join(30)
    assert not failures
    with connection.cursor() as cursor:
        cursor.execute("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'campaigns_planhour_20270517'")
        assert cursor.fetchall() == [(True,)]
