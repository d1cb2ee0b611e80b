"""The request or job that is being answered, for logs, audit rows and error answers."""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
