"""A signed-in reader of the real web server: cookies, keep-alive, and what an answer cost."""

from __future__ import annotations

import http.client
import logging
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from tests.stacks import RunningStack


@dataclass(frozen=True, slots=True)
class Address:
    """Something to ask for; ``is_island``: by HTMX, which wants the fragment alone."""

    path: str
    is_island: bool = False


class Reader:
    """One person's browser over one connection."""

    def __init__(self, stack: RunningStack, user_id: int, *, language: str = "zh-hans") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
        self._headers = {
            "Cookie": f"sessionid={_signed_in(user_id).cookies['sessionid'].value}",
            "Accept-Language": language,
        }

    def get(self, address: Address) -> tuple[float, bytes]:
        """Seconds until the last byte, and the body; raises AssertionError for anything but 200."""
        headers = self._headers | ({"HX-Request": "true"} if address.is_island else {})
        started = time.perf_counter()
        self._connection.request("GET", address.path, headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - started
        assert response.status == 200, (address.path, response.status, body[:300])
        return seconds, body


def _signed_in(user_id: int) -> Any:
    """A client of Django's with a new session, as after the sign-in form."""
    from django.test import Client

    from xmagnet.accounts.models import User

    logging.getLogger("axes").setLevel(logging.WARNING)  # it tells of every sign-in
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(pk=user_id), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def most_queries(user_id: int, addresses: Iterable[Address]) -> int:
    """How many questions the same views ask the database at most, session and gate included.

    Each is asked twice: what a process keeps from its first answer is not a page's cost. Savepoints are no questions.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = _signed_in(user_id)
    bookkeeping = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    most = 0
    for address in addresses:
        headers = {"HX-Request": "true"} if address.is_island else {}
        client.get(address.path, headers=headers)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address.path, headers=headers).status_code == 200, address.path
        most = max(most, sum(not query["sql"].startswith(bookkeeping) for query in captured))
    return most


def p95_ms(seconds: Sequence[float]) -> float:
    """The 95th percentile in milliseconds."""
    return statistics.quantiles(seconds, n=20)[-1] * 1000


def cpu_seconds(stack: RunningStack) -> float:
    """What the web server and the database have used so far: says more than a clock on a busy machine."""
    total = 0.0
    for name in ("web", "postgres"):
        parent = psutil.Process(stack.pid(name))
        for process in (parent, *parent.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
    return total
