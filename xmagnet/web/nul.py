"""PostgreSQL keeps no NUL: nothing has one in its id, and no question with one makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict


def is_nul_in_path(kwargs: Mapping[str, Any]) -> bool:
    """Whether an argument of the address holds one."""
    return any(isinstance(value, str) and "\0" in value for value in kwargs.values())


def name_with_nul(values: QueryDict) -> str | None:
    """The first name that holds one or has a value that does; None without one."""
    return next((name for name, texts in values.lists() if any("\0" in text for text in (name, *texts))), None)
