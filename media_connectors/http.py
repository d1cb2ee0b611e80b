"""The one place where bytes leave for a media: pool, timeouts, retries of reads, writes sent exactly once.

A vendor's client builds a ``Call`` and an ``interpret`` function that turns the answer into data or raises an error of
``media_connectors.errors``. What is decided here is only what may be sent again:

* a **read** is tried at most ``READ_ATTEMPTS`` times, with jitter, and waits as long as the media asks;
* a **write** is sent once. If the connection was never made it is ``Transient`` (certainly not carried out); whatever
  goes wrong after the request began, a 5xx and an unreadable answer included, is ``OutcomeUnknown``.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import orjson
import stamina
from prometheus_client import Counter, Histogram

from media_connectors.contracts import LimitNotice, Vendor
from media_connectors.errors import (
    Malformed,
    MediaError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    Withdrawn,
)
from media_connectors.protocols import Limiter

TIMEOUT_SECONDS = 15.0
READ_ATTEMPTS = 3
WATCHED_SECONDS = 5.0  # somebody looks at a blank dialog, and a web server's thread is taken
LONGEST_READ_WAIT_SECONDS = 10.0  # a media that asks for more gets its wait from the caller, not inside a worker
POOL_SIZE = 64
PUNCTUAL_SECONDS = 0.05  # a write that waited longer for its turn is asked once more whether it is wanted
KEEPALIVE_SECONDS = 20.0  # below the 30-60 s after which front ends drop idle connections

CALLS = Counter("media_calls", "Calls sent to a media", ["vendor", "endpoint", "outcome"])
SECONDS = Histogram("media_call_seconds", "Time from send to answer", ["vendor", "endpoint"])

# httpx logs every URL at INFO, and one vendor call carries the token in its query.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

T = TypeVar("T")
Envelope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class UploadFile:
    """The file part of a multipart call."""

    part: str
    filename: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request before it is sent. ``endpoint`` names it for limits and metrics."""

    method: str
    endpoint: str
    application_id: str
    account_remote_id: str = ""
    access_token: str = field(default="", repr=False)
    params: Mapping[str, str] | None = field(default=None, repr=False)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    file: UploadFile | None = None


@dataclass(slots=True)
class _Wish:
    question: Callable[[], bool]
    is_begun: bool = False


_WISH: ContextVar[_Wish | None] = ContextVar("wish", default=None)
_IS_WATCHED: ContextVar[bool] = ContextVar("is_watched", default=False)
Interpret = Callable[[httpx.Response], T]


