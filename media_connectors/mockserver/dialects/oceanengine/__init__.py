"""Ocean Engine: one API for Douyin and Toutiao, told apart by where an ad is placed."""

from collections.abc import Iterable
from typing import Any

from ...dialect import Call, Dialect, Endpoint, Refused, whole_number
from . import accounts, files, legacy, oauth, projects, promotions, reports, tools, wire
from .schema import shapes

OAUTH = "/open_api/oauth2/"


class OceanEngine(Dialect):
    """Paths end with a slash; business errors are HTTP 200 with a code; see docs/connectors/oceanengine.md."""

    medium = "oceanengine"

    def endpoints(self) -> Iterable[Endpoint]:
        yield Endpoint(oauth.PAGE_PATH, oauth.authorize_page, needs_token=False, is_page=True)
        for module in (oauth, accounts, projects, promotions, legacy, files, reports, tools):
            for (method, path), handler in module.HANDLERS.items():
                is_oauth = path.startswith(OAUTH)
                yield Endpoint(path, handler, (method,), needs_token=not is_oauth or path == oauth.ADVERTISERS_PATH)

    def parse(self, call: Call) -> dict[str, Any]:
        if call.path == oauth.PAGE_PATH:
            return call.form() if call.method == "POST" else call.query()
        shape = shapes()[call.method, call.path][0]
        return wire.read_query(call, shape) if call.method == "GET" else wire.read_body(call, shape)

    def read_access_token(self, call: Call) -> str | None:
        return call.header("Access-Token") or call.params.get("access_token")

    def read_account_id(self, call: Call) -> int | None:
        for name in ("advertiser_id", "account_id"):
            if name in call.params:
                return whole_number(call.params[name])
        many = call.params.get("advertiser_ids") or call.params.get("account_ids") or [None]
        return whole_number(many[0])

    def token_refusal(self, reason: str) -> Refused:
        if reason == "missing":
            return Refused(wire.TOKEN_EMPTY, "Access token is empty")
        if reason == "expired":
            return Refused(wire.TOKEN_EXPIRED, "Access token is expired")
        return Refused(wire.TOKEN_UNKNOWN, "Access token is invalid")

    def account_refusal(self, account_id: int) -> Refused:
        return Refused(wire.NO_PERMISSION, f"No permission to operate account {account_id}")

    def funds_refusal(self) -> Refused:
        return Refused(wire.NO_FUNDS, "账户余额不足，请充值后重试")

    def limit_refusal(self, layer: str) -> Refused:
        if layer == "account":
            return Refused(wire.ACCOUNT_LIMIT, "Too many requests of this advertiser, please try again later")
        if layer == "developer":
            return Refused(wire.DEVELOPER_LIMIT, "Too many requests of this developer, please try again later")
        return Refused(wire.ENDPOINT_LIMIT, "Too many requests by the system, please try again later")

    def system_refusal(self) -> Refused:
        return Refused(wire.SYSTEM_ERROR, "System error, please try again later")


DIALECT = OceanEngine
