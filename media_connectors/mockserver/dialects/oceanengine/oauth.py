"""OAuth: the page that a person clicks, the exchange, the refresh that kills both old tokens."""

import secrets
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from ...dialect import Call, Page, Refused, whole_number
from ...model import App, AuthCode, TokenPair
from .wire import APP_ABNORMAL, AUTH_CODE_INVALID, REFRESH_EXPIRED, REFRESH_UNKNOWN, refuse

PAGE_PATH = "/openapi/audit/oauth.html"
ADVERTISERS_PATH = "/open_api/oauth2/advertiser/get/"
CODE_SECONDS = 600
APP_TOKEN_SECONDS = 7200

STYLE = (
    "body{font:15px/1.6 system-ui,sans-serif;max-width:34rem;margin:4rem auto;color:#1d273b}"
    "button{font:inherit;padding:.5rem 2rem;background:#066fd1;color:#fff;border:0;border-radius:4px}"
    "label{display:block;padding:.2rem 0}"
)


def authorize_page(call: Call) -> Page:
    """GET shows the app and the login's accounts; POST sends the browser back with ``auth_code`` and ``state``."""
    given = call.params
    app = call.store.apps.get(whole_number(given.get("app_id")) or 0)
    target = given.get("redirect_uri", "")
    if app is None or app.medium != call.dialect.medium:
        return _problem("应用不存在 (unknown app_id)")
    if urlsplit(target).scheme not in ("http", "https") or not urlsplit(target).netloc:
        return _problem("redirect_uri 无效 (not an absolute URL)")
    login = next(login for login in call.store.logins.values() if login.medium == app.medium)
    if call.method == "GET":
        return Page(_consent(call, app, login.account_ids, target, given.get("state", "")).encode())
    chosen = [account_id for account_id in login.account_ids if f"account-{account_id}" in given] or login.account_ids
    code = AuthCode(
        id=secrets.token_hex(20),
        app_id=app.id,
        login_id=login.id,
        account_ids=list(chosen),
        expires_at=call.world.clock.lifetime_now() + CODE_SECONDS,
    )
    call.save(code)
    query = urlencode({"auth_code": code.id, "state": given.get("state", "")})
    location = f"{target}{'&' if urlsplit(target).query else '?'}{query}"
    return Page(b"", status=302, headers={"Location": location})


def _consent(call: Call, app: App, account_ids: list[int], target: str, state: str) -> str:
    boxes = "".join(
        f"<label><input type=checkbox name=account-{account_id} checked> "
        f"{escape(call.store.accounts[account_id].name)} ({account_id})</label>"
        for account_id in account_ids
    )
    hidden = "".join(
        f'<input type=hidden name={name} value="{escape(value, quote=True)}">'
        for name, value in (("app_id", str(app.id)), ("redirect_uri", target), ("state", state))
    )
    return (
        f"<!doctype html><html lang=zh><meta charset=utf-8><title>巨量引擎授权 (mock)</title><style>{STYLE}</style>"
        f"<h1>授权 {escape(app.name)}</h1><p>该应用将获得以下广告账户的管理权限：</p>"
        f"<form method=post action={PAGE_PATH}>{hidden}{boxes}"
        "<p><button type=submit>同意授权 Authorize</button></p></form>"
    )


def _problem(text: str) -> Page:
    return Page(f"<!doctype html><meta charset=utf-8><p>{escape(text)}</p>".encode(), status=400)


def _app_of(call: Call) -> App:
    app = call.store.apps.get(call.params["app_id"])
    if app is None or app.medium != call.dialect.medium or app.secret != call.params["secret"]:
        raise Refused(APP_ABNORMAL, "App is abnormal: app_id or secret is wrong")
    return app


def _pair_data(call: Call, pair: TokenPair) -> dict[str, Any]:
    now = call.world.clock.lifetime_now()
    return {
        "access_token": pair.id,
        "refresh_token": pair.refresh_token,
        "expires_in": round(pair.access_expires_at - now),
        "refresh_token_expires_in": round(pair.refresh_expires_at - now),
    }


def exchange(call: Call) -> dict[str, Any]:
    """A single-use code for a pair; an earlier pair of the same login dies."""
    app = _app_of(call)
    code = call.store.codes.get(call.params["auth_code"])
    if code is None or code.app_id != app.id or code.is_used:
        raise Refused(AUTH_CODE_INVALID, "auth_code is invalid or used")
    if call.world.clock.lifetime_now() >= code.expires_at:
        raise Refused(AUTH_CODE_INVALID, "auth_code is expired")
    code.is_used = True
    call.save(code)
    pair = call.world.mint_token(app.id, code.login_id, code.account_ids)
    return {**_pair_data(call, pair), "advertiser_ids": pair.account_ids}


def refresh(call: Call) -> dict[str, Any]:
    """A new pair; both tokens of the old one are dead at once."""
    app = _app_of(call)
    pair = call.store.refresh_tokens.get(call.params["refresh_token"])
    if pair is None or pair.app_id != app.id:
        raise Refused(REFRESH_UNKNOWN, "refresh_token is invalid")
    if pair.is_replaced or call.world.clock.lifetime_now() >= pair.refresh_expires_at:
        raise Refused(REFRESH_EXPIRED, "refresh_token is expired or used")
    return _pair_data(call, call.world.mint_token(app.id, pair.login_id, pair.account_ids))


def renew(call: Call) -> dict[str, Any]:
    """A new pair from either token of a live one."""
    app = _app_of(call)
    pair = call.store.refresh_tokens.get(call.params.get("refresh_token", ""))
    pair = pair or call.store.tokens.get(call.params.get("access_token", ""))
    if pair is None or pair.app_id != app.id:
        raise Refused(REFRESH_UNKNOWN, "token is invalid")
    if pair.is_replaced:
        raise Refused(REFRESH_EXPIRED, "token is expired or used")
    return _pair_data(call, call.world.mint_token(app.id, pair.login_id, pair.account_ids))


def app_token(call: Call) -> dict[str, Any]:
    """A token of the app itself, good for no account."""
    _app_of(call)
    return {"access_token": secrets.token_hex(20), "expires_in": APP_TOKEN_SECONDS}


def list_advertisers(call: Call) -> dict[str, Any]:
    """The accounts behind a token, which comes in the query here."""
    if call.token is None:
        raise refuse("access_token: Missing data for required field.")
    accounts = [call.store.accounts[account_id] for account_id in call.token.account_ids]
    return {
        "list": [
            {
                "account_id": account.id,
                "account_name": account.name,
                "account_role": "ADVERTISER",
                "account_string_id": str(account.id),
                "account_type": "ADVERTISER",
                "advertiser_id": account.id,
                "advertiser_name": account.name,
                "advertiser_role": 1,
                "is_valid": account.is_enabled,
                "company_list": [{"customer_company_id": account.id // 37, "customer_company_name": account.company}],
            }
            for account in accounts
        ]
    }


HANDLERS = {
    ("POST", "/open_api/oauth2/access_token/"): exchange,
    ("POST", "/open_api/oauth2/refresh_token/"): refresh,
    ("POST", "/open_api/oauth2/renew_token/"): renew,
    ("POST", "/open_api/oauth2/app_access_token/"): app_token,
    ("GET", ADVERTISERS_PATH): list_advertisers,
}
