"""The robots' JSON and signatures. Expected signatures are computed here from the vendors' recipes, step by step."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from xmagnet.notices import chat
from xmagnet.notices.choices import ChatKind

MESSAGE = chat.Message("余额不足", "还剩 ¥10.00", "https://ads.example.com/o/a/accounts/", "打开 X-Magnet")
AT = 1_763_800_000


def test_feishu_gets_a_post_with_the_timestamp_and_the_signature_in_the_body():
    url = "https://open.feishu.cn/open-apis/bot/v2/hook/abc"
    made = chat.request(ChatKind.FEISHU, url, "s3cret", MESSAGE, epoch_seconds=AT, language="zh-hans")
    body = json.loads(made.body)
    # Feishu: the text "timestamp\nsecret" is the KEY, the message is empty.
    expected = base64.b64encode(hmac.new(f"{AT}\ns3cret".encode(), digestmod=hashlib.sha256).digest()).decode()
    assert made.url == url
    assert (body["timestamp"], body["sign"], body["msg_type"]) == (str(AT), expected, "post")
    post = body["content"]["post"]["zh_cn"]
    assert post["title"] == "X-Magnet · 余额不足"
    assert post["content"] == [
        [{"tag": "text", "text": "还剩 ¥10.00"}],
        [{"tag": "a", "text": "打开 X-Magnet", "href": MESSAGE.link}],
    ]


def test_a_feishu_robot_without_a_signature_gets_none():
    made = chat.request(ChatKind.FEISHU, "https://open.feishu.cn/x", "", MESSAGE, epoch_seconds=AT, language="en")
    assert set(json.loads(made.body)) == {"msg_type", "content"}
    assert "en_us" in json.loads(made.body)["content"]["post"]


def test_dingtalk_gets_a_link_with_milliseconds_and_the_signature_in_the_address():
    url = "https://oapi.dingtalk.com/robot/send?access_token=tok"
    made = chat.request(ChatKind.DINGTALK, url, "SECabc", MESSAGE, epoch_seconds=AT, language="zh-hans")
    # DingTalk: the secret is the key, "milliseconds\nsecret" the message.
    digest = hmac.new(b"SECabc", f"{AT}000\nSECabc".encode(), hashlib.sha256).digest()
    values = parse_qs(urlsplit(made.url).query)
    assert values == {
        "access_token": ["tok"],
        "timestamp": [f"{AT}000"],
        "sign": [base64.b64encode(digest).decode()],
    }
    assert json.loads(made.body) == {
        "msgtype": "link",
        "link": {"title": "X-Magnet · 余额不足", "text": "还剩 ¥10.00", "picUrl": "", "messageUrl": MESSAGE.link},
    }


def test_wecom_gets_plain_text():
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"
    made = chat.request(ChatKind.WECOM, url, "", MESSAGE, epoch_seconds=AT, language="zh-hans")
    assert made.url == url
    assert json.loads(made.body) == {
        "msgtype": "text",
        "text": {"content": f"X-Magnet · 余额不足\n还剩 ¥10.00\n{MESSAGE.link}"},
    }


@pytest.mark.parametrize(
    ("status", "body", "error", "is_final"),
    [
        (200, b'{"code":0,"msg":"success"}', "", False),
        (200, b'{"StatusCode":0,"StatusMessage":"success"}', "", False),
        (200, b'{"errcode":0,"errmsg":"ok"}', "", False),
        (200, b'{"code":19021,"msg":"sign match fail"}', "19021: sign match fail", True),
        (200, b'{"errcode":310000,"errmsg":"sign not match"}', "310000: sign not match", True),
        (200, b'{"errcode":45009,"errmsg":"api freq out of limit"}', "45009: api freq out of limit", False),
        (200, b"<html>", "the answer is not JSON", False),
        (200, b"[]", "the answer is not JSON", False),
        (502, b"", "HTTP 502", False),
        (None, b"", "TimeoutError", False),
    ],
)
def test_the_code_in_the_body_decides(status: int | None, body: bytes, error: str, is_final: bool):
    told = chat.verdict(status, error if status != 200 else "", body)
    assert (told.error, told.is_final) == (error, is_final)


def test_only_the_vendors_robots_are_robots():
    assert chat.belongs_to(ChatKind.FEISHU, "https://open.feishu.cn/open-apis/bot/v2/hook/x")
    assert not chat.belongs_to(ChatKind.FEISHU, "https://open.feishu.cn.evil.example/open-apis/bot/v2/hook/x")
    assert not chat.belongs_to(ChatKind.FEISHU, "https://oapi.dingtalk.com/robot/send?access_token=x")
    assert not chat.belongs_to(ChatKind.WECOM, "https://qyapi.weixin.qq.com/cgi-bin/other")
