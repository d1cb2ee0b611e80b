"""A thousand plans on three media: as fast as the machine can, then under the media's limits.

The mock answers after 50 ms. Everything is real and shares two cores: HTTP, Celery worker processes, PostgreSQL, the
mock media, this client. Compared with: the limits themselves (calls that were allowed while calls were made).
"""

from __future__ import annotations

import orjson

from tests.benchmarks._bulk import BulkStack, bulk_stack, missing_and_double
from tests.benchmarks.harness import Result, stopwatch, tell

PLANS = 1000
LATENCY_MS = 50.0
CREATE_CALLS_A_SECOND = 10.0  # of each endpoint, for the developer's application
LIMITED_SHARE = 0.3  # of the plans, in the run under limits
CREATES = ("*promotion/create/", "*unit/create", "*creative/create")


def run(*, seed: int, scale: float) -> Result:
    """Create ``PLANS · scale`` plans without limits, then a part of that under limits. ``seed`` names the rows."""
    count = max(30, int(PLANS * scale))
    with bulk_stack() as stack:
        stack.media.control("POST", "latency", latency_ms=LATENCY_MS)
        _create(stack, 12, f"warm{seed}")  # worker processes open their connections
        before = stack.cpu_seconds()
        seconds, first = _create(stack, count, f"run{seed}")
        used = {name: round(spent - before[name], 1) for name, spent in stack.cpu_seconds().items()}
        tell(f"{count} plans in {seconds:.1f} s; CPU seconds: {used}")
        missing, duplicates = missing_and_double(
            [name for name in stack.media.names() if name.startswith(f"run{seed} ")], first
        )
        tell(f"missing {missing}, duplicates {duplicates}")
        limited_count = max(30, int(count * LIMITED_SHARE))
        rates = {"developer": dict.fromkeys(CREATES, CREATE_CALLS_A_SECOND)}
        stack.restart(MEDIA_LIMITS=orjson.dumps(dict.fromkeys(("oceanengine", "kuaishou"), rates)).decode())
        stack.media.control("POST", "latency", latency_ms=LATENCY_MS)
        stack.media.control("POST", "limits", limits=rates)
        _create(stack, 12, f"warm{seed}")
        stack.media.control("DELETE", "calls")
        limited_seconds, second = _create(stack, limited_count, f"limited{seed}")
        log = stack.media.control("GET", "calls", limit=100_000)
        utilisation = _utilisation(log["latest"])
        over_limit = stack.media.control("GET", "summary")["over_limit"]
        more_missing, more_duplicates = missing_and_double(
            [name for name in stack.media.names() if name.startswith(f"limited{seed} ")], second
        )
    return {
        "plans": count,
        "media": 3,
        "seconds_unlimited": seconds,
        "plans_per_second": count / seconds,
        "seconds_limited": limited_seconds,
        "limit_utilisation": utilisation,
        "over_limit_answers": over_limit,
        "missing": missing + more_missing,
        "duplicates": duplicates + more_duplicates,
    }


def _create(stack: BulkStack, count: int, prefix: str) -> tuple[float, list[str]]:
    """Post rows and wait for the last: seconds from the request to the finished job, and the plans' names."""
    rows = stack.rows(count, prefix=prefix)
    with stopwatch() as watch:
        job = stack.post(orjson.dumps({"rows": rows}), key=prefix)
        job = stack.wait(job["id"], seconds=600)
    assert job["state"] == "succeeded", (job["state"], job["counts"], job["error"])
    return watch.seconds, [str(row["name"]) for row in rows]


def _utilisation(calls: list[dict[str, object]]) -> float:
    """Of the busiest limited endpoint: calls made against calls allowed between its first and its last."""
    by_path: dict[str, list[float]] = {}
    for call in calls:
        path = str(call["path"])
        if any(path.endswith(pattern.lstrip("*")) for pattern in CREATES):
            by_path.setdefault(path, []).append(float(str(call["at"])))
    busiest = max(by_path.values(), key=len)
    span = max(busiest) - min(busiest)
    return (len(busiest) - 1) / (span * CREATE_CALLS_A_SECOND)
