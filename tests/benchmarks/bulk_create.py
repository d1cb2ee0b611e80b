"""A thousand plans on three media: as fast as the machine can, then under the media's limits.

The mock answers after 50 ms. Everything is real and shares two cores: HTTP, Celery worker processes, PostgreSQL, the
mock media, this client. Compared with: the limits themselves (calls that were allowed while calls were made). Then a
second time with limits on the application and on each of its accounts together.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from tests.benchmarks._bulk import BulkStack, bulk_stack, missing_and_double
from tests.benchmarks.harness import Result, stopwatch, tell

PLANS = 1000
LATENCY_MS = 50.0
CREATE_CALLS_A_SECOND = 10.0  # of each endpoint, for the developer's application
LIMITED_SHARE = 0.3  # of the plans, in the run under limits
CREATES = ("*promotion/create/", "*unit/create", "*creative/create")
#: the combined case: several accounts share an application, and each has a limit of its own
COMBINED_APPLICATION, COMBINED_ACCOUNT, COMBINED_ACCOUNTS = 20.0, 15.0, 3


def run(*, seed: int, scale: float) -> Result:
    """Create ``PLANS · scale`` plans without limits, then a part of that under limits. ``seed`` names the rows."""
    count = max(30, int(PLANS * scale))
    with bulk_stack(accounts=COMBINED_ACCOUNTS) as stack:
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
        limited = run_limited(
            stack, limited_count, f"limited{seed}", {"developer": dict.fromkeys(CREATES, CREATE_CALLS_A_SECOND)}
        )
        combined = run_limited(
            stack,
            limited_count,
            f"combined{seed}",
            {
                "developer": dict.fromkeys(CREATES, COMBINED_APPLICATION),
                "account": dict.fromkeys(CREATES, COMBINED_ACCOUNT),
            },
            each=COMBINED_ACCOUNTS,
        )
    return {
        "plans": count,
        "media": 3,
        "seconds_unlimited": seconds,
        "plans_per_second": count / seconds,
        "seconds_limited": limited.seconds,
        "limit_utilisation": limited.utilisation,
        "over_limit_answers": limited.over_limit + combined.over_limit,
        "seconds_combined": combined.seconds,
        "combined_utilisation": combined.utilisation,
        "combined_over_limit_answers": combined.over_limit,
        "missing": missing + limited.missing + combined.missing,
        "duplicates": duplicates + limited.duplicates + combined.duplicates,
    }


@dataclass(frozen=True)
class LimitedRun:
    """What became of a job under limits; ``utilisation`` is the share of the allowed calls that was made."""

    seconds: float
    utilisation: float
    over_limit: int
    missing: int
    duplicates: int


def run_limited(
    stack: BulkStack, count: int, prefix: str, rates: dict[str, dict[str, float]], *, each: int = 1
) -> LimitedRun:
    """Create ``count`` plans while we and the mock media keep to ``rates``, calls a second by layer and endpoint."""
    stack.restart(MEDIA_LIMITS=orjson.dumps(dict.fromkeys(("oceanengine", "kuaishou"), rates)).decode())
    stack.media.control("POST", "latency", latency_ms=LATENCY_MS)
    stack.media.control("POST", "limits", limits=rates)
    _create(stack, 12 * each, f"warm-{prefix}", each=each)
    stack.media.control("DELETE", "calls")
    seconds, names = _create(stack, count, prefix, each=each)
    log = stack.media.control("GET", "calls", limit=100_000)
    over_limit = stack.media.control("GET", "summary")["over_limit"]
    made = [name for name in stack.media.names() if name.startswith(f"{prefix} ")]
    utilisation = _utilisation(log["latest"], next(iter(rates["developer"].values())))
    tell(f"{prefix}: {seconds:.1f} s, {utilisation:.3f} of the limit, {over_limit} answers over it")
    return LimitedRun(seconds, utilisation, over_limit, *missing_and_double(made, names))


def _create(stack: BulkStack, count: int, prefix: str, *, each: int = 1) -> tuple[float, list[str]]:
    """Post rows and wait for the last: seconds from the request to the finished job, and the plans' names."""
    rows = stack.rows(count, prefix=prefix, each=each)
    with stopwatch() as watch:
        job = stack.post(orjson.dumps({"rows": rows}), key=prefix)
        job = stack.wait(job["id"], seconds=600)
    assert job["state"] == "succeeded", (job["state"], job["counts"], job["error"])
    return watch.seconds, [str(row["name"]) for row in rows]


def _utilisation(calls: list[dict[str, object]], calls_a_second: float) -> float:
    """Of the busiest limited endpoint: calls made against calls allowed between its first and its last."""
    by_path: dict[str, list[float]] = {}
    for call in calls:
        path = str(call["path"])
        if any(path.endswith(pattern.lstrip("*")) for pattern in CREATES):
            by_path.setdefault(path, []).append(float(str(call["at"])))
    busiest = max(by_path.values(), key=len)
    span = max(busiest) - min(busiest)
    return (len(busiest) - 1) / (span * calls_a_second)
