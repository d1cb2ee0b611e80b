"""The options of a bulk request. An unknown one is an error: a typo must not start delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from xmagnet.core.errors import ErrorList
from xmagnet.core.ids import whole_number

_FLAGS = {"true": True, "1": True, "false": False, "0": False, True: True, False: False}


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """How a bulk job is to be carried out."""

    validate_only: bool = False
    on_error: Literal["continue", "abort"] = "continue"
    initial_status: Literal["paused", "enabled"] = "paused"
    callback_id: int | None = None

    def as_record(self) -> dict[str, Any]:
        """The JSON form that is stored with the job."""
        return asdict(self)


def read_options(given: Mapping[str, Any]) -> BulkOptions:
    """From a query string or the envelope's ``options``; raises ``InvalidInput`` naming every bad option."""
    errors = ErrorList()
    values: dict[str, Any] = {}
    for name, value in given.items():
        pointer = f"/options/{name}"
        if name == "validate_only":
            word = value.lower() if isinstance(value, str) else value
            if word not in _FLAGS:
                errors.add(pointer, "not_a_choice", _("validate_only is true or false."))
            values[name] = _FLAGS.get(word, False)
        elif name in {"on_error", "initial_status"}:
            choices = ("continue", "abort") if name == "on_error" else ("paused", "enabled")
            if value not in choices:
                detail = _("%(name)s is one of: %(choices)s.") % {"name": name, "choices": ", ".join(choices)}
                errors.add(pointer, "not_a_choice", detail)
            values[name] = value
        elif name == "callback_id":
            values[name] = whole_number(str(value))
            if not values[name]:
                errors.add(pointer, "not_a_number", _("callback_id is the id of a webhook endpoint."))
        else:
            errors.add(pointer, "unknown_field", _("Unknown option %(name)s.") % {"name": name})
    errors.raise_if_any()
    return BulkOptions(**values)
