"""Authorisation: the page a person clicks, codes, rotating token pairs, authorised accounts."""

import html
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...dialect import Call, Page, Refused
from ...model import App, AuthCode, Login, TokenPair
from .values import TOKEN_EXPIRED, TOKEN_INVALID, refused, required_whole, text, whole, wholes

CODE_SECONDS = 600
MOST_APPROVALS = 200

_PAGE = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><title>磁力引擎授权（模拟）</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.4rem 2rem}}</style>
<h1>授权登录</h1>
<p>应用 <strong>{app}</strong> 申请以下权限：<code>{scope}</code></p>
<form method="post">{hidden}
<p>登录账号 <strong>{login}</strong>，授权的广告账户：</p>
{accounts}
<p><button type="submit" id="approve">同意授权</button></p></form></html>"""


def authorize_page(call: Call) -> Page:
    """``/tools/authorize``: GET shows the page, POST (the button) redirects with ``auth_code`` and ``state``."""
    asked = {**call.query(), **call.params}
    app = call.store.apps.get(whole(asked, "app_id") or 0)
    target = text(asked, "redirect_uri") or ""
    if app is None or app.medium != call.dialect.medium:
        return Page("应用不存在".encode(), status=400)
    if urlsplit(target).scheme not in {"http", "https"}:
        return Page("redirect_uri 不合法".encode(), status=400)
    login = next(row for row in call.store.logins.values() if row.medium == call.dialect.medium)
    if call.method == "POST":
        return _approved(call, app, login, asked, target)
    return Page(_render(call, app, login, asked).encode())


def exchange_code(call: Call) -> dict[str, Any]:
    """``oauth2/authorize/access_token``: a code works once and for ten minutes."""
    app = _app(call)
    code = call.store.codes.get(text(call.params, "auth_code") or "")
    if code is None or code.app_id != app.id or code.is_used or call.world.clock.lifetime_now() >= code.expires_at:
        raise refused("auth_code 无效或已过期")
    code.is_used = True
    call.save(code)
    return _pair_answer(call, call.world.mint_token(app.id, code.login_id, list(code.account_ids)))


def refresh_token(call: Call) -> dict[str, Any]:
    """``oauth2/authorize/refresh_token``: a new pair; the old access and refresh tokens are dead at once."""
    app = _app(call)
    pair = call.store.refresh_tokens.get(text(call.params, "refresh_token") or "")
    if pair is None or pair.app_id != app.id or pair.is_replaced:
        raise Refused(TOKEN_INVALID, "refresh_token 无效")
    if call.world.clock.lifetime_now() >= pair.refresh_expires_at:
        raise Refused(TOKEN_EXPIRED, "refresh_token 已过期")
    return _pair_answer(call, call.world.mint_token(app.id, pair.login_id, list(pair.account_ids)))


def list_approvals(call: Call) -> dict[str, Any]:
    """``oauth2/authorize/approval/list``: the token is in the body, ``MockConfig.approval_code`` says success."""
    app = _app(call)
    pair = call.store.tokens.get(text(call.params, "access_token") or "")
    if pair is None or pair.app_id != app.id:
        raise Refused(TOKEN_INVALID, "access_token 无效")
    if pair.is_replaced or call.world.clock.lifetime_now() >= pair.access_expires_at:
        raise Refused(TOKEN_EXPIRED, "access_token 已过期")
    page = max(1, whole(call.params, "page_no") or 1)
    size = whole(call.params, "page_size") or MOST_APPROVALS
    if not 1 <= size <= MOST_APPROVALS:
        raise refused(f"page_size 不能超过 {MOST_APPROVALS}")
    found = pair.account_ids[(page - 1) * size : page * size]
    return {"details": found, "isEnd": page * size >= len(pair.account_ids)}


def _app(call: Call) -> App:
    app = call.store.apps.get(required_whole(call.params, "app_id"))
    if app is None or app.medium != call.dialect.medium or app.secret != text(call.params, "secret"):
        raise refused("app_id 或 secret 不正确")
    return app


def _pair_answer(call: Call, pair: TokenPair) -> dict[str, Any]:
    now = call.world.clock.lifetime_now()
    return {
        "access_token": pair.id,
        "access_token_expires_in": int(pair.access_expires_at - now),
        "refresh_token": pair.refresh_token,
        "refresh_token_expires_in": int(pair.refresh_expires_at - now),
        "advertiser_id": pair.account_ids[0] if pair.account_ids else 0,
        "advertiser_ids": pair.account_ids,
        "user_id": pair.login_id,
    }


def _approved(call: Call, app: App, login: Login, asked: dict[str, Any], target: str) -> Page:
    chosen = [account_id for account_id in wholes(asked, "account") or [] if account_id in login.account_ids]
    code = AuthCode(
        id=secrets.token_hex(16),
        app_id=app.id,
        login_id=login.id,
        account_ids=chosen or list(login.account_ids),
        expires_at=call.world.clock.lifetime_now() + CODE_SECONDS,
    )
    call.save(code)
    parts = urlsplit(target)
    query = [*parse_qsl(parts.query), ("auth_code", code.id), ("state", text(asked, "state") or "")]
    location = urlunsplit(parts._replace(query=urlencode(query)))
    return Page(b"", status=302, headers={"Location": location})


def _render(call: Call, app: App, login: Login, asked: dict[str, Any]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(text(asked, name) or "")}">'
        for name in ("app_id", "redirect_uri", "state", "scope", "oauth_type")
    )
    accounts = "".join(
        f"<p>· {html.escape(call.store.accounts[account_id].name)} <code>{account_id}</code></p>"
        for account_id in login.account_ids
    )
    return _PAGE.format(
        app=html.escape(app.name),
        scope=html.escape(text(asked, "scope") or ""),
        hidden=hidden,
        login=html.escape(login.name),
        accounts=accounts,
    )
