"""Worker processes killed again and again while they create plans, on a media that loses answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.stacks import PROJECT

#: the benchmark with 300 rows, 20 kills and 4 pauses longer than a lease
PROGRAM = """
import json
from tests.benchmarks import bulk_crash
bulk_crash.KILLS, bulk_crash.STOPS, bulk_crash.LATENCY_MS = 110, 20, 300.0
print(json.dumps(dict(bulk_crash.run(seed=7, scale=0.2))))
"""


@pytest.mark.slow
@pytest.mark.long
def test_twenty_kills_in_three_hundred_rows_lose_and_double_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] == 300
    assert (told["missing"], told["duplicates"], told["unexplained"]) == (0, 0, 0)
    assert told["kills"] >= 20
    assert told["lost_answers"] > 0
    # The same faults do harm to who sends again what was not answered: the media was not too kind to tell.
    assert told["naive_duplicates"] > 0
