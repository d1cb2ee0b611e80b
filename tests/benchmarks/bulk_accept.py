"""How fast bulk requests are accepted, and how soon the first row has a result: over HTTP on the whole stack."""

from __future__ import annotations

import statistics
import time

import orjson

from tests.benchmarks._bulk import bulk_stack
from tests.benchmarks.harness import Result, stopwatch, tell

JSON_ROWS, NDJSON_ROWS = 5_000, 50_000
REPEATS = 8


def run(*, seed: int, scale: float) -> Result:
    """Post ``JSON_ROWS · scale`` rows several times, ``NDJSON_ROWS · scale`` once. ``seed`` names the rows."""
    json_rows, ndjson_rows = max(100, int(JSON_ROWS * scale)), max(1000, int(NDJSON_ROWS * scale))
    with bulk_stack() as stack:
        job = stack.post(orjson.dumps({"rows": stack.rows(30, prefix=f"first{seed}")}), key=f"first{seed}")
        with stopwatch() as first:
            while not stack.http.get(f"/jobs/{job['id']}/rows", params={"state": "succeeded"}).json()["items"]:
                time.sleep(0.05)
        stack.wait(job["id"], seconds=60)
        seconds = []
        for number in range(REPEATS):
            body = orjson.dumps({"rows": stack.rows(json_rows, prefix=f"json{seed}-{number}")})
            with stopwatch() as watch:
                job = stack.post(body, key=f"json{seed}-{number}")
            seconds.append(watch.seconds)
            stack.http.post(f"/jobs/{job['id']}/cancel")
        tell(f"JSON: {[round(value, 2) for value in seconds]}")
        lines = b"\n".join(map(orjson.dumps, stack.rows(ndjson_rows, prefix=f"nd{seed}")))
        with stopwatch() as watch:
            job = stack.post(lines, key=f"nd{seed}", content_type="application/x-ndjson")
        stack.http.post(f"/jobs/{job['id']}/cancel")
    return {
        "json_rows": json_rows,
        "json_p95_seconds": statistics.quantiles(seconds, n=20)[-1],
        "ndjson_rows": ndjson_rows,
        "ndjson_seconds": watch.seconds,
        "first_row_result_seconds": first.seconds,
    }
