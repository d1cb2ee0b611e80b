"""Bytes → rows: JSON, NDJSON, CSV and XLSX, gzip or not, within the limits. Nothing is believed, nothing is written."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import orjson
from django.utils.translation import gettext as _

from campaigns.domain.rows.reading import FIELDS, RESULT_COLUMNS
from campaigns.services.bulk.limits import FORMAT_LIMITS, INFLATION_RATIO, ROW_BYTES
from campaigns.services.bulk.refusals import PayloadTooLarge, UnsupportedMedia, unreadable
from campaigns.services.bulk.workbooks import cell_text, sheet_rows
from xmagnet.core.errors import DomainError, FieldError, InvalidInput
from xmagnet.core.spreadsheets import XLSX_TYPE, column_letter, unescaped

CHUNK_BYTES = 256 * 1024
GZIP = 31  # zlib's window bits for a gzip header and trailer
CSV_ROW_CHARACTERS = 4 * ROW_BYTES  # quotation marks are doubled in a table, names repeated in what is kept
SPOOL_BYTES = 8 * 1024 * 1024
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # JSON may carry the character, PostgreSQL may not
UTF8 = "utf-8-sig"  # with or without its mark
_GB = "gb18030"  # holds GBK and GB2312
#: the charsets that a Content-Type may name
CHARSETS = {"utf-8": UTF8, "utf8": UTF8, "us-ascii": UTF8, "gb18030": _GB, "gbk": _GB, "gb2312": _GB, "cp936": _GB}
COMMENT = "#"  # the row below the header that explains the columns starts with it
FORMATS = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "text/csv": "csv",
    XLSX_TYPE: "xlsx",
}
EXTENSIONS = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".xlsx": "xlsx"}


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Seekable(Readable, Protocol):
    def seek(self, offset: int, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Body:
    """A whole request body, inflated, on disk when it is large."""

    file: IO[bytes]
    format: str
    sha256: str
    size: int
    filename: str = ""
    charset: str = UTF8  # Python's name; only tables may have another


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """One row as it came. ``line`` is what people count: 1-based line of the file or row of the sheet."""

    line: int
    source: dict[str, Any]


@dataclass(slots=True)
class Rows:
    """Rows to iterate once. ``columns`` is the header of a table; ``options`` those of a JSON envelope."""

    rows: Iterable[IncomingRow]
    columns: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[IncomingRow]:
        return iter(self.rows)


def format_of(content_type: str, filename: str = "") -> str:
    """``json``, ``ndjson``, ``csv`` or ``xlsx``; raises ``UnsupportedMedia``."""
    plain = content_type.partition(";")[0].strip().lower()
    found = FORMATS.get(plain) or next(
        (kind for ending, kind in EXTENSIONS.items() if filename.lower().endswith(ending)), None
    )
    if found is None:
        raise UnsupportedMedia(
            _("Send JSON, NDJSON, CSV or XLSX, not %(given)s.") % {"given": plain or _("an unnamed type")}
        )
    return found


def charset_of(stream: Seekable) -> str:
    """The charset of a table that a person saved: UTF-8 when it is that, GB18030 when it can only be that.

    For people, who see what was read before anything is sent; programs say what they send. Chinese that was saved as
    GB18030 is practically never valid UTF-8. The stream stands at its beginning afterwards.
    """
    found = "utf-8"
    for charset in (UTF8, _GB):
        decoder = codecs.getincrementaldecoder(charset)()
        stream.seek(0)
        try:
            for chunk in iter(lambda: stream.read(CHUNK_BYTES), b""):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        found = "utf-8" if charset == UTF8 else _GB
        break
    stream.seek(0)
    return found


def read_body(stream: Readable, *, format: str, charset: str = "", encoding: str = "", filename: str = "") -> Body:
    """Read and inflate a body in pieces; raises ``PayloadTooLarge`` as soon as a limit is passed.

    ``charset`` is what the Content-Type names. Nothing is guessed: Chinese in the wrong one is another Chinese.
    """
    codec = CHARSETS.get(charset.strip().lower() or "utf-8")
    if codec is None or (codec != UTF8 and format != "csv"):
        raise UnsupportedMedia(_("The charset may be UTF-8, and GB18030 for CSV, not %(given)s.") % {"given": charset})
    if encoding not in {"", "identity", "gzip"}:
        raise UnsupportedMedia(_("Content-Encoding may be gzip, not %(given)s.") % {"given": encoding})
    limit = FORMAT_LIMITS[format].bytes
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # type: ignore[assignment]  # noqa: SIM115
    digest = hashlib.sha256()
    size = 0
    for chunk in _inflated(stream, limit) if encoding == "gzip" else iter(lambda: stream.read(CHUNK_BYTES), b""):
        size += len(chunk)
        if size > limit:
            raise _too_large(format)
        digest.update(chunk)
        file.write(chunk)
    file.seek(0)
    return Body(file, format, digest.hexdigest(), size, filename, codec)


def rows_of(body: Body) -> Rows:
    """The rows of a body, checked for form only: objects, size, count. Raises ``InvalidInput`` and friends."""
    rows = {"json": _from_json, "ndjson": _from_ndjson, "csv": _from_csv, "xlsx": _from_xlsx}[body.format](body)
    rows.rows = _counted(rows.rows, body.format)
    return rows


def row_text(row: IncomingRow, index: int) -> str:
    """The JSON in which the row is kept; raises ``PayloadTooLarge`` and ``InvalidInput`` for what cannot be kept."""
    pointer = f"/rows/{index}"
    try:
        text = orjson.dumps(row.source)
    except orjson.JSONEncodeError:
        detail = _("Row %(line)d is nested too deeply.") % {"line": row.line}
        raise unreadable(detail, "too_deep", pointer) from None
    if len(text) > ROW_BYTES:
        detail = _("Row %(line)d is larger than 64 KiB.") % {"line": row.line}
        raise PayloadTooLarge(detail, errors=(FieldError(pointer, "row_too_large", "64 KiB"),))
    if _NUL.search(text):
        detail = _("Row %(line)d holds a NUL character.") % {"line": row.line}
        raise unreadable(detail, "nul_character", pointer)
    return text.decode()


def _too_large(format: str) -> PayloadTooLarge:
    limit = FORMAT_LIMITS[format]
    return PayloadTooLarge(
        _("%(format)s may have %(rows)d rows and %(mib)d MiB at most.")
        % {"format": format.upper(), "rows": limit.rows, "mib": limit.bytes // (1024 * 1024)}
    )


def _inflated(stream: Readable, limit: int) -> Iterator[bytes]:
    """The body of one gzip member or of several in a row, as ``cat a.gz b.gz`` and parallel packers make them."""
    inflate = zlib.decompressobj(wbits=GZIP)
    read = given = 0
    try:
        while chunk := stream.read(CHUNK_BYTES):
            read += len(chunk)
            while chunk:
                if inflate.eof:
                    inflate = zlib.decompressobj(wbits=GZIP)
                piece = inflate.decompress(chunk, CHUNK_BYTES)
                given += len(piece)
                if given > max(read * INFLATION_RATIO, CHUNK_BYTES) or given > limit + CHUNK_BYTES:
                    raise PayloadTooLarge(_("The gzip body inflates to more than is allowed."))
                yield piece
                chunk = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error:
        raise unreadable(_("The body is not gzip."), "not_gzip") from None
    if not inflate.eof:
        raise unreadable(_("The gzip body ends too early."), "not_gzip")


def _counted(rows: Iterable[IncomingRow], format: str) -> Iterator[IncomingRow]:
    count = 0
    for row in rows:
        if count >= FORMAT_LIMITS[format].rows:
            raise _too_large(format)
        yield row
        count += 1
    if count == 0:
        raise unreadable(_("There are no rows."), "no_rows", "/rows")


def _checked(value: Any, index: int, line: int) -> IncomingRow:
    if not isinstance(value, dict):
        raise unreadable(_("Row %(line)d is not an object.") % {"line": line}, "not_an_object", f"/rows/{index}")
    return IncomingRow(line, value)


def _from_json(body: Body) -> Rows:
    try:
        envelope = orjson.loads(body.file.read().removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise unreadable(_("The body is not JSON: %(error)s") % {"error": error}, "not_json") from None
    if not isinstance(envelope, dict) or not isinstance(envelope.get("rows"), list):
        raise unreadable(_("Send an object with a list of rows."), "not_an_envelope", "/rows")
    for name in envelope:
        if name not in {"rows", "options"}:
            raise unreadable(_("Unknown field %(name)s.") % {"name": name}, "unknown_field", f"/{name}")
    options = envelope.get("options", {})
    if not isinstance(options, dict):
        raise unreadable(_("options must be an object."), "not_an_object", "/options")
    rows = (_checked(value, index, index + 1) for index, value in enumerate(envelope["rows"]))
    return Rows(rows, options=options)


def _from_ndjson(body: Body) -> Rows:
    def rows() -> Iterator[IncomingRow]:
        index = 0
        if body.file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            body.file.seek(0)
        for number, line in enumerate(body.file, start=1):
            if not line.strip():
                continue
            if len(line) > ROW_BYTES:
                raise PayloadTooLarge(_("Line %(line)d is longer than 64 KiB.") % {"line": number})
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                detail = _("Line %(line)d is not JSON.") % {"line": number}
                raise unreadable(detail, "not_json", f"/rows/{index}") from None
            yield _checked(value, index, number)
            index += 1

    return Rows(rows())


def _from_csv(body: Body) -> Rows:
    text = io.TextIOWrapper(body.file, encoding=body.charset, newline="")  # type: ignore[type-var]
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise _bad_csv(1, error) from None
    columns = _columns(header)

    def rows() -> Iterator[IncomingRow]:
        is_first = True
        while True:
            line = lines.begin_row()
            try:
                cells = next(reader, None)
            except (UnicodeDecodeError, csv.Error) as error:
                raise _bad_csv(line, error) from None
            if cells is None:
                return
            row = _table_row(columns, cells, line, is_first=is_first)
            is_first = False
            if row is not None:
                yield row

    return Rows(rows(), columns=columns)


class _Lines:
    """The lines of a table, as many characters of a row as one that can be kept may have.

    A file of commas is one row of as many cells, each an object, long before anybody looks how long the row is.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._number, self._first = 0, 1
        self._left = CSV_ROW_CHARACTERS

    def begin_row(self) -> int:
        """The number of the line that the next row begins with."""
        self._left = CSV_ROW_CHARACTERS
        self._first = self._number + 1
        return self._first

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._left + 1)
        if not line:
            raise StopIteration
        self._left -= len(line)
        if self._left < 0:
            raise _long_row(self._first)
        self._number += 1
        return line


