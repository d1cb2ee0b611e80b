"""A 300-row job on a whole stack whose processes are killed; prints what became of it. A process of its own, because
the stack has settings and a database that are not the tests'.

``python -m tests.campaigns.bulk._deaths SEED``
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable

import orjson
import psutil

from tests.benchmarks._bulk import BulkStack, bulk_stack, missing_and_double

ROWS = 300
POOL_DEATHS = 8
# Short leases, so that the test is: the same machine runs on 60 s in production.
ENGINE = {"lease_seconds": 8.0, "send_seconds": 4.0, "settle_seconds": 2.0, "parallel_sends": 4, "claim_rows": 8}
LATENCY_MS = 150.0


def main(seed: int) -> None:
    """Kill pool processes (waiting or working), then each other process once, and print the outcome as JSON."""
    draw = random.Random(seed)
    with bulk_stack(BULK_ENGINE=json.dumps(ENGINE)) as stack:
        stack.media.control("POST", "latency", latency_ms=LATENCY_MS)
        rows = stack.rows(ROWS)
        job = stack.post(orjson.dumps({"rows": rows}), key=f"deaths{seed}")
        deeds: list[Callable[[], None]] = [lambda: _kill_pool_process(stack, draw)] * POOL_DEATHS
        deeds += [lambda name=name: psutil.Process(stack.stack.pid(name)).kill() for name in ("worker", "beat")]
        deeds += [lambda: psutil.Process(stack.stack.pid("postgres")).kill()]
        for deed in deeds:
            time.sleep(draw.uniform(0.5, 1.5))
            _when_up(stack, deed)
        job = _final(stack, job["id"])
        names = [name for name in stack.media.names() if name.startswith("row ")]
        missing, double = missing_and_double(names, [str(row["name"]) for row in rows])
    sys.stdout.write(json.dumps({"counts": job["counts"], "missing": missing, "double": double}) + "\n")


def _kill_pool_process(stack: BulkStack, draw: random.Random) -> None:
    draw.choice(psutil.Process(stack.stack.pid("worker")).children()).kill()


def _when_up(stack: BulkStack, deed: Callable[[], None]) -> None:
    """Do it as soon as there is somebody to do it to: a killed service needs a moment to come back."""
    ends_at = time.monotonic() + 60
    while True:
        try:
            return deed()
        except (AssertionError, IndexError, KeyError, psutil.NoSuchProcess):
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)


def _final(stack: BulkStack, job_id: str) -> dict[str, dict[str, int]]:
    """The finished job; while PostgreSQL comes back the API answers with an error."""
    ends_at = time.monotonic() + 150
    job: dict[str, dict[str, int]] = {}
    while time.monotonic() < ends_at:
        answer = stack.http.get(f"/jobs/{job_id}")
        if answer.status_code == 200:
            job = answer.json()
            if job["finished_at"]:
                return job
        time.sleep(0.5)
    raise AssertionError(f"not finished: {job.get('counts')}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
