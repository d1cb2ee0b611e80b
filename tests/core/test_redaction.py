"""Secrets do not reach the logs, by the key's name or by their look; what helps to find an error stays."""

import json
import logging

import pytest
import structlog
from django.conf import settings
from django.test import RequestFactory

from xmagnet.core.redaction import HIDDEN, redact, redact_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc.def-123456", f"Authorization: Bearer {HIDDEN}"),
        ("GET /x?access_token=a1b2c3&page=2", f"GET /x?access_token={HIDDEN}&page=2"),
        ('{"refresh_token": "r-777", "expires_in": 86400}', f'{{"refresh_token": "{HIDDEN}", "expires_in": 86400}}'),
        ("Access-Token: 0f9e8d7c", f"Access-Token: {HIDDEN}"),
        ("app_secret=s3cr3t", f"app_secret={HIDDEN}"),
        (
            "postgresql://xmagnet_app:pa55@db.example.com/xmagnet",
            f"postgresql://xmagnet_app:{HIDDEN}@db.example.com/xmagnet",
        ),
        (f"key adk_live_Ab3dEf9h_{'x' * 43} used", f"key adk_live_Ab3dEf9h_{HIDDEN} used"),
        ("请联系 13812345678 处理", "请联系 138******78 处理"),
    ],
)
def test_what_looks_like_a_secret_is_blanked(text: str, expected: str) -> None:
    assert redact_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "plan 1790000000000123456 created in 138 ms",
        "account 1712345678901234 has 13812345678901 fen",
        "token expired, refreshing",
        "https://ads.example.com:8443/o/acme/plans?page=2",
        "the secret of good bids",
    ],
)
def test_what_only_resembles_a_secret_stays(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "key",
    ["Authorization", "access_token", "Access-Token", "refresh_token", "cookie", "Set-Cookie", "password", "app_secret",
     "api_key", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "auth_code", "phone", "user_mobile", "sessionid"],
)  # fmt: skip
def test_values_under_secret_keys_are_blanked_whatever_they_are(key: str) -> None:
    assert redact({key: "value"}) == {key: HIDDEN}
    assert redact({key: 13800000000}) == {key: HIDDEN}
    assert redact({key: ["a", "b"]}) == {key: HIDDEN}


def test_keys_that_are_no_secrets_keep_their_values() -> None:
    harmless = {"idempotency_key": "k-1", "token_id": 7, "plan_id": 5, "is_token": True, "token": "", "keyboard": "j"}
    assert redact(harmless) == harmless


def test_secrets_are_found_inside_nested_values() -> None:
    nested = {
        "headers": [{"Access-Token": "t"}, {"Accept": "json"}],
        "body": {"data": {"refresh_token": "r", "uid": 1}},
    }
    assert redact(nested) == {
        "headers": [{"Access-Token": HIDDEN}, {"Accept": "json"}],
        "body": {"data": {"refresh_token": HIDDEN, "uid": 1}},
    }


def test_an_object_is_shown_by_its_repr_without_secrets(rf: RequestFactory) -> None:
    assert (
        redact(rf.get("/callback?auth_code=abc&state=1"))
        == f"<WSGIRequest: GET '/callback?auth_code={HIDDEN}&state=1'>"
    )


def test_a_value_that_contains_itself_ends() -> None:
    loop: dict[str, object] = {"token": "t"}
    loop["again"] = loop
    assert json.dumps(redact(loop)).count(HIDDEN) > 1


def _rendered(record: logging.LogRecord) -> str:
    formatter = structlog.stdlib.ProcessorFormatter(
        **{key: value for key, value in settings.LOGGING["formatters"]["structured"].items() if key != "()"}
    )
    return formatter.format(record)


def test_an_ordinary_log_record_is_redacted_traceback_included() -> None:
    try:
        raise ValueError("refused: access_token=abc123")
    except ValueError as error:
        trace = (ValueError, error, error.__traceback__)
        arguments = ("https://u:pw@host/x",)
        record = logging.LogRecord("media", logging.ERROR, __file__, 1, "call to %s failed", arguments, trace)
    line = _rendered(record)
    assert "abc123" not in line
    assert ":pw@" not in line
    assert f"access_token={HIDDEN}" in line
    assert "ValueError" in line


def test_a_log_line_carries_the_job_and_the_request() -> None:
    record = logging.LogRecord("jobs", logging.INFO, __file__, 1, "job.done", (), None)
    with structlog.contextvars.bound_contextvars(job_id="job_1", request_id="req_1"):
        line = _rendered(record)
    assert "job_1" in line
    assert "req_1" in line
