"""The shared pace: no second ever holds more calls than allowed, and nearly all of them are used."""

import threading
import time

import pytest
from django.db import connection, transaction

from media_connectors.contracts import LimitNotice
from media_connectors.errors import RateLimited
from media_connectors.gateway import limits
from media_connectors.gateway.limits import OUT_SECONDS, REST_SECONDS, Rates, TokenLimiter
from media_connectors.models import LimiterSlot

CALL = {"application_id": "42", "endpoint": "/create", "account_remote_id": "7"}


class Clock:
    """Time that passes only by sleeping, here and in PostgreSQL: a setting of the session takes its clock's place."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(limits, "monotonic", lambda: self.now)
        monkeypatch.setattr(limits, "sleep", self.sleep)
        for name in ("_TAKE", "_ENSURE", "_BLOCK"):
            statement = getattr(limits, name).replace("clock_timestamp()", "now()")
            clock = "to_timestamp(current_setting('tests.now')::float8)"
            monkeypatch.setattr(limits, name, statement.replace("now()", clock))

    @property
    def now(self):
        return self._now

    @now.setter
    def now(self, instant):
        self._now = instant
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('tests.now', %s, false)", [repr(instant)])

    def sleep(self, seconds):
        assert seconds >= 0
        self.now += seconds


@pytest.fixture
def clock(db, monkeypatch):
    return Clock(monkeypatch)


def starts(limiter, clock, count, **call):
    found = []
    for _ in range(count):
        ticket = limiter.acquire(**{**CALL, **call})
        found.append(clock.now)
        limiter.answered(ticket)
    return found


def most_in_a_second(instants):
    return max(sum(1 for other in instants if start <= other < start + 1.0) for start in instants)


def test_without_a_limit_nothing_is_asked_of_the_database(clock, django_assert_num_queries):
    limiter = TokenLimiter("oceanengine", Rates())
    limiter.acquire(**CALL)
    with django_assert_num_queries(0):
        limiter.acquire(**CALL)


def test_no_second_holds_more_than_the_limit_and_nearly_all_is_used(clock):
    instants = starts(TokenLimiter("oceanengine", Rates(developer={"default": 10})), clock, 101)
    assert most_in_a_second(instants) <= 10
    used = 100 / (instants[-1] - instants[0]) / 10
    assert 0.95 <= used <= 1.0


def test_one_statement_takes_tokens_of_both_limits(clock, django_assert_num_queries):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 10}, account={"default": 5}))
    limiter.acquire(**CALL)
    with django_assert_num_queries(1):
        now, instants, *_ = limiter._take(limiter._keys(**CALL), wanted=2)
    assert len(instants) == 2
    assert instants == sorted(instants)
    waiting = {slot.key: sum(free > now for free in slot.free_at) for slot in LimiterSlot.objects.all()}
    assert set(waiting.values()) == {3}


def test_the_tighter_of_both_limits_holds_and_the_other_is_not_used_up(clock):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 100}, account={"default": 5}))
    busy = starts(limiter, clock, 11)
    assert most_in_a_second(busy) <= 5
    assert busy[-1] - busy[0] == pytest.approx(2 * (1 + REST_SECONDS), abs=0.1)
    other = starts(limiter, clock, 1, account_remote_id="8")
    assert other[0] - busy[-1] < 0.05


def test_less_than_one_call_a_second_is_possible(clock):
    instants = starts(TokenLimiter("oceanengine", Rates(developer={"default": 0.5})), clock, 4)
    assert instants[-1] - instants[0] == pytest.approx(3 * (2 + REST_SECONDS), abs=0.1)


def test_patterns_choose_the_rate_of_an_endpoint():
    rates = Rates(developer={"/open_api/v3.0/promotion/*": 5, "default": 10})
    assert rates.of_application("/open_api/v3.0/promotion/create/") == 5
    assert rates.of_application("/open_api/2/user/info/") == 10
    assert rates.of_account("/x") == 0


def test_two_processes_share_one_row(clock):
    rates = Rates(developer={"default": 10})
    one, two = TokenLimiter("oceanengine", rates), TokenLimiter("oceanengine", rates)
    instants = []
    for _ in range(10):
        instants += starts(one, clock, 1) + starts(two, clock, 1)
    assert most_in_a_second(instants) <= 10


def test_a_call_that_may_have_been_counted_late_keeps_its_token_longer(clock):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 2}))
    punctual, late = limiter.acquire(**CALL), limiter.acquire(**CALL)
    limiter.answered(punctual)
    clock.now += 0.4
    limiter.answered(late)
    first, second = sorted(LimiterSlot.objects.get().free_at)
    assert first - punctual.token.at == pytest.approx(1 + REST_SECONDS, abs=1e-6)
    assert second - late.token.at == pytest.approx(1 + 0.4, abs=1e-6)


def test_of_calls_of_one_instant_each_gives_back_its_own_token(clock):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 2}))
    now, (at, same), *_ = limiter._take(limiter._keys(**CALL), wanted=2)
    assert at == same == now
    token = limits._Token(at, clock.now, clock.now)
    one, other = (limits.Ticket(limiter._queue(limiter._keys(**CALL)), token, clock.now) for _ in range(2))
    limiter.answered(one)
    clock.now += 0.5
    limiter.answered(other)
    first, second = sorted(LimiterSlot.objects.get().free_at)
    assert first - at == pytest.approx(1 + REST_SECONDS, abs=1e-6)
    assert second - at == pytest.approx(1 + 0.5, abs=1e-6)


def test_a_token_is_not_given_to_another_before_its_answer(clock):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 1}))
    slow = limiter.acquire(**CALL)
    clock.sleep(3.0)
    with pytest.raises(RateLimited):
        limiter.acquire(**CALL)
    limiter.answered(slow)
    clock.sleep(1.0)
    begun = clock.now
    limiter.acquire(**CALL)
    assert clock.now == begun


def test_a_token_whose_process_died_comes_back_when_its_call_must_be_over(clock):
    TokenLimiter("oceanengine", Rates(developer={"default": 1})).acquire(**CALL)
    clock.sleep(OUT_SECONDS + 1.1)
    begun = clock.now
    TokenLimiter("oceanengine", Rates(developer={"default": 1})).acquire(**CALL)
    assert clock.now == begun


def test_the_usual_time_to_an_answer_does_not_count_as_late(clock):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 100}))
    for _ in range(limits.ANSWERS_TO_KNOW + 1):
        ticket = limiter.acquire(**CALL)
        clock.now += 0.05
        limiter.answered(ticket)
    assert max(LimiterSlot.objects.get().free_at) - ticket.token.at == pytest.approx(1 + REST_SECONDS, abs=0.06)
    assert ticket.token.at + 1 + REST_SECONDS in LimiterSlot.objects.get().free_at


def test_tokens_are_taken_only_a_short_way_ahead(clock):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 2}))
    keys = limiter._keys(**CALL)
    now, instants, *_ = limiter._take(keys, wanted=30)
    assert instants == [now, now]
    now, none_left, first, _ = limiter._take(keys, wanted=30)
    assert none_left == []
    assert first - now == pytest.approx(OUT_SECONDS + 1 + REST_SECONDS, abs=0.05)


def test_a_changed_limit_does_not_give_the_second_twice(clock):
    starts(TokenLimiter("oceanengine", Rates(developer={"default": 5})), clock, 5)
    changed = TokenLimiter("oceanengine", Rates(developer={"default": 8}))
    begun = clock.now
    assert starts(changed, clock, 1)[0] - begun == pytest.approx(1.0, abs=0.05)


def test_a_refusal_stops_everybody_until_its_wait_is_over(clock):
    told, other = TokenLimiter("oceanengine", Rates()), TokenLimiter("oceanengine", Rates())
    told.learn(**CALL, notice=LimitNotice(scope="endpoint", is_refused=True, retry_after=3.0))
    begun = clock.now
    other.acquire(**CALL)
    assert clock.now - begun == pytest.approx(3.0, abs=0.1)


def test_a_long_block_is_told_at_once_instead_of_waited_for(clock):
    limiter = TokenLimiter("oceanengine", Rates())
    limiter.learn(**CALL, notice=LimitNotice(scope="endpoint", is_refused=True, retry_after=300.0))
    begun = clock.now
    with pytest.raises(RateLimited) as raised:
        limiter.acquire(**CALL)
    assert clock.now == begun
    assert raised.value.retry_after == pytest.approx(300, abs=1)


def test_an_accounts_refusal_does_not_stop_other_accounts(clock):
    limiter = TokenLimiter("oceanengine", Rates())
    limiter.learn(**CALL, notice=LimitNotice(scope="account", is_refused=True, retry_after=300.0))
    begun = clock.now
    limiter.acquire(**{**CALL, "account_remote_id": "8"})
    assert clock.now == begun


def test_a_told_limit_holds_where_nothing_was_configured(clock):
    limiter = TokenLimiter("oceanengine", Rates())
    limiter.learn(**CALL, notice=LimitNotice(scope="endpoint", limit=5, remaining=4))
    instants = starts(limiter, clock, 11)
    assert most_in_a_second(instants) <= 5
    assert LimiterSlot.objects.get().rate_per_second == 5


def test_a_wider_told_limit_does_not_widen_the_configured_one(clock):
    limiter = TokenLimiter("oceanengine", Rates(developer={"default": 5}))
    starts(limiter, clock, 1)
    limiter.learn(**CALL, notice=LimitNotice(scope="endpoint", limit=50, remaining=49))
    assert LimiterSlot.objects.get().rate_per_second == 5


@pytest.mark.django_db(transaction=True)
def test_nobody_calls_a_media_inside_a_transaction():
    limiter = TokenLimiter("oceanengine", Rates())
    with pytest.raises(RuntimeError, match="never called inside a transaction"), transaction.atomic():
        limiter.acquire(**CALL)
    assert limiter.acquire(**CALL) is None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_threads_with_connections_of_their_own_never_overdraw_a_second():
    rates, instants, guard = Rates(developer={"default": 40}, account={"default": 40}), [], threading.Lock()
    limiters = [TokenLimiter("oceanengine", rates) for _ in range(2)]

    def work(limiter):
        for _ in range(10):
            ticket = limiter.acquire(**CALL)
            with guard:
                instants.append(time.monotonic())
            limiter.answered(ticket)
        connection.close()

    threads = [threading.Thread(target=work, args=(limiters[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(instants) == 80
    assert most_in_a_second(instants) <= 40
