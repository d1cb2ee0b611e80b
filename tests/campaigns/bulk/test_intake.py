"""Files as they come from real programs: packed in parts, with formulas, broken."""

import gzip
import io
import tracemalloc
import zipfile

import openpyxl
import orjson
import pytest

from campaigns.services.bulk.intake import IncomingRow, PayloadTooLarge, read_body, row_text, rows_of
from xmagnet.core.errors import InvalidInput


def rows(content, format, encoding=""):
    return list(rows_of(read_body(io.BytesIO(content), format=format, encoding=encoding)))


def code(content, format, encoding=""):
    with pytest.raises(InvalidInput) as refusal:
        rows(content, format, encoding)
    return refusal.value.errors[0].code, refusal.value.errors[0].column


def workbook(*lines, results=None):
    """A workbook; ``results`` by cell are what a spreadsheet program would have stored beside its formulas."""
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return with_results(file.getvalue(), results) if results else file.getvalue()


def with_results(content, results):
    for formula, result in results.items():
        for empty in (b"<v/>", b"<v />"):
            stored = f"<f>{formula}</f>".encode()
            content = rewritten(content, SHEET, stored + empty, stored + f"<v>{result}</v>".encode())
    return content


SHEET = "xl/worksheets/sheet1.xml"


def rewritten(content, part, old, new):
    """The workbook with other bytes in one of its parts, packed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            text = before.read(name)
            after.writestr(name, text.replace(old, new) if name == part else text)
    return changed.getvalue()


def test_a_body_of_several_gzip_members_is_read_whole():
    lines = [b'{"client_ref":"r-%d"}\n' % number for number in range(3)]
    content = b"".join(gzip.compress(line) for line in lines)
    assert [row.source["client_ref"] for row in rows(content, "ndjson", "gzip")] == ["r-0", "r-1", "r-2"]
    assert code(content[:-3], "ndjson", "gzip") == ("not_gzip", "")
    assert code(content + b"junk", "ndjson", "gzip") == ("not_gzip", "")


def test_a_gzip_body_that_inflates_too_far_is_refused():
    with pytest.raises(PayloadTooLarge):
        rows(gzip.compress(b" " * 30_000_000), "ndjson", "gzip")


def test_formulas_count_for_what_they_came_to():
    content = workbook(["client_ref", "budget"], ["r-1", "=100*5"], results={"100*5": "500"})
    assert rows(content, "xlsx") == [IncomingRow(2, {"client_ref": "r-1", "budget": "500"})]


def test_a_formula_without_a_result_is_not_an_empty_cell():
    content = workbook(["client_ref", "end_date"], ["r-1", "2026-12-01"], ["r-2", "=TODAY()+3"])
    assert code(content, "xlsx") == ("formula_without_result", "B3")


def test_a_workbook_that_breaks_in_the_middle_is_refused():
    content = workbook(["client_ref", "budget"], ["r-1", 500], ["r-2", 600])
    assert code(rewritten(content, SHEET, b"<v>600</v>", b"<v>six</v>"), "xlsx") == ("not_xlsx", "")


def test_a_sheet_is_as_large_as_its_cells_not_as_it_says():
    content = workbook(["client_ref", "budget"], ["r-1", 500])
    content = rewritten(content, SHEET, b'<dimension ref="A1:B2"', b'<dimension ref="A1:XFD1048576"')
    far = b'<row r="1048576"><c r="A1048576"><v>7</v></c></row></sheetData>'
    content = rewritten(content, SHEET, b"</sheetData>", far)
    assert [row.line for row in rows(content, "xlsx")] == [2, 1_048_576]


@pytest.mark.parametrize(
    "lines",
    [
        b'<row r="1048577"><c r="A1048577"><v>7</v></c></row>',
        b'<row r="900000000"><c r="A900000000"><v>7</v></c></row>',
        b"<row>" + b"<c/>" * 1_000_001 + b"</row>",
        b'<row><c r="XFD2" s="1"/></row>' * 100,  # each filled up to its last cell
    ],
    ids=["a row too low", "a row at no place", "a row of a million cells", "cells behind gaps"],
)
def test_a_small_workbook_that_unpacks_to_too_much_is_refused_at_once(lines):
    content = rewritten(workbook(["client_ref"]), SHEET, b"</sheetData>", lines + b"</sheetData>")
    assert len(content) < 20_000
    with pytest.raises(PayloadTooLarge):
        rows(content, "xlsx")


def test_styles_by_the_million_are_refused():
    content = rewritten(workbook(["client_ref"]), "xl/styles.xml", b"</cellXfs>", b"<xf/>" * 250_001 + b"</cellXfs>")
    with pytest.raises(PayloadTooLarge):
        rows(content, "xlsx")


@pytest.mark.parametrize(
    "content",
    [b"," * 1_000_000, b"client_ref\n" + b"," * 1_000_000, b"client_ref\n" + b',,,"\n"' * 100_000],
    ids=["header", "row", "row of many lines"],
)
def test_a_row_of_a_table_is_refused_before_it_is_taken_apart(content):
    with pytest.raises(PayloadTooLarge) as refusal:
        rows(content, "csv")
    assert "64 KiB" in refusal.value.detail


@pytest.mark.parametrize("hidden", [b"A", b"<![CDATA[<row>]]>", b"<!-- <row> -->"])
def test_a_small_workbook_with_one_huge_cell_is_refused_before_it_fills_the_memory(hidden):
    cell = b'<row r="3"><c t="inlineStr"><is><t>' + hidden + b"A" * 20_000_000 + hidden + b"</t></is></c></row>"
    content = workbook(["client_ref", "name"], ["r-1", "A"])
    content = rewritten(content, SHEET, b"</sheetData>", cell + b"</sheetData>")
    assert len(content) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(PayloadTooLarge):
            rows(content, "xlsx")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_part_beside_the_sheets_that_inflates_too_far_is_refused():
    content = workbook(["client_ref", "name"], ["r-1", "A"])
    content = rewritten(content, "xl/styles.xml", b"</styleSheet>", b"A" * 70_000_000 + b"</styleSheet>")
    with pytest.raises(PayloadTooLarge):
        rows(content, "xlsx")


def test_a_workbook_with_many_formats_after_its_rows_is_read():
    extra = b"<mergeCells>" + b'<mergeCell ref="Y1:Z1"/>' * 60_000 + b"</mergeCells>"
    content = workbook(["client_ref", "name"], ["r-1", "A"])
    content = rewritten(content, SHEET, b"</sheetData>", b"</sheetData>" + extra)
    assert rows(content, "xlsx") == [IncomingRow(2, {"client_ref": "r-1", "name": "A"})]


@pytest.mark.parametrize(
    ("source", "expected"),
    [({"name": "a\0b"}, "nul_character"), ({"a\0": "b"}, "nul_character"), ({"name": "\\\0"}, "nul_character")],
)
def test_what_the_database_cannot_hold_is_refused(source, expected):
    with pytest.raises(InvalidInput) as refusal:
        row_text(IncomingRow(1, source), 0)
    assert refusal.value.errors[0].code == expected


def test_text_that_only_looks_like_nul_is_kept():
    source = {"name": "a\\u0000b"}
    assert orjson.loads(row_text(IncomingRow(1, source), 0)) == source


def test_a_row_nested_too_deeply_is_refused():
    content = b'{"rows":[{"client_ref":"r","materials":' + b"[" * 900 + b"]" * 900 + b"}]}"
    (row,) = rows(content, "json")
    with pytest.raises(InvalidInput) as refusal:
        row_text(row, 0)
    assert refusal.value.errors[0].code == "too_deep"
