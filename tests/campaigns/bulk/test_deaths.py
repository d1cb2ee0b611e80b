"""The whole stack while its processes are killed: Celery's pool, its main process, the clock, the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.campaigns.bulk._deaths import ROWS
from tests.stacks import PROJECT


@pytest.mark.slow
@pytest.mark.long
def test_whatever_is_killed_each_row_becomes_one_plan() -> None:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns.bulk._deaths", "1"],
        cwd=PROJECT,
        env=inherited,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert {state: count for state, count in told["counts"].items() if count} == {"total": ROWS, "succeeded": ROWS}
    assert (told["missing"], told["double"]) == (0, 0)
