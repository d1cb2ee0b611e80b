"""Answers to HTMX that swap nothing."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse


def done(message: str, *, level: str = "success", action: dict[str, str] | None = None) -> HttpResponse:
    """A toast (``action``: label and url of its button), every dialog closed, tables of plans ask again."""
    response = HttpResponse(status=204)
    toast: dict[str, Any] = {"level": level, "message": message} | ({"action": action} if action else {})
    response["HX-Trigger"] = json.dumps({"toast": toast, "dialog-close": True, "plans-changed": True})
    return response
