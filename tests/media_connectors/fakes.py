"""A limiter that never waits and an answering machine in the media's place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx

from media_connectors.contracts import AccountAccess, LimitNotice, Platform, Vendor
from media_connectors.http import MediaHttp

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class OpenLimiter:
    """Lets everything pass and remembers what it was asked and told."""

    def __init__(self) -> None:
        self.acquired: list[tuple[str, str, str]] = []
        self.notices: list[LimitNotice] = []

    def acquire(self, *, application_id: str, endpoint: str, account_remote_id: str) -> None:
        self.acquired.append((application_id, endpoint, account_remote_id))

    def answered(self, ticket: object) -> None:
        pass

    def unused(self, ticket: object) -> None:
        self.acquired.pop()

    def learn(self, *, application_id: str, endpoint: str, account_remote_id: str, notice: LimitNotice) -> None:
        self.notices.append(notice)


class AnsweringMachine:
    """Plays the given answers in order, the last one again and again; keeps every request."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
        return answer(request)


def media_http(vendor: Vendor, machine: AnsweringMachine, limiter: OpenLimiter | None = None) -> MediaHttp:
    return MediaHttp(
        vendor,
        "http://media.test",
        limiter=limiter or OpenLimiter(),
        transport=httpx.MockTransport(machine),
    )


def ok(data: Any, *, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(200, json={"code": 0, "message": "OK", "request_id": "r1", "data": data}, headers=headers)


def refused(code: int, message: str, *, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(200, json={"code": code, "message": message, "request_id": "r1"}, headers=headers)


def access_to(platform: Platform, account_remote_id: str = "1700000000000000007") -> AccountAccess:
    return AccountAccess(platform, account_remote_id, "42", "secret-token")


def flat(batches: Iterable[Iterable[Any]]) -> list[Any]:
    return [row for batch in batches for row in batch]
