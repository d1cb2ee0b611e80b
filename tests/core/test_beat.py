"""Any number of beats may run; one sends."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from celery import Celery
from celery.schedules import crontab
from django.db import connections
from django.utils import timezone

from tests.databases import TestServer
from xmagnet.core.beat import LONGEST_PAUSE_SECONDS, LockedScheduler
from xmagnet.jobs.beat import RememberingScheduler
from xmagnet.jobs.models import PeriodicRun
from xmagnet.schedule import CELERY_BEAT_SCHEDULE

pytestmark = pytest.mark.django_db(transaction=True)


class Recorder(LockedScheduler):
    """Notes what it would send."""

    def __init__(self, sent: list[str]) -> None:
        self.sent = sent
        app = Celery("beat-test", broker="memory://", set_as_current=False)
        app.conf.beat_schedule = {"often": {"task": "often", "schedule": 0.0}}
        super().__init__(app)

    def apply_async(self, entry: object, producer: object = None, advance: bool = True, **options: object) -> None:
        self.sent.append(entry.task)  # type: ignore[attr-defined]

    @property
    def producer(self) -> None:
        return None


@pytest.fixture
def pair() -> Iterator[tuple[Recorder, Recorder]]:
    first, second = Recorder([]), Recorder([])
    yield first, second
    first.close()
    second.close()


def test_only_the_one_with_the_lock_sends(pair: tuple[Recorder, Recorder]) -> None:
    first, second = pair
    first.tick()
    assert second.tick() == LONGEST_PAUSE_SECONDS
    assert (first.sent, second.sent) == (["often"], [])


def test_the_other_takes_over_when_the_first_ends(pair: tuple[Recorder, Recorder]) -> None:
    first, second = pair
    first.tick()
    second.tick()
    first.close()
    second.tick()
    assert (first.sent, second.sent) == (["often"], ["often"])


def test_a_leader_whose_connection_was_ended_stops_sending(
    pair: tuple[Recorder, Recorder], database_server: TestServer
) -> None:
    first, second = pair
    first.tick()
    name = connections["default"].settings_dict["NAME"]
    with database_server.connect() as superuser:
        ended = superuser.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = %s",
            [name],
        ).fetchall()
    assert ended == [(True,)]
    second.tick()
    assert first.tick() == LONGEST_PAUSE_SECONDS
    assert (first.sent, second.sent) == (["often"], ["often"])


class Nightly(RememberingScheduler):
    """Notes what it would send of a task with an hour of its own."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        app = Celery("nightly-test", broker="memory://", set_as_current=False)
        app.conf.beat_schedule = {"nightly": {"task": "nightly", "schedule": crontab(hour="3", minute="20")}}
        super().__init__(app)

    def apply_async(self, entry: object, producer: object = None, advance: bool = True, **options: object) -> None:
        self.sent.append(entry.task)  # type: ignore[attr-defined]

    @property
    def producer(self) -> None:
        return None


def ticked() -> list[str]:
    """What a beat sends that starts now."""
    beat = Nightly()
    beat.tick()
    beat.close()
    return beat.sent


def test_a_nightly_task_that_was_missed_is_sent_once_after_the_start() -> None:
    PeriodicRun.objects.create(name="nightly", ran_at=timezone.now() - timedelta(hours=25))
    assert ticked() == ["nightly"]
    assert ticked() == []
    assert timezone.now() - PeriodicRun.objects.get().ran_at < timedelta(minutes=5)


def test_a_first_start_makes_up_for_nothing_but_begins_to_count() -> None:
    assert ticked() == []
    assert PeriodicRun.objects.filter(name="nightly").exists()


def test_of_two_beats_that_saw_the_same_hour_one_sends() -> None:
    PeriodicRun.objects.create(name="nightly", ran_at=timezone.now() - timedelta(hours=25))
    first, second = Nightly(), Nightly()  # both have read the old run
    first.tick()
    first.close()
    second.tick()
    second.close()
    assert (first.sent, second.sent) == (["nightly"], [])


def test_every_periodic_task_exists_and_goes_to_a_queue_that_workers_read() -> None:
    from xmagnet.celery import app

    app.loader.import_default_modules()
    assert {line["task"] for line in CELERY_BEAT_SCHEDULE.values()} - set(app.tasks) == set()
    assert {line["options"]["queue"] for line in CELERY_BEAT_SCHEDULE.values()} <= set(app.conf.task_queues)
