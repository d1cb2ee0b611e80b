"""Answers to HTMX that swap nothing."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse


def done(
    message: str,
    *,
    level: str = "success",
    action: dict[str, str] | None = None,
    events: dict[str, Any] | None = None,
) -> HttpResponse:
    """A toast (``action``: label and url of its button), every dialog closed, tables of plans ask again.

    ``events`` are further events by name with their details; None as a detail takes an event out.
    """
    toast: dict[str, Any] = {"level": level, "message": message} | ({"action": action} if action else {})
    return told({"toast": toast, "dialog-close": True, "plans-changed": True} | (events or {}))


def told(events: dict[str, Any]) -> HttpResponse:
    """Nothing to swap, only events for the page; those without a detail are left out."""
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({name: detail for name, detail in events.items() if detail is not None})
    return response
