"""What one bulk request may be; published by the limits endpoint and told in errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FormatLimit:
    """Rows and inflated bytes of one format."""

    rows: int
    bytes: int


FORMAT_LIMITS = {
    "json": FormatLimit(5_000, 16 * MIB),
    "ndjson": FormatLimit(50_000, 64 * MIB),
    "csv": FormatLimit(50_000, 64 * MIB),
    "xlsx": FormatLimit(10_000, 16 * MIB),
}
ROW_BYTES = 64 * 1024
INFLATION_RATIO = 100  # a gzip body may grow at most so much
XLSX_INFLATED_BYTES = 256 * MIB
XLSX_ENTRIES = 100
XLSX_CELLS = 1_000_000  # 10,000 rows of 100 columns; openpyxl makes some 400 bytes of each in 5 µs
XLSX_TAGS = 8_000_000  # of a sheet, and of the texts that its cells share
XLSX_TAGS_ELSEWHERE = 250_000  # styles and the like; 30 µs each
XLSX_SHEET_ROWS = 1_048_576  # the last row that spreadsheet programs know
#: a part that is no sheet is held in memory: the shared texts, styles
XLSX_PART_BYTES = 64 * MIB
XLSX_ROW_BYTES = MIB  # a row's XML: 64 KiB of text may be six times as much when escaped, and has its marks around it
RUNNING_JOBS = 5  # at the same time, for each agency (and for the advertiser's own people)
QUEUED_JOBS = 50
VALIDATE_IN_REQUEST_ROWS = 1_000
WAIT_ROWS = 100
WAIT_SECONDS = 10
JOB_DEADLINE = timedelta(hours=24)
KEPT_FOR = timedelta(days=30)
