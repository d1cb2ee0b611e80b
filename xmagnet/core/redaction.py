"""Keeping secrets out of logs: a structlog processor that blanks them by the key's name and by their look.

Pure and free of Django, because settings load it.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "[hidden]"
_DEEPEST = 6  # nested deeper than any of our log lines; stops cycles

_SECRET_KEY = re.compile(
    r"""^(?:.*[_-])?(?:
        authorization | cookie | set-cookie | password | passwd | passphrase | token | secret | api[_-]?key
      | secret[_-]?key | encryption[_-]?keys? | private[_-]?key | auth[_-]?code | sessionid | csrftoken | otp
      | phone | mobile | telephone | id[_-]?card
    )s?$""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_TEXT = (
    # Authorization: Bearer …, Basic …
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    # our own API tokens: the prefix stays, it is what the token list shows
    (re.compile(r"\b(adk_[a-z0-9]+_[A-Za-z0-9]{8})_[\w-]{20,}"), rf"\1_{HIDDEN}"),
    # token=…, "access_token": "…", Access-Token: …
    (
        re.compile(
            r"""(?ix)\b((?:[\w-]*[_-])?(?:token|secret|password|passwd|api[_-]?key|auth_code|sessionid|csrftoken|cookie))
            (["']?\s*[=:]\s*["']?)(?!\[hidden\])[^\s"'&,;}\])]+"""
        ),
        rf"\1\2{HIDDEN}",
    ),
    # scheme://user:password@host
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@"), rf"\1:{HIDDEN}@"),
    # mainland mobile numbers; the ids of the media are longer
    (re.compile(r"(?<!\d)(1[3-9]\d)\d{6}(\d{2})(?!\d)"), r"\1******\2"),
)


def redact_text(text: str) -> str:
    """Return `text` with everything that looks like a secret blanked."""
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact(value: Any, depth: int = 0) -> Any:
    """Return `value` without secrets; mappings and lists are copied, other objects shown by `repr`."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes):
        return redact_text(value.decode("utf-8", "replace"))
    if value is None or isinstance(value, (int, float)):
        return value
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {key: _redact_item(key, item, depth) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(item, depth + 1) for item in value]
    return redact_text(repr(value))  # Django logs whole requests, whose repr has the query string


def redaction_processor(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank secrets in a log event; runs last before rendering, so that tracebacks are covered as well."""
    for key, value in event.items():
        if not key.startswith("_"):  # structlog's own bookkeeping
            event[key] = _redact_item(key, value, 0)
    return event


def _redact_item(key: object, value: Any, depth: int) -> Any:
    if isinstance(key, str) and value and _SECRET_KEY.match(key) and not isinstance(value, bool):
        return HIDDEN
    return redact(value, depth + 1)
