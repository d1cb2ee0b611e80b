"""Places where a test lets a worker die. Off unless ``FAILPOINT`` is set, which the production profile never reads."""

from __future__ import annotations

import os
from collections import Counter

from django.conf import settings

AFTER_CLAIM, BEFORE_SEND, AFTER_SEND = "after_claim", "before_send", "after_send"
BEFORE_FINISH, AFTER_FINISH = "before_finish", "after_finish"
EXIT_CODE = 77
_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """End the process at once if ``FAILPOINT`` is ``name`` or ``name:n`` and this is the n-th time here."""
    if not settings.FAILPOINT:
        return
    wanted, _, count = settings.FAILPOINT.partition(":")
    _passed[name] += 1
    if name == wanted and _passed[name] == int(count or 1):
        os._exit(EXIT_CODE)
