"""Files as they come from real programs: packed in parts, with formulas, broken."""

import gzip
import io
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
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                for formula, result in results.items():
                    part = part.replace(f"<f>{formula}</f><v/>".encode(), f"<f>{formula}</f><v>{result}</v>".encode())
                    part = part.replace(f"<f>{formula}</f><v />".encode(), f"<f>{formula}</f><v>{result}</v>".encode())
            new.writestr(name, part)
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
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, part.replace(b"<v>600</v>", b"<v>six</v>"))
    assert code(broken.getvalue(), "xlsx") == ("not_xlsx", "")


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
