"""Files that people open in a spreadsheet: nothing runs, nothing is lost, nothing is held in memory."""

import csv
import io
import subprocess
import sys
from collections.abc import Iterator

import openpyxl
import pytest

from xmagnet.core.spreadsheets import column_letter, csv_stream, escaped, unescaped, xlsx_stream


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\0x", "＝1", "＋1", "－1", "＠x"])
def test_text_that_looks_like_a_formula_is_quoted_and_comes_back(text: str) -> None:
    assert escaped(text) == f"'{text}"
    assert unescaped(escaped(text)) == text


@pytest.mark.parametrize("cell", ["plan", "", "'quoted", -1, 2.5, None, True])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert escaped(cell) is cell


def test_csv_comes_in_chunks_and_complete() -> None:
    def rows() -> Iterator[list[int]]:
        yield from ([n] for n in range(1201))

    chunks = list(csv_stream(["n"], rows()))
    assert len(chunks) == 3
    assert b"".join(chunks).decode("utf-8-sig").split() == ["n", *map(str, range(1201))]


def test_csv_quotes_lines_and_leaves_nothing_empty() -> None:
    file = b"".join(csv_stream(["a", "=b"], [["two\nlines", None], ['say "hi"', "=1"]])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(file))) == [["a", "'=b"], ["two\nlines", ""], ['say "hi"', "'=1"]]


def test_a_workbook_keeps_long_ids_and_drops_what_no_workbook_may_hold() -> None:
    rows = [["1790000000000000123", 12.5, None], ["bell\x07rings", "=1+1", "a\nb"]]
    file = b"".join(xlsx_stream("Plans", ["id", "cost", "note"], rows, freeze="B2"))
    sheet = openpyxl.load_workbook(io.BytesIO(file)).active
    assert sheet.title == "Plans"
    assert sheet.freeze_panes == "B2"
    assert [[cell.value for cell in row] for row in sheet] == [
        ["id", "cost", "note"],
        ["1790000000000000123", 12.5, None],
        ["bellrings", "'=1+1", "a\nb"],
    ]
    assert {cell.data_type for cell in sheet[3]} == {"s"}


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_spreadsheets_names(index: int, letters: str) -> None:
    assert column_letter(index) == letters


def test_no_process_loads_the_workbook_library_before_it_needs_it() -> None:
    script = (
        "import django; django.setup(); import sys, xmagnet.urls, campaigns.tasks; print('openpyxl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False")