def _long_row(line: int) -> PayloadTooLarge:
    return PayloadTooLarge(_("Row %(line)d is larger than 64 KiB.") % {"line": line})


def _bad_csv(line: int, error: Exception) -> DomainError:
    if isinstance(error, UnicodeDecodeError):
        detail = _("Line %(line)d is not UTF-8; save the file as CSV UTF-8, or say charset=gb18030.") % {"line": line}
        return unreadable(detail, "wrong_charset")
    if "field limit" in str(error):  # the reader's own, of 128 KiB
        return _long_row(line)
    detail = _("Line %(line)d cannot be read as CSV; a quotation mark may be missing.") % {"line": line}
    return unreadable(detail, "not_csv")


def _from_xlsx(body: Body) -> Rows:
    lines = sheet_rows(body.file)
    columns = _columns([cell_text(value) for value in next(lines, ())])

    def rows() -> Iterator[IncomingRow]:
        for number, values in enumerate(lines, start=2):
            row = _table_row(columns, [cell_text(value) for value in values], number, is_first=number == 2)
            if row is not None:
                yield row

    return Rows(rows(), columns=columns)


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        raise unreadable(_("Separate the cells with commas."), "not_comma_separated")
    if "client_ref" not in columns:
        raise unreadable(_("The first row must name the columns; client_ref is missing."), "no_header")
    for index, name in enumerate(columns):
        if name in columns[:index]:
            raise unreadable(_("Column %(name)s appears twice.") % {"name": name}, "repeated_column")
        if name not in FIELDS and name not in RESULT_COLUMNS:
            detail = _("Unknown column %(name)s.") % {"name": name or column_letter(index)}
            raise InvalidInput(
                detail, errors=(FieldError(f"/columns/{index}", "unknown_field", detail, column_letter(index)),)
            )
    return columns


def _table_row(columns: list[str], cells: list[str], line: int, *, is_first: bool) -> IncomingRow | None:
    """The row, or None for an empty one and for the explanation below the header."""
    if not any(cells) or (is_first and cells[0].startswith(COMMENT)):
        return None
    if any(cells[len(columns) :]):
        detail = _("Line %(line)d has more cells than the header.") % {"line": line}
        raise unreadable(detail, "too_many_cells")
    return IncomingRow(line, {name: unescaped(cell) for name, cell in zip(columns, cells, strict=False) if cell != ""})