class MediaHttp:
    """A connection pool to one vendor; safe to share between threads."""

    def __init__(
        self,
        vendor: Vendor,
        base_url: str,
        *,
        limiter: Limiter,
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.vendor = vendor
        self._limiter = limiter
        self._client = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(timeout_seconds),
            limits=httpx.Limits(
                max_connections=POOL_SIZE, max_keepalive_connections=POOL_SIZE, keepalive_expiry=KEEPALIVE_SECONDS
            ),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
            headers={"User-Agent": "X-Magnet", "Accept": "application/json"},
        )

    def close(self) -> None:
        """Close the pool; later calls fail."""
        self._client.close()

    def read(self, call: Call, interpret: Interpret[T]) -> T:
        """Send a call that changes nothing, again if need be.

        Raises any ``MediaError`` but ``OutcomeUnknown``; ``RateLimited`` when the limiter's or the media's wait is
        longer than a read may sleep.
        """
        if _IS_WATCHED.get():
            return self._send(call, self._acquire(call), interpret, unanswered=Transient)
        for attempt in stamina.retry_context(
            on=_backoff, attempts=READ_ATTEMPTS, timeout=None, wait_initial=0.2, wait_max=2.0, wait_jitter=0.5
        ):
            ticket = self._acquire(call)
            with attempt:
                return self._send(call, ticket, interpret, unanswered=Transient)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def write(self, call: Call, interpret: Interpret[T]) -> T:
        """Send a call that changes something, once.

        Raises ``OutcomeUnknown`` when the media may have carried it out and we do not know; every other error means
        that it certainly did not. ``Withdrawn``: it waited for its turn, and is not wanted any more.
        """
        asked = time.monotonic()
        ticket = self._acquire(call)
        wish = _WISH.get()
        if wish is not None and not wish.is_begun:
            if time.monotonic() - asked > PUNCTUAL_SECONDS and not wish.question():
                self._limiter.unused(ticket)
                raise Withdrawn("not sent: no longer wanted")
            wish.is_begun = True
        try:
            return self._send(call, ticket, interpret, unanswered=OutcomeUnknown)
        except Malformed as error:
            raise OutcomeUnknown(error.message, code=error.code, request_id=error.request_id) from error

    def _acquire(self, call: Call) -> object:
        return self._limiter.acquire(
            application_id=call.application_id, endpoint=call.endpoint, account_remote_id=call.account_remote_id
        )

    def _send(self, call: Call, ticket: object, interpret: Interpret[T], *, unanswered: type[MediaError]) -> T:
        outcome = "ok"
        started = time.perf_counter()
        try:
            try:
                response = self._exchange(call, unanswered)
            finally:
                self._limiter.answered(ticket)
            self._learn(call, response)
            try:
                return interpret(response)
            except Transient as error:
                if unanswered is Transient:
                    raise
                # The media failed while it worked on a write: half of it may be done.
                raise unanswered(error.message, code=error.code, request_id=error.request_id) from error
        except MediaError as error:
            outcome = type(error).__name__
            if isinstance(error, RateLimited):
                self._learn_refusal(call, error)
            raise
        finally:
            CALLS.labels(self.vendor, call.endpoint, outcome).inc()
            SECONDS.labels(self.vendor, call.endpoint).observe(time.perf_counter() - started)

    def _exchange(self, call: Call, unanswered: type[MediaError]) -> httpx.Response:
        headers = {"Access-Token": call.access_token} if call.access_token else {}
        content = None
        if call.body is not None:
            content = orjson.dumps(call.body)
            headers["Content-Type"] = "application/json"
        files = None
        if call.file is not None:
            files = {call.file.part: (call.file.filename, call.file.content, "application/octet-stream")}
        request = self._client.build_request(
            call.method,
            call.endpoint,
            params=call.params,
            content=content,
            data=call.form,
            files=files,
            headers=headers,
            timeout=WATCHED_SECONDS if _IS_WATCHED.get() else self._client.timeout,
        )
        try:
            return self._client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Transient(f"no connection to {self.vendor}: {type(error).__name__}") from error
        except httpx.RequestError as error:
            raise unanswered(f"no answer from {self.vendor}: {type(error).__name__}") from error

    def _learn(self, call: Call, response: httpx.Response) -> None:
        limit = _number(response.headers.get("X-RateLimit-Limit"))
        if limit is None:
            return
        self._limiter.learn(
            application_id=call.application_id,
            endpoint=call.endpoint,
            account_remote_id=call.account_remote_id,
            notice=LimitNotice(
                scope="endpoint",
                dimension=response.headers.get("X-RateLimit-Dimension", ""),
                limit=int(limit),
                remaining=int(_number(response.headers.get("X-RateLimit-Remaining")) or 0),
            ),
        )

    def _learn_refusal(self, call: Call, error: RateLimited) -> None:
        self._limiter.learn(
            application_id=call.application_id,
            endpoint=call.endpoint,
            account_remote_id=call.account_remote_id,
            notice=LimitNotice(scope=error.scope, is_refused=True, retry_after=error.retry_after),
        )


@contextmanager
def wanted_while(question: Callable[[], bool]) -> Iterator[None]:
    """Within this block (of this thread) the first write, if it had to wait for its turn, is sent only if ``question``
    says so.

    Limits let calls wait for seconds; what was cancelled meanwhile must not go out. What was begun is finished.
    """
    token = _WISH.set(_Wish(question))
    try:
        yield
    finally:
        _WISH.reset(token)


@contextmanager
def while_somebody_waits() -> Iterator[None]:
    """Within this block reads are for a person in front of a page: tried once, and given up after seconds."""
    token = _IS_WATCHED.set(True)
    try:
        yield
    finally:
        _IS_WATCHED.reset(token)


def read_envelope(response: httpx.Response) -> Envelope:
    """The JSON object of an answer, whatever business code it carries.

    Raises ``RateLimited`` (429), ``Transient`` (5xx, 408), ``Rejected`` (4xx of a front end without an envelope) and
    ``Malformed`` (anything that is not a JSON object with a code).
    """
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise RateLimited("too many requests", retry_after=retry_after(response.headers), code=429)
    if response.status_code >= 500 or response.status_code == httpx.codes.REQUEST_TIMEOUT:
        raise Transient(f"HTTP {response.status_code}", code=response.status_code)
    try:
        envelope = orjson.loads(response.content)
    except orjson.JSONDecodeError as error:
        if 400 <= response.status_code < 500:
            raise Rejected(f"HTTP {response.status_code}", code=response.status_code) from error
        raise Malformed("the answer is not JSON", code=response.status_code) from error
    if not isinstance(envelope, dict) or "code" not in envelope:
        raise Malformed("the answer has no code", code=response.status_code)
    return envelope


def retry_after(headers: httpx.Headers, *, default: float = 1.0) -> float:
    """Seconds that the media asks to wait; ``default`` where it does not say."""
    for name in ("X-RateLimit-RetryIn", "Retry-After"):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return seconds
    return default


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:  # an HTTP date, or noise: the default wait will do
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _backoff(error: Exception) -> bool | float:
    """Whether a failed read is worth another try, or after how many seconds."""
    if isinstance(error, RateLimited):
        return error.retry_after if 0 < error.retry_after <= LONGEST_READ_WAIT_SECONDS else False
    return isinstance(error, Transient | Malformed)
