"""Files that people open in a spreadsheet: nothing runs, nothing is lost, nothing is held in memory."""

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal

import openpyxl
import pytest

from xmagnet.core.spreadsheets import column_letter, csv_stream, escaped, unescaped
from xmagnet.core.workbooks import MOST_CHARACTERS, xlsx_stream


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


def read_back(file: bytes) -> list[list[object]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(file)).active]


def test_a_workbook_is_sent_while_its_rows_are_made() -> None:
    made = 0

    def rows() -> Iterator[list[object]]:
        nonlocal made
        for made in range(1, 20_001):
            yield [made, f"plan {made * 7919 % 20_011}", made / 7]

    stream = xlsx_stream("Plans", ["n", "name", "share"], rows())
    pieces = [next(stream)]
    assert made == 0 and pieces[0].startswith(b"PK")  # the head is on its way before the first row is asked for
    pieces.append(next(stream))
    assert 0 < made < 5_000
    pieces += stream
    assert max(len(piece) for piece in pieces) < 64 * 1024
    lines = read_back(b"".join(pieces))
    assert (len(lines), lines[0], lines[-1]) == (
        20_001,
        ["n", "name", "share"],
        [20_000, f"plan {20_000 * 7919 % 20_011}", 20_000 / 7],
    )


def test_a_workbooks_numbers_are_numbers_and_odd_values_break_nothing() -> None:
    odd = [Decimal("12.50"), 10**15, True, float("nan"), float("inf"), -0.5, 1e-7]
    texts = ["<b>&\"'", " spaces ", "cr\rlf\n", "lone \ud800", "x" * 40_000, "-1", ""]
    file = b"".join(xlsx_stream('a/b: <&>"' + "t" * 40, ["=h"], [odd, texts]))
    sheet = openpyxl.load_workbook(io.BytesIO(file)).active
    assert sheet.title == 'a b  <&>"' + "t" * 22
    assert next(cell.value for cell in sheet[1]) == "'=h"
    assert [cell.value for cell in sheet[2]] == [12.5, 10**15, True, None, None, -0.5, 1e-7]
    assert {cell.data_type for cell in sheet[2]} == {"n", "b"}
    told = [cell.value for cell in sheet[3]]
    assert told[:4] == ["<b>&\"'", " spaces ", "cr\rlf\n", "lone "]
    assert (len(told[4]), told[5]) == (MOST_CHARACTERS, "'-1")


def test_a_workbook_is_a_sound_archive_without_rows_too() -> None:
    file = b"".join(xlsx_stream("Plans", ["a", "b"], [], freeze="A2"))
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.testzip() is None
    assert read_back(file) == [["a", "b"]]
    assert openpyxl.load_workbook(io.BytesIO(file)).active.freeze_panes == "A2"


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_spreadsheets_names(index: int, letters: str) -> None:
    assert column_letter(index) == letters


def test_no_process_loads_the_workbook_library_before_it_needs_it() -> None:
    script = (
        "import django; django.setup(); import sys, xmagnet.urls, campaigns.tasks; print('openpyxl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False")
