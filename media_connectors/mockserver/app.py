"""The WSGI application: one call from the wire to the wire, with everything that can go wrong on the way."""

import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from . import preview
from .calls import CallRecord
from .config import MockConfig
from .control.api import ControlApi
from .dialect import Call, Dialect, Endpoint, Page, Refused
from .dialects import build_dialects
from .limits import ACCOUNT, DEVELOPER, ENDPOINT, FREE, Verdict
from .world import World

StartResponse = Callable[..., Any]
JSON = "application/json; charset=utf-8"
logger = logging.getLogger("mockserver")
ROW_LISTS = frozenset({"list", "rows", "details", "logs", "accounts"})
LIMIT_FAULTS = {"limit_account": ACCOUNT, "limit_developer": DEVELOPER, "limit_endpoint": ENDPOINT}
STATUS_LINES = {200: "200 OK", 302: "302 Found", 400: "400 Bad Request", 404: "404 Not Found",
                405: "405 Method Not Allowed", 500: "500 Internal Server Error", 502: "502 Bad Gateway",
                503: "503 Service Unavailable", 504: "504 Gateway Timeout"}  # fmt: skip


class HangUp(Exception):
    """The connection breaks without an answer; our server resets the socket."""


class MockApp:
    """Call it as WSGI. ``world`` is open to tests; ``close()`` writes the last snapshot."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._control = ControlApi(world)
        self._routes: dict[str, tuple[Dialect, Endpoint]] = {}
        for dialect in build_dialects():
            for endpoint in dialect.endpoints():
                self._routes[endpoint.path] = (dialect, endpoint)

    def close(self) -> None:
        self.world.close()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if "//" in path:
            # As the vendors' front servers do; the community SDK begins some paths with a slash of its own.
            path = re.sub("/+", "/", path)
        if path.startswith("/control"):
            return self._send(start_response, *self._control.handle(environ))
        if path.startswith(preview.ROOT):
            page = preview.draw(self.world, path)
            return self._send(start_response, page.status, page.content_type, page.body, page.headers)
        route = self._routes.get(path)
        if route is None:
            return self._send(start_response, 404, JSON, b'{"code":404,"message":"no such path"}', {})
        try:
            return self._send(start_response, *self._serve(environ, path, *route))
        except HangUp:
            if environ.get("mockserver.can_reset"):
                raise
            # Mounted by httpx.WSGITransport there is no socket to reset: raise what httpx would have raised.
            import httpx

            raise httpx.ReadError("connection reset by the mock media") from None

    def _serve(
        self, environ: dict[str, Any], path: str, dialect: Dialect, endpoint: Endpoint
    ) -> tuple[int, str, bytes, dict[str, str]]:
        begun = time.perf_counter()
        call = Call(self.world, dialect, environ, environ["REQUEST_METHOD"], path)
        verdict = FREE
        code = 0
        try:
            status, content_type, body, headers, verdict, code = self._answer(call, endpoint)
        except HangUp:
            self._record(call, begun, 0, -1, verdict)
            raise
        self._wait(call)
        if "malformed_json" in call.strike and content_type == JSON:
            body = body[: max(1, len(body) * 2 // 3)]
        self._record(call, begun, status, code, verdict)
        return status, content_type, body, {**verdict.headers(), **headers}

    def _answer(self, call: Call, endpoint: Endpoint) -> tuple[int, str, bytes, dict[str, str], Verdict, int]:
        dialect, verdict = call.dialect, FREE
        try:
            if call.method not in endpoint.methods:
                raise Refused(40000, f"method {call.method} is not allowed", status=405)
            call.params = dialect.parse(call)
            refusal = self._find_token(call) if endpoint.needs_token else None
            account_id = dialect.read_account_id(call)
            with self.world.lock:
                call.strike = self.world.faults.strike(
                    dialect.medium, call.path, account_id, call.header("X-Mock-Fault")
                )
            if "reset_before" in call.strike:
                raise HangUp
            if "server_error" in call.strike:
                status = int(call.strike.number("server_error", "status", 502))
                page = b"<html><body><h1>upstream error</h1></body></html>"
                return status, "text/html", page, {}, verdict, status
            verdict = self._limit(call, endpoint, account_id)
            if verdict.layer:
                raise dialect.limit_refusal(verdict.layer)
            if refusal is not None:
                raise refusal
            if "expired_token" in call.strike and endpoint.needs_token:
                raise dialect.token_refusal("expired")
            if "account_disabled" in call.strike and account_id is not None:
                raise dialect.account_refusal(account_id)
            if "out_of_funds" in call.strike and account_id is not None:
                raise dialect.funds_refusal()
            if "system_error" in call.strike:
                raise dialect.system_refusal()
            with self.world.lock:
                call.now = self.world.tick()
                data = self._handle(call, endpoint)
                payload = data if isinstance(data, Page) else dialect.answer(call, _bend(call, data))
        except Refused as refused:
            return self._refuse(call, refused, verdict)
        except HangUp:
            raise
        except Exception:  # a server goes on
            # To the caller a bug of ours is one of the vendor's. It is counted, so that no retry can hide it.
            logger.exception("%s %s failed", call.method, call.path)
            self.world.calls.note_failure()
            return self._refuse(call, dialect.system_refusal(), verdict)
        if "reset_after" in call.strike:
            raise HangUp
        if isinstance(payload, Page):
            return payload.status, payload.content_type, payload.body, payload.headers, verdict, 0
        return 200, JSON, orjson.dumps(payload), {}, verdict, payload.get("code", 0)

    @staticmethod
    def _refuse(call: Call, refused: Refused, verdict: Verdict) -> tuple[int, str, bytes, dict[str, str], Verdict, int]:
        body = orjson.dumps(call.dialect.refuse(call, refused))
        return refused.status, JSON, body, refused.headers, verdict, refused.code

    def _handle(self, call: Call, endpoint: Endpoint) -> Any:
        """What the handler says. Rows that it saved are on disk before anybody can see the answer."""
        try:
            return endpoint.handler(call)
        finally:
            self.world.store.flush()

    def _find_token(self, call: Call) -> Refused | None:
        """Put the token into the call, or say why it does not count. Limits are checked before it is refused."""
        text = call.dialect.read_access_token(call)
        if not text:
            return call.dialect.token_refusal("missing")
        pair = self.world.store.tokens.get(text)
        if pair is None:
            return call.dialect.token_refusal("unknown")
        app = self.world.store.apps.get(pair.app_id)
        if app is None or app.medium != call.dialect.medium:
            return call.dialect.token_refusal("unknown")
        call.token = pair
        if pair.is_replaced or self.world.clock.lifetime_now() >= pair.access_expires_at:
            return call.dialect.token_refusal("expired")
        return None

    def _limit(self, call: Call, endpoint: Endpoint, account_id: int | None) -> Verdict:
        if endpoint.is_page:
            return FREE
        for name, layer in LIMIT_FAULTS.items():
            if name in call.strike:
                return Verdict(layer, 10.0, 0, call.strike.number(name, "retry_in", 1.0))
        if self.world.limiter.rules is None:
            return FREE
        app_id = call.token.app_id if call.token else call.dialect.read_app_id(call)
        with self.world.lock:
            return self.world.limiter.check(call.path, app_id, account_id)

    def _wait(self, call: Call) -> None:
        delay = self.world.latency_ms
        if "slow" in call.strike:
            delay += call.strike.number("slow", "ms", 2000)
        if delay:
            time.sleep(delay / 1000)

    def _record(self, call: Call, begun: float, status: int, code: int, verdict: Verdict) -> None:
        self.world.calls.add(
            CallRecord(
                at=time.time(),
                media_at=call.now or self.world.clock.now(),
                medium=call.dialect.medium,
                method=call.method,
                path=call.path,
                app_id=call.token.app_id if call.token else call.dialect.read_app_id(call),
                account_id=call.dialect.read_account_id(call),
                status=status,
                code=code,
                limited=verdict.layer,
                faults=tuple(call.strike.faults),
                milliseconds=round((time.perf_counter() - begun) * 1000, 3),
            )
        )

    @staticmethod
    def _send(
        start_response: StartResponse, status: int, content_type: str, body: bytes, headers: dict[str, str]
    ) -> list[bytes]:
        start_response(
            STATUS_LINES.get(status, f"{status} Status"),
            [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers.items()],
        )
        return [body]


def _bend(call: Call, data: Any) -> Any:
    """Apply the faults that falsify a list: half a page, a row twice."""
    if not isinstance(data, dict) or not ("half_page" in call.strike or "duplicate_ids" in call.strike):
        return data
    lists = [key for key, value in data.items() if isinstance(value, list) and value]
    if not lists:
        return data
    key = max(lists, key=lambda name: (name in ROW_LISTS, len(data[name])))
    rows = data[key]
    if "half_page" in call.strike:
        rows = rows[: len(rows) // 2]
    if "duplicate_ids" in call.strike and rows:
        rows = [*rows[:1], *rows] if len(rows) == 1 else [*rows[:-1], rows[0]]
    return {**data, key: rows}


def create_app(config: MockConfig | None = None, **clocks: Any) -> MockApp:
    """A WSGI app over a fresh or restored world; ``wall=`` and ``monotonic=`` replace the system's clocks in tests."""
    return MockApp(World(config or MockConfig(), **clocks))
