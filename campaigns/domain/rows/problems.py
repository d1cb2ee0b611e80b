"""What can be wrong with a row: a code for programs and parameters for the sentence that people read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One error or warning. ``field`` is the input's field name, "" for the whole row. ``params`` is JSON-able."""

    field: str
    code: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """The form that is stored with the row; the sentence is made when it is read, in the reader's language."""
        return {"field": self.field, "code": self.code, "params": dict(self.params)}


def problem(field_name: str, code: str, **params: Any) -> RowProblem:
    """A ``RowProblem`` with its parameters as keywords."""
    return RowProblem(field_name, code, params)
