"""The shared pace: no second ever holds more calls than allowed, and nearly all of them are used."""

import threading
import time

import pytest
from django.db import connection

from media_connectors.contracts import LimitNotice
from media_connectors.errors import RateLimited
from media_connectors.gateway import limits
from media_connectors.gateway.limits import MARGIN, Rates, SlotLimiter
from media_connectors.models import LimiterSlot

CALL = {"application_id": "42", "endpoint": "/create", "account_remote_id": "7"}


class Clock:
    """Time that passes only by sleeping, for PostgreSQL's side too: reservations are played against it."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(limits, "monotonic", lambda: self.now)
        monkeypatch.setattr(limits, "sleep", self.sleep)

    def sleep(self, seconds):
        assert seconds >= 0
        self.now += seconds
        with connection.cursor() as cursor:  # the database's clock goes on, so its rows go back
            cursor.execute(
                "UPDATE media_connectors_limiterslot SET next_free_at = next_free_at - %(s)s * interval '1 second',"
                " blocked_until = blocked_until - %(s)s * interval '1 second'",
                {"s": seconds},
            )


@pytest.fixture
def clock(db, monkeypatch):
    return Clock(monkeypatch)


def starts(limiter, clock, count, **call):
    found = []
    for _ in range(count):
        limiter.acquire(**{**CALL, **call})
        found.append(clock.now)
    return found


def most_in_a_second(instants):
    return max(sum(1 for other in instants if start <= other < start + 1.0) for start in instants)


def test_without_a_limit_nothing_is_asked_of_the_database(clock, django_assert_num_queries):
    limiter = SlotLimiter("oceanengine", Rates())
    limiter.acquire(**CALL)
    with django_assert_num_queries(0):
        limiter.acquire(**CALL)


def test_calls_are_spaced_so_that_no_second_holds_more_than_the_limit(clock):
    instants = starts(SlotLimiter("oceanengine", Rates(developer={"default": 10})), clock, 41)
    assert most_in_a_second(instants) <= 10
    used = 40 / (instants[-1] - instants[0]) / 10
    assert 0.95 <= used <= 1.0


def test_one_statement_takes_one_slot(clock, django_assert_num_queries):
    limiter = SlotLimiter("oceanengine", Rates(developer={"default": 10}, account={"default": 5}))
    limiter.acquire(**CALL)
    clock.now += 0.01
    with django_assert_num_queries(1):
        limiter._reserve(limiter._keys(**CALL), wanted=1)


def test_the_tighter_of_both_limits_holds_and_the_other_is_not_used_up(clock):
    limiter = SlotLimiter("oceanengine", Rates(developer={"default": 100}, account={"default": 5}))
    busy = starts(limiter, clock, 6)
    assert busy[-1] - busy[0] == pytest.approx(5 * MARGIN / 5, abs=0.05)
    other = starts(limiter, clock, 1, account_remote_id="8")
    assert other[0] - busy[-1] < 0.05


def test_patterns_choose_the_rate_of_an_endpoint():
    rates = Rates(developer={"/open_api/v3.0/promotion/*": 5, "default": 10})
    assert rates.of_application("/open_api/v3.0/promotion/create/") == 5
    assert rates.of_application("/open_api/2/user/info/") == 10
    assert rates.of_account("/x") == 0


def test_two_processes_share_one_row(clock):
    rates = Rates(developer={"default": 10})
    one, two = SlotLimiter("oceanengine", rates), SlotLimiter("oceanengine", rates)
    instants = []
    for _ in range(10):
        instants += starts(one, clock, 1) + starts(two, clock, 1)
    assert most_in_a_second(instants) <= 10


def test_a_slot_that_was_missed_is_given_up(clock, monkeypatch):
    limiter = SlotLimiter("oceanengine", Rates(developer={"default": 10}))
    starts(limiter, clock, 1)
    sleep, naps = clock.sleep, []

    def oversleep(seconds):
        naps.append(seconds)
        sleep(seconds + (0.05 if len(naps) == 1 else 0.0))

    monkeypatch.setattr(limits, "sleep", oversleep)
    limiter.acquire(**CALL)
    assert len(naps) == 2


def test_slots_are_reserved_only_a_short_way_ahead(clock):
    limiter = SlotLimiter("oceanengine", Rates(developer={"default": 2}))
    keys = limiter._keys(**CALL)
    first, step, granted = limiter._reserve(keys, wanted=30)
    assert (first, granted) == (0.0, 2)
    assert step == pytest.approx(MARGIN / 2)
    wait, _, none_left = limiter._reserve(keys, wanted=30)
    assert none_left == 0
    assert wait == pytest.approx(MARGIN, abs=0.05)


def test_a_refusal_stops_everybody_until_its_wait_is_over(clock):
    told, other = SlotLimiter("oceanengine", Rates()), SlotLimiter("oceanengine", Rates())
    told.learn(**CALL, notice=LimitNotice(scope="endpoint", is_refused=True, retry_after=3.0))
    begun = clock.now
    other.acquire(**CALL)
    assert clock.now - begun == pytest.approx(3.0, abs=0.1)


def test_a_long_block_is_told_at_once_instead_of_waited_for(clock):
    limiter = SlotLimiter("oceanengine", Rates())
    limiter.learn(**CALL, notice=LimitNotice(scope="endpoint", is_refused=True, retry_after=300.0))
    begun = clock.now
    with pytest.raises(RateLimited) as raised:
        limiter.acquire(**CALL)
    assert clock.now == begun
    assert raised.value.retry_after == pytest.approx(300, abs=1)


def test_an_accounts_refusal_does_not_stop_other_accounts(clock):
    limiter = SlotLimiter("oceanengine", Rates())
    limiter.learn(**CALL, notice=LimitNotice(scope="account", is_refused=True, retry_after=300.0))
    begun = clock.now
    limiter.acquire(**{**CALL, "account_remote_id": "8"})
    assert clock.now == begun


def test_a_told_limit_holds_where_nothing_was_configured(clock):
    limiter = SlotLimiter("oceanengine", Rates())
    limiter.learn(**CALL, notice=LimitNotice(scope="endpoint", limit=5, remaining=4))
    instants = starts(limiter, clock, 11)
    assert most_in_a_second(instants) <= 5
    assert LimiterSlot.objects.get().rate_per_second == 5


def test_a_wider_told_limit_does_not_widen_the_configured_one(clock):
    limiter = SlotLimiter("oceanengine", Rates(developer={"default": 5}))
    starts(limiter, clock, 1)
    limiter.learn(**CALL, notice=LimitNotice(scope="endpoint", limit=50, remaining=49))
    assert LimiterSlot.objects.get().rate_per_second == 5


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_threads_with_connections_of_their_own_never_overdraw_a_second():
    rates, instants, guard = Rates(developer={"default": 40}, account={"default": 40}), [], threading.Lock()
    limiters = [SlotLimiter("oceanengine", rates) for _ in range(2)]

    def work(limiter):
        for _ in range(10):
            limiter.acquire(**CALL)
            with guard:
                instants.append(time.monotonic())
        connection.close()

    threads = [threading.Thread(target=work, args=(limiters[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(instants) == 80
    assert most_in_a_second(instants) <= 40
