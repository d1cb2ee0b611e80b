"""Corrections that a person makes in the preview of a file: cells of single lines, and lines left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from campaigns.domain.rows.reading import FIELDS, RESULT_COLUMNS
from campaigns.services.bulk.intake import IncomingRow, Rows
from campaigns.services.bulk.requests import Preview
from xmagnet.core.spreadsheets import escaped

#: fields of a row that people may correct, in the order of the file
CORRECTABLE = FIELDS


@dataclass(frozen=True, slots=True)
class Corrections:
    """By line of the file: fields with their new text ("" empties one), and lines that are left out."""

    cells: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    skipped: frozenset[int] = frozenset()


def corrected_rows(rows: Rows, corrections: Corrections) -> Rows:
    """The rows as they were corrected, lazily."""
    return Rows(_corrected(rows, corrections), columns=rows.columns, options=rows.options)


def _corrected(rows: Rows, corrections: Corrections) -> Iterator[IncomingRow]:
    for row in rows:
        if row.line in corrections.skipped:
            continue
        changes = {name: text for name, text in corrections.cells.get(row.line, {}).items() if name in CORRECTABLE}
        yield IncomingRow(row.line, row.source | changes) if changes else row


def failed_rows_csv(found: Preview) -> bytes:
    """The invalid rows with their columns and every error, to be corrected and sent again (result columns are ignored).

    Begins with a mark, because spreadsheets take the file for UTF-8 only with it.
    """
    columns = [name for name in found.columns if name not in RESULT_COLUMNS] or list(FIELDS)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*columns, "result_error_field", "result_error_detail"])
    for row in found.rows:
        if not row.problems:
            continue
        errors = found.errors_of(row)
        source = found.sources[row.index]
        cells = [_text(source.get(name)) for name in columns]
        told = (" | ".join(error.field for error in errors), " | ".join(error.detail for error in errors))
        writer.writerow([escaped(text) for text in (*cells, *told)])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _text(value: object) -> str:
    if isinstance(value, list):
        return "|".join(map(str, value))
    return "" if value is None else str(value)
