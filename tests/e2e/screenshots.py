"""``make screenshots``: current pictures of the main pages, in both languages, into docs/images.

The browser test that checks every page takes them, so that a picture never shows a page that does not work.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "images"
#: the pages whose pictures are kept, as they look on a wide screen
SHOWN = ("overview", "plans", "jobs", "job", "accounts", "agencies", "members", "tokens", "webhooks", "audit")


def main() -> int:
    """Run the page test and keep the wanted pictures; the test's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XMAGNET_DOCUMENT_PICTURES"] = folder
        code = int(pytest.main(["-q", str(Path(__file__).with_name("test_pages.py"))]))
        if code == 0:
            TARGET.mkdir(parents=True, exist_ok=True)
            for picture in sorted(Path(folder).glob("*-1440-*.jpg")):
                if picture.name.split("-1440-")[0] in SHOWN:
                    (TARGET / picture.name).write_bytes(picture.read_bytes())
    return code


if __name__ == "__main__":
    sys.exit(main())
