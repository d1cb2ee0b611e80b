"""The three chat robots' own JSON and signatures, as their vendors document them. Pure: no clock, no network.

Feishu signs ``timestamp\\nsecret`` as the key over an empty message and carries both in the body; DingTalk signs it as
the message under the secret and carries both in the address; WeCom's address is its only secret. All three answer
HTTP 200 also when they refuse, and say so in a code inside the body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import orjson

from xmagnet.notices.choices import ChatKind

#: the vendors' hosts and the paths of their robots
ADDRESSES: dict[str, tuple[frozenset[str], str]] = {
    ChatKind.FEISHU: (frozenset({"open.feishu.cn", "open.larksuite.com"}), "/open-apis/bot/v2/hook/"),
    ChatKind.DINGTALK: (frozenset({"oapi.dingtalk.com"}), "/robot/send"),
    ChatKind.WECOM: (frozenset({"qyapi.weixin.qq.com"}), "/cgi-bin/webhook/send"),
}
#: kinds whose robots can be protected by a signature
SIGNED_KINDS = frozenset({ChatKind.FEISHU, ChatKind.DINGTALK})
#: the robot, its key or its secret is wrong: trying again changes nothing (Feishu; DingTalk; WeCom)
_DEAD_CODES = frozenset({19001, 19021, 19022, 19024, 300001, 300005, 310000, 93000, 40001})


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, in the channel's language."""

    title: str
    text: str
    link: str
    link_label: str


@dataclass(frozen=True, slots=True)
class Request:
    """What to POST."""

    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the robot took it. ``is_final``: it never will."""

    error: str
    is_final: bool = False


def belongs_to(kind: str, url: str) -> bool:
    """Whether the address is one of the vendor's robots."""
    hosts, path = ADDRESSES[kind]
    parts = urlsplit(url)
    return parts.hostname in hosts and parts.path.startswith(path)


def request(kind: str, url: str, secret: str, message: Message, *, epoch_seconds: int, language: str) -> Request:
    """The signed request; ``secret`` is "" for a robot without a signature."""
    title = f"X-Magnet · {message.title}"  # robots that are protected by a keyword need one that never changes
    if kind == ChatKind.FEISHU:
        content = [
            [{"tag": "text", "text": message.text}],
            [{"tag": "a", "text": message.link_label, "href": message.link}],
        ]
        post = {"zh_cn" if language.startswith("zh") else "en_us": {"title": title, "content": content}}
        body: dict[str, Any] = {"msg_type": "post", "content": {"post": post}}
        if secret:
            key = f"{epoch_seconds}\n{secret}".encode()
            body = {"timestamp": str(epoch_seconds), "sign": _base64_hmac(key, b""), **body}
        return Request(url, orjson.dumps(body))
    if kind == ChatKind.DINGTALK:
        if secret:
            timestamp = epoch_seconds * 1000
            sign = _base64_hmac(secret.encode(), f"{timestamp}\n{secret}".encode())
            url = f"{url}{'&' if urlsplit(url).query else '?'}timestamp={timestamp}&sign={quote_plus(sign)}"
        link = {"title": title, "text": message.text, "picUrl": "", "messageUrl": message.link}
        return Request(url, orjson.dumps({"msgtype": "link", "link": link}))
    text = f"{title}\n{message.text}\n{message.link}"
    return Request(url, orjson.dumps({"msgtype": "text", "text": {"content": text}}))


def verdict(status: int | None, error: str, body: bytes) -> Verdict:
    """What an answer means: the code in the body decides, not the HTTP status alone."""
    if status is None or not 200 <= status < 300:
        return Verdict(error or "no answer")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Verdict("the answer is not JSON")
    if not isinstance(told, dict):
        return Verdict("the answer is not JSON")
    code = next((told[name] for name in ("errcode", "code", "StatusCode") if name in told), None)
    if code == 0:
        return Verdict("")
    words = told.get("errmsg") or told.get("msg") or told.get("StatusMessage") or ""
    return Verdict(f"{code}: {words}"[:300], is_final=code in _DEAD_CODES)


def _base64_hmac(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
