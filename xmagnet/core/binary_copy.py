"""PostgreSQL's binary COPY format, filled column by column: a tenth of the work of writing each row as a text line.

Only columns of a fixed width that are never null. Importing this module loads numpy (20 MB, 0.1 s): import it late,
in the function that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ColumnType = Literal["smallint", "integer", "bigint", "date"]

#: signature, no flags, no extension
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
#: in the place of a row's number of columns
TRAILER = b"\xff\xff"

_WIRE = {"smallint": ">i2", "integer": ">i4", "bigint": ">i8", "date": ">i4"}
_NATIVE: dict[str, type[np.signedinteger[Any]]] = {"smallint": np.int16, "integer": np.int32, "bigint": np.int64}
#: PostgreSQL counts days from here
_DAY_ZERO = date(2000, 1, 1).toordinal()


def native_type(column: ColumnType) -> type[np.signedinteger[Any]]:
    """What holds a column's numbers; making an array of it refuses what PostgreSQL would refuse (OverflowError)."""
    return _NATIVE.get(column, np.int32)


def days_of(ordinals: NDArray[Any]) -> NDArray[Any]:
    """``date.toordinal()`` numbers as a date column wants them."""
    return ordinals - _DAY_ZERO


class Layout:
    """The rows of one COPY: an array of ``layout.empty(n)`` is filled by column name and written as it lies."""

    def __init__(self, columns: Mapping[str, ColumnType]) -> None:
        fields: list[tuple[str, str]] = [("columns", ">i2")]
        for name, column in columns.items():
            fields += [(f"length of {name}", ">i4"), (name, _WIRE[column])]
        self.dtype = np.dtype(fields)
        self._blank = np.zeros(1, self.dtype)
        self._blank["columns"] = len(columns)
        for name in columns:
            self._blank[f"length of {name}"] = self.dtype[name].itemsize

    def empty(self, count: int) -> NDArray[Any]:
        """So many rows of zeros."""
        return np.repeat(self._blank, count)


def as_bytes(rows: NDArray[Any]) -> memoryview:
    """The rows as COPY reads them, without copying them when they lie together."""
    return np.ascontiguousarray(rows).view(np.uint8).data
