"""Tables as files: streamed CSV whose cells no program runs, and cells read back without loss.

Workbooks are written by ``xmagnet.core.workbooks``. openpyxl, which reads them, is imported where it is used: it and
the numpy it finds take 18 MB of each process, and most never see a workbook.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: a cell that begins with one of these would be taken for a formula
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8
_ROWS_TOGETHER = 500


def escaped(cell: Any) -> Any:
    """The cell, with an apostrophe in front when it is a text that looks like a formula. Numbers stay numbers.

    >>> escaped("=1+1"), escaped("plan"), escaped(-1)
    ("'=1+1", 'plan', -1)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def unescaped(text: str) -> str:
    """Take back the apostrophe that ``escaped`` put before a formula."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def column_letter(index: int) -> str:
    """The spreadsheet's name of a 0-based column: A … Z, AA …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def csv_stream(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in pieces, UTF-8 with its mark; None is an empty cell."""
    buffer = io.StringIO()
    buffer.write(BYTE_ORDER_MARK)
    writer = csv.writer(buffer)
    writer.writerow([escaped(cell) for cell in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow(["" if cell is None else escaped(cell) for cell in row])
        if number % _ROWS_TOGETHER == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
