"""What may be sent again, and what a lost answer means."""

import logging

import httpx
import pytest

from media_connectors.contracts import Vendor
from media_connectors.errors import Malformed, OutcomeUnknown, RateLimited, Rejected, Transient
from media_connectors.http import WATCHED_SECONDS, Call, read_envelope, while_somebody_waits
from tests.media_connectors.fakes import AnsweringMachine, OpenLimiter, media_http, ok

CALL = Call("POST", "/create", application_id="42", account_remote_id="7", access_token="secret-token", body={"a": 1})


def send(kind, machine, limiter=None):
    http = media_http(Vendor.OCEANENGINE, machine, limiter)
    return getattr(http, kind)(CALL, lambda response: read_envelope(response)["data"])


def test_a_read_is_tried_three_times_and_no_more():
    machine = AnsweringMachine(httpx.Response(502))
    with pytest.raises(Transient):
        send("read", machine)
    assert len(machine.requests) == 3


def test_a_read_that_somebody_waits_for_is_tried_once_and_not_for_long():
    machine = AnsweringMachine(httpx.Response(502))
    with pytest.raises(Transient), while_somebody_waits():
        send("read", machine)
    (request,) = machine.requests
    assert request.extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), WATCHED_SECONDS)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(503),
        httpx.Response(200, content=b'{"code":0,"da'),
        httpx.Response(200, json=["no envelope"]),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        httpx.Response(429, headers={"Retry-After": "1"}),
    ],
)
def test_a_read_survives_one_trouble(trouble):
    machine = AnsweringMachine(trouble, ok({"n": 1}))
    assert send("read", machine) == {"n": 1}
    assert len(machine.requests) == 2


def test_a_read_does_not_sleep_through_a_long_wait():
    machine = AnsweringMachine(httpx.Response(429, headers={"X-RateLimit-RetryIn": "300"}), ok({}))
    with pytest.raises(RateLimited) as raised:
        send("read", machine)
    assert raised.value.retry_after == 300
    assert len(machine.requests) == 1


@pytest.mark.parametrize(
    "trouble", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]
)
def test_a_write_without_connection_was_certainly_not_sent(trouble):
    machine = AnsweringMachine(trouble)
    with pytest.raises(Transient) as raised:
        send("write", machine)
    assert raised.value.is_definite
    assert len(machine.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.Response(500),
        httpx.Response(502, content=b"<html>"),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"no": "code"}),
    ],
)
def test_a_write_that_lost_its_answer_is_unknown_and_sent_once(trouble):
    machine = AnsweringMachine(trouble)
    with pytest.raises(OutcomeUnknown):
        send("write", machine)
    assert len(machine.requests) == 1


def test_a_front_end_that_refuses_a_write_is_definite():
    with pytest.raises(Rejected) as raised:
        send("write", AnsweringMachine(httpx.Response(413, content=b"<html>")))
    assert raised.value.code == "413"


def test_a_throttled_write_is_definite_and_tells_the_wait():
    with pytest.raises(RateLimited) as raised:
        send("write", AnsweringMachine(httpx.Response(429, headers={"Retry-After": "7"})))
    assert raised.value.retry_after == 7
    assert raised.value.is_definite


def test_the_limiter_is_asked_before_each_attempt_and_told_about_refusals():
    limiter = OpenLimiter()
    headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "3", "X-RateLimit-Dimension": "developer_qps"}
    send("read", AnsweringMachine(httpx.Response(429, headers={"Retry-After": "2"}), ok({}, headers=headers)), limiter)
    assert limiter.acquired == [("42", "/create", "7")] * 2
    refusal, news = limiter.notices
    assert (refusal.is_refused, refusal.scope, refusal.retry_after) == (True, "endpoint", 2.0)
    assert (news.is_refused, news.limit, news.remaining, news.dimension) == (False, 10, 3, "developer_qps")


def test_a_limiter_that_asks_to_wait_is_not_retried_and_nothing_is_sent():
    class Full(OpenLimiter):
        def acquire(self, **asked):
            super().acquire(**asked)
            raise RateLimited("full", retry_after=1.0)

    limiter, machine = Full(), AnsweringMachine(ok({}))
    with pytest.raises(RateLimited):
        send("read", machine, limiter)
    assert len(limiter.acquired) == 1
    assert machine.requests == []


def test_an_unreadable_read_is_malformed_after_the_last_attempt():
    machine = AnsweringMachine(httpx.Response(200, content=b"nonsense"))
    with pytest.raises(Malformed):
        send("read", machine)
    assert len(machine.requests) == 3


def test_neither_logs_nor_reprs_show_the_token(caplog):
    caplog.set_level(logging.DEBUG)
    send("write", AnsweringMachine(ok({})))
    assert "secret-token" not in caplog.text + repr(CALL)


def test_the_body_is_sent_as_json_with_the_token_in_its_header():
    machine = AnsweringMachine(ok({}))
    send("write", machine)
    request = machine.requests[0]
    assert request.content == b'{"a":1}'
    assert request.headers["Access-Token"] == "secret-token"
    assert request.headers["Content-Type"] == "application/json"
