"""What a dialect is made of: calls in, plain data or a ``Refused`` out.

A dialect translates one medium's wire into the shared model and back. It is a package under ``dialects`` with a class
that derives from ``Dialect``::

    class Example(Dialect):
        medium = "example"

        def endpoints(self):
            return [Endpoint("/v1/plan/create", create_plan), Endpoint("/v1/plan/list", list_plans)]

        def read_access_token(self, call): return call.header("Access-Token")
        def read_account_id(self, call): return whole_number(call.params.get("advertiser_id"))
        def read_app_id(self, call): return whole_number(call.params.get("app_id"))
        def parse(self, call): return call.json_body()
        def answer(self, call, data): return {"code": 0, "message": "OK", "data": data}
        def refuse(self, call, refused): return {"code": refused.code, "message": refused.message}
        def token_refusal(self, reason): return Refused(401, reason)
        def account_refusal(self, account_id): return Refused(403, "no permission")
        def funds_refusal(self): return Refused(402, "no money")
        def limit_refusal(self, layer): return Refused(429, layer)
        def system_refusal(self): return Refused(500, "system error")

    def create_plan(call):
        account = call.account(call.params["advertiser_id"])
        plan = Plan(id=call.store.new_id(), account_id=account.id, ...)
        call.world.life.submit(plan, call.now)   # begins its review
        call.save(plan)                     # index, journal, market columns
        return {"plan_id": plan.id}         # becomes ``data`` of the envelope

For every call the app, in this order: parses, looks the token up, asks faults and limits, takes the world's lock,
lets media time pass (``world.tick``), runs the handler, flushes the journal, releases the lock, waits the latency,
answers. Handlers therefore never lock, sleep or write files. A ``Refused`` rolls nothing back: check before changing.

Batches report item by item: ``call.fails_item()`` is true for an item that the ``partial_failure`` fault picks.
Lists show only ``call.is_visible(row)`` rows (read-after-write lag). The faults ``half_page``, ``duplicate_ids``,
``malformed_json``, resets, delays and limits are applied by the app to what the handler returned: the app looks for
the longest list directly below ``data``. Reports take their numbers from ``world.reports``.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import parse_form_data

from .faults import NO_FAULT, Strike
from .model import Account, Operation, Row, TokenPair

if TYPE_CHECKING:
    from .store import Store
    from .world import World


class Refused(Exception):
    """The medium says no. ``status`` is the HTTP status, 200 for business errors on both media."""

    def __init__(self, code: int, message: str, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True)
class Page:
    """An answer that is not an envelope: a page of HTML, a file, a redirect."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request, with the world it happens in."""

    world: "World"
    dialect: "Dialect"
    environ: dict[str, Any]
    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, FileStorage] = field(default_factory=dict)
    token: TokenPair | None = None
    strike: Strike = NO_FAULT
    now: float = 0.0
    _body: bytes | None = None
    _form: MultiDict[str, str] = field(default_factory=MultiDict)
    _item_draw: random.Random | None = None

    @property
    def store(self) -> "Store":
        return self.world.store

    def header(self, name: str) -> str | None:
        """A request header."""
        return self.environ.get("HTTP_" + name.upper().replace("-", "_"))

    @property
    def content_type(self) -> str:
        return self.environ.get("CONTENT_TYPE", "")

    def query(self) -> dict[str, str]:
        """The query string; of a repeated key the last value counts, as on the real servers."""
        return dict(parse_qsl(self.environ.get("QUERY_STRING", ""), keep_blank_values=True))

    def body(self) -> bytes:
        if self._body is None:
            stream = self.environ["wsgi.input"]
            length = self.environ.get("CONTENT_LENGTH")
            self._body = stream.read(int(length)) if length else stream.read()
        return self._body

    def json_body(self) -> Any:
        """Raises ``ValueError`` when the body is not JSON; an empty one is ``{}``."""
        body = self.body()
        return orjson.loads(body) if body.strip() else {}

    def form(self) -> dict[str, str]:
        """Text fields of a multipart or urlencoded body, the first of each name; files land in ``files``.

        Raises ``ValueError`` for a body that is no form.
        """
        _, form, files = parse_form_data(self.environ, silent=False)
        self.files = {name: files[name] for name in files}
        self._form = form
        return {name: form[name] for name in form}

    def repeated(self, *names: str) -> list[str]:
        """All values of form fields that may come more than once, after ``form()``."""
        return [value for name in names for value in self._form.getlist(name)]

    def account(self, account_id: int) -> Account:
        """The account, when the token may see it and it speaks this dialect; otherwise raises ``Refused``."""
        account = self.store.accounts.get(account_id)
        if account is None or account.medium != self.dialect.medium:
            raise self.dialect.account_refusal(account_id)
        if self.token is not None and account_id not in self.token.account_ids:
            raise self.dialect.account_refusal(account_id)
        return account

    def save(self, *rows: Row) -> None:
        """Insert or update rows of the store."""
        for row in rows:
            self.store.save(row, self.now)
            if isinstance(row.id, int) and getattr(row, "created_at", None) == self.now:
                self.world.note_birth(row.id)

    def log(self, account_id: int, row: Any, object_type: str, title: str, **changes: tuple[Any, Any]) -> None:
        """A line of the media's operation log; ``changes`` are ``field=(before, after)``."""
        lines = [{"field": key, "before": str(old), "after": str(new)} for key, (old, new) in changes.items()]
        self.save(Operation(self.store.new_id(), account_id, row.id, object_type, row.name, title, lines, self.now))

    def is_visible(self, row: Any) -> bool:
        """False while a fresh row hides behind the read-after-write lag."""
        return self.world.is_visible(
            row.id, self.strike.number("read_lag", "ms", 5000) if "read_lag" in self.strike else 0
        )

    def fails_item(self) -> bool:
        """Whether the ``partial_failure`` fault picks this item of a batch."""
        if "partial_failure" not in self.strike:
            return False
        if self._item_draw is None:
            self._item_draw = random.Random(f"{self.world.config.seed}-{self.path}")
        return self._item_draw.random() < self.strike.number("partial_failure", "share", 0.5)


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Endpoint:
    """``needs_token=False`` for OAuth. ``is_page`` handlers return a ``Page`` and are never limited."""

    path: str
    handler: Handler
    methods: tuple[str, ...] = ("GET", "POST")
    needs_token: bool = True
    is_page: bool = False


