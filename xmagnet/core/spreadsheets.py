"""Tables as files: streamed CSV and XLSX whose cells no program runs, and cells read back without loss.

openpyxl is imported where it is used: it and the numpy it finds take 18 MB of each process, and most never see a
workbook.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: a cell that begins with one of these would be taken for a formula
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8
_ROWS_TOGETHER = 500
_CHUNK_BYTES = 64 * 1024


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


def xlsx_stream(
    title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, freeze: str | None = None
) -> Iterator[bytes]:
    """The workbook, written to disk row by row and then sent in pieces.

    ``freeze`` is the first cell that scrolls, as in ``D2``. Texts stay texts: an id of 19 digits does not become a
    rounded number, and control characters, which no workbook may hold, are left out.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = freeze
    sheet.append([_workbook_cell(sheet, cell) for cell in header])
    for row in rows:
        sheet.append([_workbook_cell(sheet, cell) for cell in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(_CHUNK_BYTES):
            yield piece


def _workbook_cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", escaped(value)))
    cell.data_type = "s"
    return cell
