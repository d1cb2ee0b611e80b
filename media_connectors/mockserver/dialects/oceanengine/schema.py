"""The vendor's shapes as checkers: requests are read into plain typed data, responses are checked in tests.

``schemas.txt`` holds one compact line a shape; its notation is explained at its top.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ...dialect import Refused

PARAMETER_ERROR = 40000
OPEN_ENUM = re.compile(r"[A-Z0-9_.\-]+")
INT64 = 2**63


@dataclass(frozen=True)
class Shape:
    """``kind`` is int, float, str, bool, any, map, list, object or enum."""

    kind: str
    fields: dict[str, "Shape"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    item: "Shape | None" = None
    values: frozenset[str] = frozenset()
    is_open: bool = False
    is_numeric: bool = False

    # -- requests -----------------------------------------------------------------------------------------------

    def read(self, value: Any, name: str = "") -> Any:
        """``value`` with the documented types: numeric text becomes a number, unknown fields are dropped.

        Raises ``Refused`` with the vendor's parameter error for what the real server refuses.
        """
        if value is None:
            raise Refused(PARAMETER_ERROR, f"{name}: Value is not nullable")
        if self.kind == "object":
            return self._read_object(value, name)
        if self.kind == "list":
            if not isinstance(value, list):
                raise Refused(PARAMETER_ERROR, f"{name}: Not a valid list.")
            item = self.item or ANYTHING
            return [item.read(each, f"{name}.{position}") for position, each in enumerate(value)]
        if self.kind == "enum":
            return self._read_enum(value, name)
        return _read_scalar(self.kind, value, name)

    def _read_object(self, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Refused(PARAMETER_ERROR, f"{name}: Not a valid object.")
        prefix = f"{name}." if name else ""
        for missing in sorted(self.required - value.keys()):
            if missing in ("advertiser_id", "advertiser_ids"):
                raise Refused(PARAMETER_ERROR, "The advertiser ID is required and must be an integer")
            raise Refused(PARAMETER_ERROR, f"{prefix}{missing}: Missing data for required field.")
        fields = self.fields
        return {key: fields[key].read(each, prefix + key) for key, each in value.items() if key in fields}

    def _read_enum(self, value: Any, name: str) -> Any:
        text = str(value)
        if text in self.values or (self.is_open and OPEN_ENUM.fullmatch(text)):
            return int(text) if self.is_numeric else text
        raise Refused(PARAMETER_ERROR, f"{name}: Must be one of: {', '.join(sorted(self.values)[:12])}.")

    # -- responses ----------------------------------------------------------------------------------------------

    def faults(self, value: Any, name: str = "data") -> Iterator[str]:
        """What a strict decoder would refuse, one line each."""
        checks = {"int": _is_int64, "float": _is_number, "str": _is_text, "bool": _is_bool, "any": lambda _: True}
        if self.kind in checks:
            if not checks[self.kind](value):
                yield f"{name}: {value!r} is not {self.kind}"
        elif self.kind == "enum":
            expected = _is_int64 if self.is_numeric else _is_text
            if not expected(value) or (str(value) not in self.values and not self.is_open):
                yield f"{name}: {value!r} is not a documented value"
        elif self.kind == "list":
            if not isinstance(value, list):
                yield f"{name}: {value!r} is not a list"
                return
            for position, each in enumerate(value):
                yield from (self.item or ANYTHING).faults(each, f"{name}[{position}]")
        elif not isinstance(value, dict):
            yield f"{name}: {value!r} is not an object"
        elif self.kind == "map":
            for key, each in value.items():
                yield from (self.item or ANYTHING).faults(each, f"{name}.{key}")
        else:
            yield from self._object_faults(value, name)

    def _object_faults(self, value: dict[str, Any], name: str) -> Iterator[str]:
        for missing in sorted(self.required - value.keys()):
            yield f"{name}.{missing}: missing"
        for key, each in value.items():
            if key in self.fields:
                yield from self.fields[key].faults(each, f"{name}.{key}")
            elif not self.is_open:
                yield f"{name}.{key}: not documented"


ANYTHING = Shape("any")
_KINDS = {"i64": "int", "int": "int", "f64": "float", "str": "str", "bool": "bool"}


def _is_int64(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -INT64 <= value < INT64


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _read_scalar(kind: str, value: Any, name: str) -> Any:
    if kind == "str":
        if isinstance(value, str):
            return value
        if _is_number(value):
            return str(value)
        raise Refused(PARAMETER_ERROR, f"{name}: Not a valid string.")
    if kind == "bool":
        if isinstance(value, bool):
            return value
        if value in ("true", "false", "True", "False", 0, 1):
            return value in ("true", "True", 1)
        raise Refused(PARAMETER_ERROR, f"{name}: Not a valid boolean.")
    if kind == "int":
        number = _whole(value)
        if number is None or not -INT64 <= number < INT64:
            raise Refused(PARAMETER_ERROR, f"{name}: Not a valid integer.")
        return number
    if kind == "float":
        try:
            real = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            real = math.nan
        if not math.isfinite(real):
            raise Refused(PARAMETER_ERROR, f"{name}: Not a valid number.")
        return real
    return value


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    return None


# -- the notation -----------------------------------------------------------------------------------------------------


class _Reader:
    """A cursor over one line of the notation."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def fields(self, end: str) -> tuple[dict[str, Shape], frozenset[str]]:
        """``name*:type, …`` up to ``end``."""
        fields: dict[str, Shape] = {}
        required = set()
        while self._at < len(self._text) and self._text[self._at] != end:
            match = re.compile(r"([\w]+)(\*?):").match(self._text, self._at)
            if match is None:
                raise ValueError(f"no field at {self._text[self._at : self._at + 40]!r}")
            self._at = match.end()
            fields[match[1]] = self.shape()
            if match[2]:
                required.add(match[1])
            if self._text.startswith(", ", self._at):
                self._at += 2
        return fields, frozenset(required)

    def shape(self) -> Shape:
        if self._take("[]"):
            return Shape("list", item=self.shape())
        if self._take("map[str]interface{}"):
            return Shape("map", item=ANYTHING)
        if self._take("map[str]"):
            return Shape("map", item=self.shape())
        match = re.compile(r"(i64|f64|str|bool|int(?=\{)|int\b)").match(self._text, self._at)
        if match is not None:
            self._at = match.end()
            if not (match[1] == "int" and self._text.startswith("{", self._at)):
                return Shape(_KINDS[match[1]])
        is_numeric = match is not None
        if not self._take("{"):
            raise ValueError(f"no type at {self._text[self._at : self._at + 40]!r}")
        if self._take("…"):
            self._at = self._text.index("…}", self._at) + 2
            return Shape("object", is_open=True)
        if re.compile(r"\w+\*?:").match(self._text, self._at):
            fields, required = self.fields("}")
            self._at += 1
            return Shape("object", fields=fields, required=required)
        end = self._text.index("}", self._at)
        values = self._text[self._at : end].split("|")
        self._at = end + 1
        listed = frozenset(value for value in values if not value.startswith("…"))
        return Shape("enum", values=listed, is_open=len(listed) < len(values), is_numeric=is_numeric)

    def _take(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False


@cache
def shapes() -> dict[tuple[str, str], tuple[Shape, Shape | None]]:
    """(method, path) → the request's shape and, where it is an envelope, the shape of the answer's ``data``."""
    found: dict[tuple[str, str], tuple[Shape, Shape | None]] = {}
    lines = [line for line in (Path(__file__).parent / "schemas.txt").read_text().splitlines() if line]
    lines = [line for line in lines if not line.startswith("#")]
    for head, request, response in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        method, path = head.split()
        fields, required = _Reader(request[1:].strip()).fields("")
        answer = response[1:].strip()
        data = _Reader(answer).fields("")[0]["data"] if answer else None
        found[method, path] = (Shape("object", fields=fields, required=required), data)
    return found