class Dialect:
    """One medium's wire. See the module's docstring."""

    medium: str

    def endpoints(self) -> Iterable[Endpoint]:
        raise TypeError(f"{type(self).__name__} has no endpoints")

    def parse(self, call: Call) -> dict[str, Any]:
        """The request's parameters as plain data. May raise ``Refused``."""
        raise TypeError(f"{type(self).__name__} cannot parse")

    def read_access_token(self, call: Call) -> str | None:
        return call.header("Access-Token")

    def read_account_id(self, call: Call) -> int | None:
        return whole_number(call.params.get("advertiser_id"))

    def read_app_id(self, call: Call) -> int | None:
        return whole_number(call.params.get("app_id"))

    def answer(self, call: Call, data: Any) -> dict[str, Any]:
        """The success envelope."""
        return {"code": 0, "message": "OK", "request_id": call.world.new_request_id(), "data": data}

    def refuse(self, call: Call, refused: Refused) -> dict[str, Any]:
        """The error envelope; ``data`` is left out, because its documented type may not be an object."""
        return {"code": refused.code, "message": refused.message, "request_id": call.world.new_request_id()}

    def token_refusal(self, reason: str) -> Refused:
        """``reason`` is ``missing``, ``unknown`` or ``expired``."""
        return Refused(401, reason)

    def account_refusal(self, account_id: int) -> Refused:
        return Refused(403, f"no permission to operate account {account_id}")

    def funds_refusal(self) -> Refused:
        return Refused(402, "the account has no money")

    def limit_refusal(self, layer: str) -> Refused:
        """``layer`` is ``account``, ``developer`` or ``endpoint``."""
        return Refused(429, layer)

    def system_refusal(self) -> Refused:
        return Refused(500, "system error")


def whole_number(value: Any) -> int | None:
    """An integer from a JSON number or its text; ``None`` when it is neither."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
