"""Decodes answers as the vendors' Go SDKs do: static types, null accepted everywhere, unknown fields skipped.

A table is ``int``, ``float``, ``str``, ``bool``, ``object`` (anything), ``[table]``, ``{field: table}``, or
``{str: table}`` for a map. ``int`` is an int64: 300.0 and "300" are not; ``float`` takes whole numbers too.
"""

from typing import Any

import orjson

INT64 = 2**63


class Undecodable(AssertionError):
    """Go would have returned an error; the text says where."""


def unmarshal(raw: bytes, table: Any) -> Any:
    """The value of ``raw``, whose types agree with ``table``. Raises ``Undecodable``."""
    value = orjson.loads(raw)
    check(value, table, "$")
    return value


def check(value: Any, table: Any, where: str) -> None:
    """Raises ``Undecodable`` where a static type would refuse."""
    if value is None or table is object:
        return
    if isinstance(table, list):
        _expect(isinstance(value, list), value, "an array", where)
        for position, item in enumerate(value):
            check(item, table[0], f"{where}[{position}]")
    elif isinstance(table, dict):
        _expect(isinstance(value, dict), value, "an object", where)
        for name, item in value.items():
            if str in table:
                check(item, table[str], f"{where}.{name}")
            elif name in table:
                check(item, table[name], f"{where}.{name}")
    elif table is int:
        _expect(type(value) is int and -INT64 <= value < INT64, value, "an int64", where)
    elif table is float:
        _expect(type(value) in (int, float), value, "a number", where)
    else:
        _expect(type(value) is table, value, table.__name__, where)


def _expect(is_right: bool, value: Any, what: str, where: str) -> None:
    if not is_right:
        raise Undecodable(f"{where}: {value!r} is not {what}")
