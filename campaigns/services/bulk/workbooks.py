"""Workbooks → rows of cells: the first sheet, and what its formulas had come to when it was saved.

Some kilobytes can unpack to millions of cells, claim sixteen thousand columns or put a row anywhere. So the parts are
counted before openpyxl makes objects of them, and what a sheet says of its own size is not believed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Any

import structlog
from django.utils.translation import gettext as _

from campaigns.services.bulk.limits import (
    XLSX_CELLS,
    XLSX_ENTRIES,
    XLSX_INFLATED_BYTES,
    XLSX_PART_BYTES,
    XLSX_ROW_BYTES,
    XLSX_SHEET_ROWS,
    XLSX_TAGS,
    XLSX_TAGS_ELSEWHERE,
)
from campaigns.services.bulk.refusals import PayloadTooLarge, unreadable
from xmagnet.core.errors import DomainError, FieldError, InvalidInput
from xmagnet.core.spreadsheets import column_letter

_CHUNK_BYTES = 256 * 1024
_SHEETS, _TEXTS = "xl/worksheets/", "xl/sharedStrings.xml"
_CELL_TAG = re.compile(rb"[<:]c[\s/>]")
_FORMULA_TAG = re.compile(rb"[<:]f[\s/>]")
_END_OF_ROWS = re.compile(rb"</(?:\w+:)?sheetData>")
# bytes at the end of a piece in which a cell's or formula's tag, or the end of the rows, may have begun
_LONGEST_TAG, _LONGEST_END = 8, 24
#: what zipfile raises for a file that is none or damaged; RuntimeError means that a part is encrypted
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
logger = structlog.get_logger(__name__)

Values = tuple[Any, ...]


def sheet_rows(file: IO[bytes]) -> Iterator[Values]:
    """The first sheet's rows as values, empty ones too; each ends at its last cell.

    Raises ``InvalidInput`` for what is no workbook and for a formula without a result (below the first row), and
    ``PayloadTooLarge``.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            has_formulas = _survey(archive)
    except _BROKEN_ZIP:
        raise _not_xlsx() from None
    values = _rows(file)
    return _with_results(values, _rows(file, has_results=False)) if has_formulas else values


def cell_text(value: Any) -> str:
    """A cell as the text a person sees: 15 digits, as spreadsheets count, and no point after the last.

    A longer number comes out as 1.7E+18: it has lost digits already, and must not pass for an id.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15G}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def _survey(archive: zipfile.ZipFile) -> bool:
    """Whether there are formulas; raises ``PayloadTooLarge`` for more than a file of plans can need."""
    parts = archive.infolist()
    if len(parts) > XLSX_ENTRIES or sum(part.file_size for part in parts) > XLSX_INFLATED_BYTES:
        raise _too_large()
    has_formulas = False
    for part in parts:
        if not part.filename.endswith((".xml", ".rels")):
            continue  # pictures and the like, which nobody opens
        sheet = _SheetMeter() if part.filename.startswith(_SHEETS) else None
        if sheet is None and part.file_size > XLSX_PART_BYTES:
            raise _too_large()
        is_large = sheet is not None or part.filename == _TEXTS
        tags_left = XLSX_TAGS if is_large else XLSX_TAGS_ELSEWHERE
        with archive.open(part) as content:
            while chunk := content.read(_CHUNK_BYTES):
                tags_left -= chunk.count(b"<")
                if sheet is not None:
                    sheet.add(chunk)
                if tags_left < 0 or (sheet is not None and sheet.is_too_large):
                    raise _too_large()
        has_formulas = has_formulas or (sheet is not None and sheet.has_formulas)
    return has_formulas


class _SheetMeter:
    """Measures a sheet's XML a piece at a time: its cells, and the bytes of the row it is in."""

    def __init__(self) -> None:
        self.has_formulas = False
        self._cells = self._row_bytes = 0
        self._most_bytes = XLSX_ROW_BYTES
        self._has_markup = False
        self._end = b""  # of the piece before

    @property
    def is_too_large(self) -> bool:
        """Whether it has more cells, or a longer row, than a file of plans can need."""
        return self._cells > XLSX_CELLS or self._row_bytes > self._most_bytes

    def add(self, chunk: bytes) -> None:
        """The next piece."""
        text = self._end[-_LONGEST_TAG:] + chunk
        self._cells += len(_CELL_TAG.findall(text))
        self.has_formulas = self.has_formulas or _FORMULA_TAG.search(text) is not None
        self._has_markup = self._has_markup or b"<!" in text  # a comment or CDATA, in which a row may only seem to be
        row_at = -1 if self._has_markup else max(text.rfind(b"<row"), text.rfind(b":row"))
        self._row_bytes = len(text) - row_at if row_at >= 0 else self._row_bytes + len(chunk)
        if _END_OF_ROWS.search(self._end + chunk):  # formats and validations of the whole sheet follow
            self._most_bytes = XLSX_PART_BYTES
        self._end = chunk[-_LONGEST_END:]


def _rows(file: IO[bytes], *, has_results: bool = True) -> Iterator[Values]:
    """What the formulas came to, or the formulas themselves."""
    import openpyxl  # late, as xmagnet.core.spreadsheets says

    try:
        file.seek(0)
        copy = io.BytesIO(file.read())  # two readers must not share a position
        sheet = openpyxl.load_workbook(copy, read_only=True, data_only=has_results).worksheets[0]
        sheet.reset_dimensions()
        cells = 0  # with the gaps before the last one of each row, which openpyxl fills
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells += len(values)
            if number > XLSX_SHEET_ROWS or cells > XLSX_CELLS:
                raise _too_large()
            yield tuple(values)
    except DomainError:
        raise
    except Exception:  # openpyxl raises whatever a broken part happens to cause
        logger.info("bulk.workbook_unreadable", exc_info=True)
        raise _not_xlsx() from None


def _with_results(lines: Iterator[Values], formulas: Iterator[Values]) -> Iterator[Values]:
    """A formula that no program has calculated reads as an empty cell; a forgotten end date must not be one."""
    for number, values in enumerate(lines, start=1):
        for index, formula in enumerate(next(formulas, ())):
            is_empty = index >= len(values) or values[index] is None
            if number > 1 and is_empty and formula is not None:
                cell = f"{column_letter(index)}{number}"
                detail = _("Cell %(cell)s is a formula without a result; paste its value.") % {"cell": cell}
                raise InvalidInput(detail, errors=(FieldError("", "formula_without_result", detail, cell),))
        yield values


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(_("The workbook inflates to more than is allowed."))


def _not_xlsx() -> InvalidInput:
    return unreadable(_("The file is not an XLSX workbook."), "not_xlsx")
