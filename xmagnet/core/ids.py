"""Public ids that sort by time and do not tell counts."""

from __future__ import annotations

from ulid import ULID


def new_id(prefix: str) -> str:
    """``prefix_`` and a ULID, 26 characters."""
    return f"{prefix}_{ULID()}"
