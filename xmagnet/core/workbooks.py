"""A table as an XLSX workbook that is sent while its rows are made.

openpyxl writes a workbook to disk and only then lets it go: at 50,000 plans a minute of silence, after which proxies
have hung up. A workbook is a ZIP of a few small parts and one sheet, and a ZIP can be written without going back. So
the sheet's rows are written into it as they come, and what the compressor lets go is sent.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from xmagnet.core.spreadsheets import column_letter, escaped

#: what a cell can hold, and a sheet's name
MOST_CHARACTERS, MOST_TITLE = 32_767, 31
_ROWS_TOGETHER = 200
_CHUNK_BYTES = 16 * 1024
#: what XML 1.0 cannot carry
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_TITLES = re.compile(r"[\\*?:/\[\]]")
_CELL_NAME = re.compile(r"([A-Z]+)([1-9]\d*)")

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_XML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_SHEET_XML}">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}


def xlsx_stream(
    title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, freeze: str | None = None
) -> Iterator[bytes]:
    """The workbook in pieces, each sent as soon as it is made; nothing is kept.

    ``freeze`` is the first cell that scrolls, as in ``D2``. Numbers are numbers. Texts stay texts: an id of 19 digits
    does not become a rounded number, nothing is run as a formula, and control characters, which no workbook may hold,
    are left out.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _HEAD + content)
        archive.writestr("xl/workbook.xml", _workbook(title))
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_sheet_head(freeze).encode())
            sheet.write(_row(1, header).encode())
            yield pipe.take()
            lines: list[str] = []
            for number, row in enumerate(rows, start=2):
                lines.append(_row(number, row))
                if len(lines) == _ROWS_TOGETHER:
                    sheet.write("".join(lines).encode())
                    lines = []
                    if pipe.size >= _CHUNK_BYTES:
                        yield pipe.take()
            sheet.write(("".join(lines) + "</sheetData></worksheet>").encode())
    yield pipe.take()


class _Pipe:
    """What was written and not yet taken. Without ``tell`` and ``seek`` a ZIP puts each part's size behind it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Everything is there at once."""

    def close(self) -> None:
        """Nothing to close."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        self.size = 0
        return taken


def _workbook(title: str) -> str:
    name = _NOT_IN_TITLES.sub(" ", _text(title)).strip()[:MOST_TITLE] or "1"
    return (
        f'{_HEAD}<workbook xmlns="{_SHEET_XML}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{escape(name, _QUOTES)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _sheet_head(freeze: str | None) -> str:
    head = f'{_HEAD}<worksheet xmlns="{_SHEET_XML}">'
    if freeze is not None:
        head += f'<sheetViews><sheetView workbookViewId="0">{_pane(freeze)}</sheetView></sheetViews>'
    return head + "<sheetData>"


def _pane(freeze: str) -> str:
    match = _CELL_NAME.fullmatch(freeze)
    if match is None:
        raise ValueError(f"{freeze} is not a cell")
    columns = 0
    for letter in match[1]:
        columns = columns * 26 + ord(letter) - ord("A") + 1
    across, down = columns - 1, int(match[2]) - 1
    splits = (f' xSplit="{across}"' if across else "") + (f' ySplit="{down}"' if down else "")
    if not splits:
        return ""
    active = "bottomRight" if across and down else "topRight" if across else "bottomLeft"
    return f'<pane{splits} topLeftCell="{freeze}" activePane="{active}" state="frozen"/>'


def _row(number: int, cells: Sequence[Any]) -> str:
    written = (_cell(f"{_letters(index)}{number}", value) for index, value in enumerate(cells))
    return f'<row r="{number}">{"".join(written)}</row>'


def _cell(name: str, value: Any) -> str:
    """One cell; None, and a number that is none, is an empty one."""
    if isinstance(value, bool):
        return f'<c r="{name}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float | Decimal):
        return f'<c r="{name}"><v>{value}</v></c>' if math.isfinite(value) else ""
    if value is None:
        return ""
    text = escape(_text(escaped(str(value)))[:MOST_CHARACTERS], _RETURNS)
    return f'<c r="{name}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _text(value: str) -> str:
    return _ILLEGAL.sub("", value)


def _letters(index: int) -> str:
    while index >= len(_LETTERS):
        _LETTERS.append(column_letter(len(_LETTERS)))
    return _LETTERS[index]


_LETTERS: list[str] = []
_RETURNS = {"\r": "&#13;"}  # a parser makes a line feed of a bare one
_QUOTES = {'"': "&quot;"}
